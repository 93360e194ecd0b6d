"""Counts for whoever asks: `python -m dlpatterns count resnet50`, and the page *Count
your own model*, which runs the same code in the reader's browser.

| module | holds |
|---|---|
| `finding` | a network from what was typed: a name or a file |
| `answering` | one question, one answer: counts, bytes, cache, bounds of a machine |
| `texts` | answers as sentences and as tables that fit a width |
| `picture` | an answer as a drawing: a roofline, or shares |
| `terminal` | the command: its words, its exit codes |
| `page` | JSON in, JSON out |
"""
