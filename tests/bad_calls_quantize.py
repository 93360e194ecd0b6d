"""One right call of every public function of the room that quantises."""

from typing import Any

import numpy as np

from dlpatterns.quantize import Affine, Scheme, binary, integer, network
from dlpatterns.quantize.learner import LowBit, Recipe
from dlpatterns.quantize.observers import MinMax
from dlpatterns.quantize.training import weight_names
from dlpatterns.train import small
from dlpatterns.train.network import Network

RNG = np.random.default_rng(0)
X, ROWS = RNG.normal(size=(4, 8)), RNG.normal(size=(3, 8))
NET = Network(small.mlp((4, 3)), 0)
IMAGES = RNG.random((4, 1, 8, 8), dtype=np.float32)
INTEGERS = network.convert(NET, IMAGES)
NAMES = weight_names(NET)
COSTS = {name: {2: 2.0, 4: 1.0} for name in NAMES}
SIZES = {name: NET.params[name].size for name in NAMES}
CODES, OTHER = RNG.integers(-128, 128, (2, 4, 8))
MAPS = RNG.integers(-128, 128, (2, 3, 4, 4))
FILTERS = RNG.integers(-127, 128, (2, 3, 3, 3))
EIGHT = Affine(Scheme(), 0.1)
RESCALE = integer.Rescale.between(0.001, EIGHT)
SIGNS = np.where(ROWS > 0, 1, -1)
PACKED = binary.pack(SIGNS)


def _measure(net: Network) -> float:
    return float(np.abs(net.forward(IMAGES)).sum())


CALLS: dict[str, dict[str, Any]] = {
    "adder.distances": {"x": X, "weight": ROWS},
    "adder.distances_backward": {
        "grad": RNG.normal(size=(4, 3)), "x": X, "weight": ROWS
    },
    "adder.local_rate": {"grad": X},
    "affine.grouped": {"shape": (4, 8), "group": 4},
    "affine.slices": {"x": X, "axis": 0},
    "affine.fit": {"x": X, "scheme": Scheme(), "axis": 0},
    "affine.noise": {"x": X, "rounded": X + 0.1},
    "binary.signs": {"x": X, "axis": 0},
    "binary.pack": {"values": SIGNS},
    "binary.xnor_product": {"a": PACKED, "b": PACKED},
    "fake.fake_quantise": {"x": X, "how": EIGHT},
    "fake.fake_quantise_backward": {"grad": X, "x": X, "how": EIGHT},
    "fake.lsq": {"x": X, "step": 0.25, "scheme": Scheme(4)},
    "fake.lsq_backward": {"grad": X, "x": X, "step": 0.25, "scheme": Scheme(4)},
    "fake.first_step": {"x": X, "scheme": Scheme(4)},
    "fixed.quantise_multiplier": {"real": 0.3},
    "fixed.quantise_multipliers": {"real": np.array([0.3, 0.4])},
    "fixed.requantize": {
        "accumulator": CODES, "multiplier": np.full(8, 2**30),
        "shift": np.full(8, -2),
    },
    "fixed.saturating_rounding_doubling_high_mul": {"a": CODES, "b": 5 * OTHER},
    "fixed.rounding_divide_by_pot": {"x": CODES, "exponent": np.full(8, 2)},
    "integer.int_matmul": {"a": CODES, "b": OTHER.T.copy()},
    "integer.hoisted": {
        "a": CODES, "b": OTHER.T.copy(), "zero_a": 3,
        "zero_b": np.full(4, 2),
    },
    "integer.linear": {
        "x": CODES, "weight": OTHER, "bias": np.arange(4), "zero": 3, "to": RESCALE
    },
    "integer.conv2d": {
        "x": MAPS, "weight": FILTERS, "bias": np.arange(2), "zero": 3, "to": RESCALE
    },
    "integer.max_pool2d": {"x": MAPS, "kernel": 2},
    "integer.avg_pool2d": {"x": MAPS, "kernel": 2, "scheme": Scheme()},
    "integer.mean_of": {"total": CODES, "terms": 3},
    "integer.global_avg_pool2d": {"x": MAPS},
    "integer.add": {"a": CODES, "b": OTHER, "scales": (EIGHT, EIGHT), "out": EIGHT},
    "learner.bytes_of": {"net": LowBit(small.mlp((4, 3)), Recipe())},
    "low_bit.stochastic": {"x": X, "step": np.full(8, 0.25), "rng": RNG},
    "low_bit.nearest": {"x": X, "step": np.full(8, 0.25)},
    "low_bit.rounded_gradient": {
        "grad": X, "bits": 4, "rounding": "nearest", "rng": RNG
    },
    "low_bit.chosen": {"rounding": "nearest"},
    "mixed.scan": {"net": NET, "measure": _measure, "widths": (2, 4)},
    "mixed.choose": {"costs": COSTS, "sizes": SIZES, "bits": 3.0},
    "mixed.mean_width": {"chosen": dict.fromkeys(NAMES, 4), "sizes": SIZES},
    "mixed.mixed": {"net": NET, "chosen": dict.fromkeys(NAMES, 4)},
    "network.fold": {"net": NET},
    "network.convert": {"net": NET, "x": IMAGES},
    "network.report": {"net": NET, "integers": INTEGERS, "x": IMAGES},
    "observers.least_error": {"parts": X, "scheme": Scheme(4)},
    "observers.fit_least_error": {"x": X, "scheme": Scheme(4), "axis": 0},
    "scaling.smooth": {"x": X, "weight": ROWS},
    "scaling.activation_aware": {
        "x": X, "weight": ROWS, "scheme": Scheme(4), "group": 4
    },
    "scaling.weight_rounded": {
        "weight": ROWS, "scheme": Scheme(4), "group": 4,
        "factor": np.full(8, 2.0),
    },
    "training.weight_rule": {"bits": 4},
    "training.weight_names": {"net": NET},
    "training.rounded_points": {"net": NET},
    "training.observe": {"net": NET, "x": IMAGES, "observer": MinMax},
    "training.rounded": {"net": NET, "x": IMAGES},
}  # fmt: skip
