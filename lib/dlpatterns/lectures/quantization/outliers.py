"""Outlier channels, constructed: a small attention network that answers as before, but
carries two channels many times larger than the rest.

A channel of the embedding is multiplied, and the weights that read it are divided: in
real numbers nothing changes. Large language models grow such channels while they learn
(Dettmers et al. 2022); networks as small as this one do not, so they are put in.
"""

from functools import cache

import numpy as np

from ...quantize import scaling
from ...quantize.affine import Affine, Scheme, fit, noise
from ...quantize.training import Rounded
from ...train import loop, recall, state
from ...train.network import Network
from ...train.optimisers import Adam

STEPS, CHANNELS, FACTOR, GROUP = 12, (3, 11), 60.0, 8
READERS = ("attention.q", "attention.k", "attention.v")
ACTIVATION = Scheme(8)
WEIGHT4, WEIGHT5 = (Scheme(bits, narrow=True) for bits in (4, 5))


@cache
def plain() -> Network:
    """Return the network trained to recall a marked symbol, without outliers."""
    net = Network(recall.recaller("attention", STEPS), 0)
    x, y = recall.recall(2000, STEPS, seed=0)
    loop.fit(net, x, y, epochs=10, batch=64, optimizer=Adam(1e-2))
    return net


def test_set() -> tuple[np.ndarray, np.ndarray]:
    """Return sequences that it has not seen, with their answers."""
    return recall.recall(1000, STEPS, seed=1)


def scaled(net: Network, factor: np.ndarray) -> Network:
    """Return the same function with each channel of the embedding multiplied by a
    factor, and the weights that read it divided.
    """
    other = state.twin(net)
    other.params["embedding.weight"] *= factor
    for name in READERS:
        other.params[name] /= factor
    return other


@cache
def constructed() -> Network:
    """Return the network with two channels enlarged."""
    factor = np.ones(16)
    factor[list(CHANNELS)] = FACTOR
    return scaled(plain(), factor)


def smoothed(strength: float) -> Network:
    """Return the network with outliers after SmoothQuant's migration."""
    net = constructed()
    x = net.activations(test_inputs())["embedding"].reshape(-1, 16)
    weight = np.concatenate([net.params[name] for name in READERS])
    return scaled(net, 1 / scaling.smooth(x, weight, strength))


def test_inputs() -> np.ndarray:
    """Return the sequences for calibration."""
    return recall.recall(500, STEPS, seed=2)[0]


def with_codes(
    net: Network, *, weights: bool = True, channels: bool = False
) -> Rounded:
    """Return the network with 8-bit codes between embedding and attention, one scale
    for all channels (or one each), and 8-bit weights with one scale an output.
    """
    x = net.activations(test_inputs())["embedding"]
    how = fit(x, ACTIVATION, axis=2 if channels else None)
    rules = {}
    if weights:
        scheme = Scheme(narrow=True)
        rules = {name: fit(net.params[name], scheme, axis=0).round for name in READERS}
    return Rounded(net, weights=rules, activations={"embedding": how})


def judged(name: str, net: Network) -> dict:
    """Return signal to noise of a network's answers beside the plain one's, and its
    accuracy.
    """
    x, y = test_set()
    return {
        "network": name,
        "SNR of the answers (dB)": noise(plain().forward(x), net.forward(x)),
        "accuracy": loop.accuracy(net, x, y),
    }


def rows8() -> list[dict]:
    """Return what 8 bits do with and without outliers, and what mends them."""
    return [
        judged("no outliers, 8 bits", with_codes(plain())),
        judged("outliers, 8-bit weights alone", _weights8(constructed())),
        judged("outliers, 8 bits", with_codes(constructed())),
        judged("outliers, 8 bits, smoothed", with_codes(smoothed(0.5))),
        judged("outliers, a scale a channel", with_codes(constructed(), channels=True)),
    ]


def decibels() -> list[float]:
    """Return the signal to noise of the five networks of `rows8`."""
    return [row["SNR of the answers (dB)"] for row in rows8()]


def _weights8(net: Network) -> Rounded:
    scheme = Scheme(narrow=True)
    return Rounded(
        net,
        weights={n: fit(net.params[n], scheme, axis=0).round for n in READERS},
    )


def rows4() -> list[dict]:
    """Return what 4-bit weights do in the network with outliers: a scale an output, a
    group, and groups behind AWQ's factors; and what 5-bit weights do, which with a
    scale an output take as many bytes as groups.
    """
    net = constructed()
    x = net.activations(test_inputs())["embedding"].reshape(-1, 16)
    both = np.concatenate([net.params[name] for name in READERS])
    factor, power = scaling.activation_aware(x, both, WEIGHT4, group=GROUP)
    ways = {
        "a scale an output": lambda w: fit(w, WEIGHT4, axis=0).round(w),
        f"groups of {GROUP}": lambda w: fit(w, WEIGHT4, group=GROUP).round(w),
        f"groups of {GROUP}, AWQ {power:.2f}": lambda w: scaling.weight_rounded(
            w, WEIGHT4, group=GROUP, factor=factor
        ),
        "5 bits, a scale an output": lambda w: fit(w, WEIGHT5, axis=0).round(w),
    }
    return [
        judged(name, Rounded(net, weights=dict.fromkeys(READERS, rule)))
        for name, rule in ways.items()
    ]


def scale_of(net: Network) -> Affine:
    """Return the one scale of the embedding's output."""
    return fit(net.activations(test_inputs())["embedding"], ACTIVATION)


def levels_left() -> int:
    """Return how many of the codes the channels without outliers still use."""
    net = constructed()
    x = net.activations(test_inputs())["embedding"]
    others = [c for c in range(x.shape[-1]) if c not in CHANNELS]
    return len(np.unique(scale_of(net).codes(x)[..., others]))
