"""Scales on a histogram; noise a bit; which range to cover; bits against weights."""

from functools import cache

import numpy as np

from ... import show
from ...prune import masks, scores
from ...quantize import observers
from ...quantize.affine import Affine, Scheme, fit, noise
from ...quantize.observers import KL, MSE, MinMax, Observer, Percentile
from ...quantize.training import Rounded, observe, weight_names, weight_rule
from ...train import data, loop, state
from ...train.network import Network
from . import bits as experiment

LAYER = "relu1"


@cache
def network() -> tuple[Network, data.Split]:
    """Return the perceptron of this lecture, trained on the digits, and the digits."""
    net, digits, _ = experiment.trained(0)
    return net, digits


@cache
def activations(layer: str = LAYER) -> np.ndarray:
    """Return what a layer answers to the training images, flattened."""
    net, digits = network()
    return net.activations(digits.train_x)[layer].ravel()


def signal(name: str, size: int = 20_000) -> np.ndarray:
    """Return a test signal: a sine or draws from a distribution, seeded."""
    rng = np.random.default_rng(6)
    return {
        "sine": lambda: np.sin(np.arange(size)),
        "uniform": lambda: rng.uniform(-1, 1, size),
        "normal": lambda: rng.normal(size=size),
        "heavy tails": lambda: rng.standard_t(3, size),
    }[name]()


SIGNALS = ("sine", "uniform", "normal", "heavy tails")
BITS = tuple(range(2, 11))


def ratio(name: str, bits: int, *, clip: bool = False) -> float:
    """Return the signal-to-noise ratio of a signal in so many bits, in decibels, its
    whole range covered or clipped for the least error.
    """
    x = signal(name)
    scheme = Scheme(bits, signed=False, symmetric=False)
    how = observers.fit_least_error(x, scheme) if clip else fit(x, scheme)
    return noise(x, how.round(x))


def noise_table() -> list[dict]:
    """Return ratios at 8 bits and the decibels that each bit from 3 to 8 brings."""
    return [
        {
            "signal": name,
            "clipped": "yes" if clip else "no",
            "3 bits": ratio(name, 3, clip=clip),
            "8 bits": ratio(name, 8, clip=clip),
            "6.02 b + 1.76": 6.02 * 8 + 1.76,
            "dB a bit": (ratio(name, 8, clip=clip) - ratio(name, 3, clip=clip)) / 5,
        }
        for name in SIGNALS
        for clip in (False, True)
    ]


def noise_figure():
    """Draw the ratios against bits, with the straight line of the rule."""
    fig, axes = show.subplots(figsize=(4.6, 2.7))
    axes.plot(BITS, [6.02 * b + 1.76 for b in BITS], "--", color=show.INK, label="rule")
    for name in SIGNALS:
        axes.plot(BITS, [ratio(name, b) for b in BITS], marker="o", label=name)
    axes.set(xlabel="bits", ylabel="signal to noise (dB)")
    axes.legend()
    return fig


# --- The histogram explorer -----------------------------------------------------------

DATA = {"weights of layer one": "weight", "activations behind ReLU": "activation"}


def _values(which: str) -> np.ndarray:
    net, _ = network()
    return net.params["hidden1.weight"].ravel() if which == "weight" else activations()


def histogram(values: str, bits: int, covered: int) -> show.Frame:
    """Draw a histogram with the values that codes stand for, a share of the range
    covered, and what rounding and clipping do.
    """
    x = _values(values)
    scheme = Scheme(bits, signed=False, symmetric=False)
    low, high = min(x.min(), 0) * covered / 100, x.max() * covered / 100
    how = scheme.over(low, high)
    inside = how.covers(x)
    errors = (how.round(x) - x) ** 2
    parts = [errors[inside].sum() / x.size, errors[~inside].sum() / x.size]
    fig, axes = show.subplots(figsize=(4.6, 2.6))
    axes.hist(x, bins=60, color=show.colour("sky"))
    axes.set_yscale("log")
    levels = how.values(np.arange(scheme.low, scheme.high + 1))
    for level in levels if bits <= 5 else levels[:: 2 ** (bits - 5)]:
        axes.axvline(level, color=show.colour("orange"), linewidth=0.8)
    axes.set(xlabel="value", ylabel="how many")
    ratio_ = noise(x, how.round(x))
    caption = (
        f"Scale {float(how.scale):.3g}, zero point {int(how.zero_point)}: signal to "
        f"noise {ratio_:.1f} dB. Mean squared error {parts[0]:.2g} from rounding, "
        f"{parts[1]:.2g} from clipping."
    )
    alt = "A histogram of values with an upright line at every value a code stands for."
    return show.frame(fig, caption=caption, alt=alt, values=[float(f"{ratio_:.3g}")])


