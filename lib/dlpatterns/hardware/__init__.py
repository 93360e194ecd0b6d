"""Machines: one model of what moving and computing costs.

| module | holds |
|---|---|
| `machines` | published chips as data: rates, memory, bandwidth |
| `roofline` | the least time of a layer and of a network on a machine |
| `systolic` | matrix products in a systolic array, by closed form |
| `simulated` | the same, beat by beat, with the product that comes out |
| `energy` | picojoules of arithmetic and of memory, area of arithmetic |
"""
