"""What the lecture on models that outgrow a chip alone computes and draws.

| module | holds |
|---|---|
| `holding` | bytes a parameter, ZeRO, activations, and their picture |
| `adding` | collectives: the ring step by step, costs, real ranks, α and β here |
| `cutting` | a block cut in each way, and when its messages hide |
| `waiting` | pipelines: bubbles beside their formulas, the timeline |
| `choosing` | plans beside published ones, the planner, and rivals |
| `failing` | failures and checkpoints |
"""

from . import adding, choosing, cutting, failing, holding, waiting

__all__ = ["adding", "choosing", "cutting", "failing", "holding", "waiting"]
