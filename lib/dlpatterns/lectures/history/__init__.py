"""The lecture on history: three paradigms as programs, and three ways to read a digit.

| module | holds |
|---|---|
| `rules` | a rule engine, and the animals it names |
| `neurons` | the perceptron, which gates it can learn, and XOR with a hidden layer |
| `cliff` | Q-learning on Sutton and Barto's cliff |
| `digits` | the same digit read by rules, by hand-made features, by learned ones |
| `together` | the rules of many digits side by side, without a branch |
| `readers` | training, scores and tallies of the processes; rivals without a MAC |
| `pictures` | the timeline, the neuron's line, the cliff, one digit |
"""

from .cliff import MOVES, learn, learned, start_to_goal
from .digits import DIGIT_RULES, by_rules, features, listed_rules, look, prepared
from .neurons import (
    CORNERS,
    GATES,
    perceptron,
    separable,
    updated,
    xor_net,
    xor_solved,
)
from .pictures import (
    after_episodes,
    first_years,
    listed_sources,
    neuron_at_step,
    one_digit,
    timeline,
    width_figure,
    work_bars,
    years_of,
)
from .readers import (
    PROCESSES,
    SEEDS,
    forest,
    forest_row,
    gap_of_features,
    operations,
    process_rows,
    process_tallies,
    read_digits,
    stored_scores,
    toy_rows,
)
from .rules import ANIMALS, RULES, explain, infer, read, traced_animals
from .together import read_together

__all__ = [
    "ANIMALS",
    "CORNERS",
    "DIGIT_RULES",
    "GATES",
    "MOVES",
    "PROCESSES",
    "RULES",
    "SEEDS",
    "after_episodes",
    "by_rules",
    "explain",
    "features",
    "first_years",
    "forest",
    "forest_row",
    "gap_of_features",
    "infer",
    "learn",
    "learned",
    "listed_rules",
    "listed_sources",
    "look",
    "neuron_at_step",
    "one_digit",
    "operations",
    "perceptron",
    "prepared",
    "process_rows",
    "process_tallies",
    "read",
    "read_digits",
    "read_together",
    "separable",
    "start_to_goal",
    "stored_scores",
    "timeline",
    "toy_rows",
    "traced_animals",
    "updated",
    "width_figure",
    "work_bars",
    "xor_net",
    "xor_solved",
    "years_of",
]
