"""What the lecture on training for few bits computes and draws."""
