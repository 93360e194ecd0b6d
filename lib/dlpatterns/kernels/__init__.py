"""Kernels: arrays in, arrays out; the plain loop owns the bare name, each rung adds its
method, backward its word.

linear, matmul, convolution, pooling, normalisation, activations, recurrence, attention
hold the plain kernels and the first rungs; `winograd`, `fourier` and `blocked` the
other convolutions, `transposed` the way back to larger maps, `ready` the fastest with
filters laid out once; `multi_head` and `transformer` what attention is built into.
`_door` checks what comes in, `_plan` the geometry of windows. What each convolution
multiplies and moves, by formula: `hardware.methods`.
"""
