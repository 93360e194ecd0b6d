"""The counting and kernel code behind *Deep-Learning Computation Patterns*."""
