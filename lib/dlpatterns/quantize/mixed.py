"""Bits for each layer: a scan of what each costs, and a choice under a budget of bytes.

Source: Dong et al. 2019 and Wang et al. 2019 choose so with other measures.
"""

from collections.abc import Callable, Sequence

import numpy as np

from ..train.network import Network
from . import _checks
from ._door import door
from .training import Rounded, Rule, weight_names, weight_rule

Measure = Callable[[Network], float]


@door()
def scan(
    net: Network,
    measure: Measure,
    widths: Sequence[int],
    *,
    rule: Callable[[int], Rule] = weight_rule,
) -> dict[str, dict[int, float]]:
    """Return for each weight and each width what the measure becomes if that weight
    alone is rounded.
    """
    return {
        name: {
            bits: measure(Rounded(net, weights={name: rule(bits)})) for bits in widths
        }
        for name in weight_names(net)
    }


@door()
def choose(
    costs: dict[str, dict[int, float]], sizes: dict[str, int], bits: float
) -> dict[str, int]:
    """Return a width for each weight: all widest first, then again and again the step
    down that costs least for each bit saved, until the mean width is at most `bits`.

    >>> choose({"a": {2: 9.0, 4: 0.0}, "b": {2: 1.0, 4: 0.0}}, {"a": 5, "b": 5}, 3)
    {'a': 4, 'b': 2}
    """
    bits = _checks.number("bits", bits, 1, 16)
    _named("size", sizes, costs)
    ladders = {name: sorted(row, reverse=True) for name, row in costs.items()}
    chosen = {name: ladder[0] for name, ladder in ladders.items()}
    while mean_width(chosen, sizes) > bits:
        downs = [
            (_price(costs[name], chosen[name], lower, sizes[name]), name, lower)
            for name, ladder in ladders.items()
            for lower in ladder
            if lower < chosen[name]
        ]
        if not downs:
            raise ValueError(f"no choice of widths comes down to {bits} bits a weight")
        _, name, lower = min(downs)
        chosen[name] = lower
    return chosen


def _price(row: dict[int, float], now: int, lower: int, size: int) -> float:
    return (row[lower] - row[now]) / ((now - lower) * size)


@door()
def mean_width(chosen: dict[str, int], sizes: dict[str, int]) -> float:
    """Return the bits a weight, averaged over all weights."""
    _named("size", sizes, chosen)
    total = sum(sizes[name] for name in chosen)
    return float(np.sum([chosen[name] * sizes[name] for name in chosen]) / total)


@door()
def mixed(net: Network, chosen: dict[str, int]) -> Rounded:
    """Return the network with each weight rounded to its width."""
    _named("parameter", net.params, chosen)
    return Rounded(
        net, weights={name: weight_rule(bits) for name, bits in chosen.items()}
    )


def _named(what: str, known: dict, given: dict) -> None:
    """Raise ValueError if nothing is given, or something is not known by its name."""
    missing = [name for name in given if name not in known]
    if missing or not given:
        raise ValueError(
            f"there is no {what} of {missing or 'nothing'}; there are "
            f"{', '.join(map(str, known)) or 'none'}"
        )
