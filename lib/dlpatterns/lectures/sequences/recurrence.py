"""What a recurrent layer holds, does, and has to wait for. Letters: E inputs, U
units.
"""

from collections.abc import Callable

import numpy as np

from ... import layers, tracing
from ...counting import Counts, count, depth
from ...graph import Builder, Model
from ...kernels import recurrence

LAYERS = {"RNN": layers.RNN, "GRU": layers.GRU, "LSTM": layers.LSTM}
KERNELS = {
    "RNN": (recurrence.rnn, layers.RNN, {}),
    "LSTM": (recurrence.lstm, layers.LSTM, {}),
    "GRU, reset before": (recurrence.gru, layers.GRU, {"reset_after": False}),
    "GRU, reset after": (recurrence.gru, layers.GRU, {"reset_after": True}),
}


def layer(spec: object, steps: int, inputs: int) -> Model:
    """Return a network of one layer."""
    net = Builder("one layer", (steps, inputs))
    return net.model(net(spec, net.input))


def counted(
    kind: str, *, units: int, inputs: int, steps: int, biases: int = 1
) -> Counts:
    """Return the counts of one recurrent layer, with one or two bias vectors a sum.

    >>> counted("LSTM", units=650, inputs=650, steps=35).params
    3382600
    """
    return count(layer(LAYERS[kind](units, biases=biases), steps, inputs))


def sizes(*, units: int, inputs: int, steps: int) -> list[dict]:
    """Return a row for each kind of cell: its sums, its parameters under both
    conventions, its MACs.
    """
    rows = []
    for kind, spec in LAYERS.items():
        one, two = (
            counted(kind, units=units, inputs=inputs, steps=steps, biases=biases)
            for biases in (1, 2)
        )
        rows.append(
            {
                "cell": kind,
                "sums a unit": spec.gates,
                "one bias": one.params,
                "two biases": two.params,
                "MACs": one.macs,
            }
        )
    return rows


def tallies(*, units: int = 3, inputs: int = 4, steps: int = 6) -> list[dict]:
    """Return a row for each plain kernel: its MACs by formula and as it runs, and its
    special functions.
    """
    rows = []
    for name, (kernel, spec, options) in KERNELS.items():
        formula = count(layer(spec(units), steps, inputs)).macs
        tally = _tallied(kernel, spec.gates, (steps, inputs, units), options)
        row = {"kernel": name, "MACs, formula": formula, "MACs, tally": tally.macs}
        functions = {kind: tally.special.get(kind, 0) for kind in ("tanh", "exp")}
        rows.append(row | functions)
    return rows


def _tallied(
    kernel: Callable, gates: int, sizes: tuple[int, int, int], options: dict
) -> tracing.Tally:
    """Run a plain kernel on one random sequence of traced numbers."""
    steps, inputs, units = sizes
    rng, rows = np.random.default_rng(0), gates * units
    shapes = {"x": (rows, inputs), "h": (rows, units), "bias": (rows,)}
    with tracing.tally() as tally:
        weights = recurrence.Weights(
            *(tracing.trace(rng.normal(size=s), name) for name, s in shapes.items())
        )
        sequence = tracing.trace(rng.normal(size=(1, steps, inputs)), "input")
        kernel(sequence, weights, **options)
    return tally


def products_in_a_row(spec: object, steps: int, inputs: int = 512) -> int:
    """Return how many matrix products of one layer must wait for one another.

    >>> products_in_a_row(layers.LSTM(512), 4096)
    4097
    >>> products_in_a_row(layers.Attention(8), 4096)
    4
    """
    return depth.dependent_products(layer(spec, steps, inputs))


def scan(decay: np.ndarray, inputs: np.ndarray) -> tuple[np.ndarray, int, int]:
    """Run h_t = a_t h_(t-1) + x_t for all t by doubling: two stretches in a row merge
    into one of the same form. Return the states, the rounds, and the products done.

    Shapes: decay, inputs T U -> states T U. Source: Blelloch 1990, section 1.4; Martin
    and Cundy 2018.

    >>> states, rounds, products = scan(np.full((4, 1), 0.5), np.ones((4, 1)))
    >>> states[:, 0], rounds, products
    (array([1.   , 1.5  , 1.75 , 1.875]), 2, 10)
    """
    decay, states, reach, rounds, products = decay.copy(), inputs.copy(), 1, 0, 0
    while reach < len(states):
        states[reach:] += decay[reach:] * states[:-reach]
        decay[reach:] = decay[reach:] * decay[:-reach]
        products += 2 * decay[reach:].size
        reach, rounds = 2 * reach, rounds + 1
    return states, rounds, products


def scanned(steps: int, units: int = 512) -> dict:
    """Return how far a scan of a linear recurrence is from its loop, its rounds, and
    its products beside the loop's.
    """
    rng = np.random.default_rng(0)
    decay, inputs = rng.uniform(0, 1, (steps, units)), rng.normal(size=(steps, units))
    state, apart = np.zeros(units), 0.0
    states, rounds, products = scan(decay, inputs)
    for t in range(steps):
        state = decay[t] * state + inputs[t]
        apart = max(apart, float(np.abs(state - states[t]).max()))
    return {"apart": apart, "rounds": rounds, "times": products / (steps * units)}


def written(tokens: int, width: int = 512) -> dict[str, int]:
    """Return how many products in a row one layer needs to make so many tokens, each
    from the one before.
    """
    specs = {"LSTM": layers.LSTM(width), "attention": layers.Attention(8, causal=True)}
    return {
        name: tokens * products_in_a_row(spec, 1, width) for name, spec in specs.items()
    }


def paths(lengths: tuple[int, ...], width: int = 512) -> list[dict]:
    """Return, for an LSTM and for attention of one width: MACs, products in a row, and
    MACs a product, by length.
    """
    rows = []
    for name, spec in (
        ("LSTM", layers.LSTM(width)),
        ("attention", layers.Attention(8)),
    ):
        for steps in lengths:
            macs = count(layer(spec, steps, width)).macs
            row = products_in_a_row(spec, steps, width)
            rows.append(
                {"layer": name, "tokens": steps, "MACs": macs, "products in a row": row}
                | {"MACs a product": macs // row}
            )
    return rows
