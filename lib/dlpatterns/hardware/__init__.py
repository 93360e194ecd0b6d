"""Machines: one model of what moving and computing costs, spoken by name.

| module | holds |
|---|---|
| `machines` | published chips as data: rates, memory, bandwidth |
| `at_hand` | the machine at hand, measured: products and copies |
| `roofline` | the least time of a layer and of a network on a machine |
| `flight` | what must be on its way so that a memory never waits |
| `measured` | networks timed on real chips by others, beside their bounds |
| `generation` | the least time of a language model: prompts read, tokens made |
| `work` | a convolution or a matrix product as loops and the values that they touch |
| `memory` | what a loop nest moves, if nothing, everything, or one tile is kept |
| `hierarchy` | the same through many levels: loops, buffers, elements side by side |
| `replay_levels` | such a mapping run with real numbers through real buffers |
| `search` | the best tiles and orders for a hierarchy of buffers |
| `timeloop` | Timeloop's public nests beside our counts, with each reason they differ |
| `replay` | a nest's accesses, one by one, through a buffer or a cache |
| `methods` | what each way to compute a convolution multiplies and moves |
| `systolic` | matrix products in a systolic array, by closed form |
| `simulated` | the same, beat by beat, with the product that comes out |
| `elements` | processing elements with queues that gate or skip zeros, beat by beat |
| `cartesian` | elements that multiply all that is not zero with all that is not |
| `actions` | what the actions of both cost, at 45 nm |
| `decompression` | a decoder between memory and dense multipliers |
| `energy` | picojoules of arithmetic and of memory, area of arithmetic |
"""
