"""The lecture that turns the book's patterns into a chip.

| module | holds |
|---|---|
| `demands` | what the other lectures ask for, each with its number computed anew |
| `drawings` | a die, six workloads on it, the front of all designs |
| `choosing` | all designs of the grid under a budget, and what each knob is worth |
| `rivals` | the winner under other assumptions |
| `world` | chips that were built, in this model |
"""

from . import choosing, demands, drawings, rivals, world

__all__ = ["choosing", "demands", "drawings", "rivals", "world"]
