"""The lecture on what it costs to learn.

| module | holds |
|---|---|
| `growth` | doubling times with their uncertainty; a kink against smooth curves |
| `passes` | forward, backward, update: traced and counted |
| `published` | published runs by the rule of six, by a count, by the clock |
| `memory` | what training keeps until its gradients arrive |
| `pictures` | growth, its curves, and the test between them |
"""

from .growth import (
    FIGURES,
    PARAMETERS,
    SAMPLES,
    chips,
    curves,
    doubling_months,
    fitted,
    interval,
    kink_against_cubic,
    months_since,
    pace_rows,
    runs,
)
from .memory import inference, kept, measured, memory_rows, pass_at, steps
from .passes import (
    backward_ratio,
    famous,
    library_gradient,
    pass_rows,
    ratio_rows,
    run_macs,
    traced_convolution,
    traced_mlp,
)
from .pictures import growth as growth_figure
from .pictures import observed, one_curve, rivals
from .published import (
    alexnet,
    by_rule_itself,
    clock_rows,
    go_learning,
    go_network,
    go_playing,
    grown,
    printed,
    rule,
    rule_rows,
)

__all__ = [
    "FIGURES",
    "PARAMETERS",
    "SAMPLES",
    "alexnet",
    "backward_ratio",
    "by_rule_itself",
    "chips",
    "clock_rows",
    "curves",
    "doubling_months",
    "famous",
    "fitted",
    "go_learning",
    "go_network",
    "go_playing",
    "grown",
    "growth_figure",
    "inference",
    "interval",
    "kept",
    "kink_against_cubic",
    "library_gradient",
    "measured",
    "memory_rows",
    "months_since",
    "observed",
    "one_curve",
    "pace_rows",
    "pass_at",
    "pass_rows",
    "printed",
    "ratio_rows",
    "rivals",
    "rule",
    "rule_rows",
    "run_macs",
    "runs",
    "steps",
    "traced_convolution",
    "traced_mlp",
]
