"""The lecture on number formats.

| module | holds |
|---|---|
| `ranges` | what each format can say, at its edges too, and what its multiplier costs |
| `sums` | accumulators, orders of summation, dot products |
| `shared` | formats with one scale for a tensor or a block, in dB |
| `training` | a network trained in each format; `results` its stored runs |
| `world` | our figures beside printed ones |
| `drawings` | figures and frames |
"""

from . import drawings, ranges, results, shared, sums, world

__all__ = ["drawings", "ranges", "results", "shared", "sums", "world"]
