"""The lecture on architectures: who does the work of a network, and the four structures
nearly all of them are made of.

| module | holds |
|---|---|
| `shares` | the share of MACs in operations, bytes and time, and what it hangs on |
| `structures` | the four structures: their sizes as the input grows, who reads whom |
| `learning` | networks trained past their plateau, and their units silenced |
| `world` | what others print or clock, beside our counts |
| `drawings` | the figures |
"""