# --- Calibration ----------------------------------------------------------------------


def _watches(scheme: Scheme) -> dict[str, Observer]:
    return {
        "min-max": MinMax(),
        "percentile 99.9": Percentile(99.9),
        "MSE": MSE(scheme),
        "KL": KL(bins=2048, levels=128),
    }


def calibration(bits: int = 4) -> list[dict]:
    """Return what each observer covers of the first hidden layer's output, and what the
    network makes of test images with all hidden outputs rounded so.
    """
    net, digits = network()
    scheme = Scheme(bits, signed=False, symmetric=False)
    rows = []
    for name in _watches(scheme):
        seen = observe(net, digits.train_x, lambda n=name: _watches(scheme)[n])
        points = {layer: seen[layer].affine(scheme) for layer in ("relu1", "relu2")}
        x = activations()
        rows.append(
            {
                "observer": name,
                "covers up to": float(seen[LAYER].range()[1]),
                "of the largest": float(seen[LAYER].range()[1] / x.max()),
                "SNR (dB)": noise(x, points[LAYER].round(x)),
                "accuracy": loop.accuracy(
                    Rounded(net, activations=points), digits.test_x, digits.test_y
                ),
            }
        )
    return rows


# --- Fewer bits or fewer weights ------------------------------------------------------


def side_by_side() -> list[dict]:
    """Return bytes and accuracy of the network with fewer bits, and with fewer weights;
    neither is trained again. Biases stay FP16; a mask costs a bit a weight.
    """
    net, digits = network()
    names = weight_names(net)
    count = sum(net.params[name].size for name in names)
    rows = []

    def add(what: str, kept: int, bits: int, one: Network, beside: float) -> None:
        share = loop.accuracy(one, digits.test_x, digits.test_y)
        rows.append(
            {"way": what, "weights kept": kept, "bits each": bits}
            | {"bytes": round(kept * bits / 8 + beside), "accuracy": share}
        )

    outputs = sum(net.params[name].shape[0] for name in names)
    add("as trained, FP16", count, 16, net, 2 * outputs)
    for bits in (8, 4, 2):
        rules = dict.fromkeys(names, weight_rule(bits))
        add("quantised", count, bits, Rounded(net, weights=rules), 4 * outputs)
    for sparsity in (0.5, 0.75, 0.9):
        one = state.twin(net)
        chosen = masks.per_layer(scores.magnitude(net), sparsity)
        masks.apply(one.params, chosen)
        kept = int(sum(mask.sum() for mask in chosen.values()))
        add("pruned", kept, 16, one, 2 * outputs + count / 8)
    return rows


def granularity(bits: int, share: str) -> show.Frame:
    """Draw the error of each filter of the first layer when scales are shared by a
    tensor, a channel, or eight neighbours, and say the bytes.
    """
    net, _ = network()
    weight = net.params["hidden1.weight"]
    how = _shared(weight, bits, share)
    error = np.sqrt(np.mean((how.round(weight) - weight) ** 2, axis=1))
    fig, axes = show.subplots(figsize=(4.6, 2.4))
    axes.bar(range(len(error)), error, color=show.colour("blue"))
    top = _rms(fit(weight, Scheme(2, narrow=True)), weight)
    axes.set(xlabel="neuron", ylabel="RMS error of its weights", ylim=(0, 1.2 * top))
    size = how.bytes_for(weight.size)
    ratio_ = noise(weight, how.round(weight))
    caption = (
        f"{bits} bits, a scale for each {share}: {how.scale.size:,} scales, "
        f"{8 * size / weight.size:.2f} bits a weight with them, {ratio_:.1f} dB."
    )
    alt = "A bar for each neuron of the first layer: the error of its rounded weights."
    return show.frame(fig, caption=caption, alt=alt, values=[round(ratio_, 1)])


def _rms(how: Affine, weight: np.ndarray) -> float:
    return float(np.sqrt(np.mean((how.round(weight) - weight) ** 2, axis=1)).max())


def _shared(weight: np.ndarray, bits: int, share: str) -> Affine:
    how = {"tensor": {}, "channel": {"axis": 0}, "group of eight": {"group": 8}}[share]
    return fit(weight, Scheme(bits, narrow=True), **how)
