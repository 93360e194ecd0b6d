"""The lecture on classic models.

| module | holds |
|---|---|
| `table` | the course's table of six networks, judged cell by cell |
| `studies` | rows for the other questions: names, errors, memory, knobs, profilers |
| `drawings` | figures and frames |
"""

from .drawings import (
    column,
    convolutions_of_a_module,
    errors,
    inception,
    memory,
    pooling,
    scaled,
)
from .studies import (
    COSTS,
    MEMORY,
    connections,
    counts_of,
    disguises,
    falls_within,
    family,
    googlenets,
    grown,
    in_the_first_third,
    judged,
    judged_networks,
    left_without,
    namesakes,
    predictors,
    printed_by_torchvision,
    printed_in_papers,
    profiled,
    shapes,
    spread,
)
from .table import (
    NETWORKS,
    cells,
    convolutions,
    counted,
    full_connections,
    is_full_connection,
    network,
    rivals,
)

__all__ = [
    "COSTS",
    "MEMORY",
    "NETWORKS",
    "cells",
    "column",
    "connections",
    "convolutions",
    "convolutions_of_a_module",
    "counted",
    "counts_of",
    "disguises",
    "errors",
    "falls_within",
    "family",
    "full_connections",
    "googlenets",
    "grown",
    "in_the_first_third",
    "inception",
    "is_full_connection",
    "judged",
    "judged_networks",
    "left_without",
    "memory",
    "namesakes",
    "network",
    "pooling",
    "predictors",
    "printed_by_torchvision",
    "printed_in_papers",
    "profiled",
    "rivals",
    "scaled",
    "shapes",
    "spread",
]
