"""The things at work: latent weights that cross zero, updates that are rounded away,
one sum in every way, and the map of all ways.
"""

from functools import cache

import numpy as np

from ... import show
from ...quantize import binary, low_bit
from ...quantize.learner import Keeping, LowBit, Recipe
from ...train import data, loop, losses
from ...train.optimisers import Adam
from . import costs, experiment, stored

WATCHED, EVERY, FRAMES, RATE = 24, 4, 24, 1e-2
BINARY = {"signs": low_bit.Signs(), "signs, scaled": low_bit.Signs(scaled=True)}


@cache
def digits() -> data.Split:
    """Return the digits as channels of one pixel."""
    return experiment.shaped(data.digits(seed=0), experiment.perceptron())


@cache
def latents(rule: str) -> np.ndarray:
    """Return the latent weights of the first neuron behind the pixels' layer, step by
    step. Shapes: -> steps weights.
    """
    net = LowBit(
        experiment.perceptron(), Recipe(weights=BINARY[rule]), dtype=np.float64
    )
    optimiser, rng = Keeping(Adam(RATE), net), np.random.default_rng(0)
    seen = [net.params["hidden2.weight"][0].ravel().copy()]
    while len(seen) <= EVERY * FRAMES:
        for rows in loop.batches(len(digits().train_x), experiment.BATCH, rng):
            loop.train_step(
                net, digits().train_x[rows], digits().train_y[rows], optimiser,
                loss=losses.softmax_cross_entropy,
            )  # fmt: skip
            seen.append(net.params["hidden2.weight"][0].ravel().copy())
    return np.array(seen[: EVERY * FRAMES + 1])


def turned(rule: str = "signs", steps: int = EVERY * FRAMES) -> float:
    """Return the share of the neuron's weights whose deployed value has changed at
    least once within so many steps.
    """
    signs = latents(rule)[: steps + 1] >= 0
    return float((signs != signs[0]).any(axis=0).mean())


def crossing(step: int, rule: str) -> show.Frame:
    """Draw latent weights after a number of steps, with where they were before."""
    seen = latents(rule)
    now, before = seen[step], seen[max(step - EVERY, 0)]
    places = np.arange(WATCHED)
    fig, axes = show.subplots(figsize=(4.6, 2.8))
    axes.axhline(0, color=show.INK, linewidth=0.8)
    axes.vlines(places, before[:WATCHED], now[:WATCHED], color=show.colour("grey"))
    for sign, name in ((1, "blue"), (-1, "orange")):
        chosen = places[(now[:WATCHED] >= 0) == (sign > 0)]
        label = f"deployed as {'+' if sign > 0 else '−'}"
        axes.scatter(chosen, now[chosen], color=show.colour(name), s=18, label=label)
    axes.set(xlabel="weight", ylabel="latent value", ylim=(-0.75, 0.85))
    axes.legend(loc="upper center", ncols=2)
    changed = int(((now >= 0) != (before >= 0)).sum())
    moved = float(np.abs(now - before).mean())
    return show.frame(
        fig,
        caption=(
            f"Step {step}: since step {max(step - EVERY, 0)} the {now.size} latent "
            f"weights moved by {moved:.3f} on average, and {changed} deployed signs "
            f"changed; {100 * turned(rule, step):.0f} % have changed at least once."
        ),
        alt="A row of latent weights above and below zero, each with its last move.",
    )


# --- Updates that are rounded away ----------------------------------------------------

UPDATES, MANY = 40, 200


@cache
def streams(size: float) -> dict[str, np.ndarray]:
    """Return a weight after every one of 40 equal updates, in steps of its grid: exact,
    and stored after rounding to nearest and by chance (the mean of 200 weights, too).
    """
    rng = np.random.default_rng(3)
    near, many = np.zeros(1), np.zeros(MANY)
    found = {"nearest": [0.0], "stochastic": [0.0], "mean of many": [0.0]}
    for _ in range(UPDATES):
        near = low_bit.nearest(near + size, 1.0)
        many = low_bit.stochastic(many + size, 1.0, rng)
        values = (near[0], many[0], many.mean())
        for name, value in zip(found, values, strict=True):
            found[name].append(float(value))
    exact = size * np.arange(UPDATES + 1)
    return {"exact": exact} | {k: np.array(v) for k, v in found.items()}


def rounding(updates: int, size: float) -> show.Frame:
    """Draw a weight's way through equal updates, exact and rounded in two manners."""
    found = streams(size)
    fig, axes = show.subplots(figsize=(4.6, 2.8))
    for name, colour in (
        ("exact", "grey"),
        ("nearest", "orange"),
        ("stochastic", "blue"),
    ):
        values = found[name][: updates + 1]
        axes.plot(values, color=show.colour(colour), label=name, drawstyle="steps-post")
    axes.set(xlabel="updates", ylabel="weight (grid steps)", xlim=(0, UPDATES))
    axes.set_ylim(-0.5, max(found["exact"][-1], 1) * 1.6)
    axes.legend(loc="upper left")
    last = {name: float(values[updates]) for name, values in found.items()}
    return show.frame(
        fig,
        caption=(
            f"{updates} updates of {size:g} steps: exactly {last['exact']:.1f}; rounded"
            f" to nearest {last['nearest']:.0f}, by chance {last['stochastic']:.0f}, "
            f"the mean of {MANY} weights by chance {last['mean of many']:.2f}."
        ),
        alt="Three staircases: exact, rounded to nearest, rounded by chance.",
    )


# --- One sum in every way -------------------------------------------------------------

INK = (12, 3, 16, 0, 7, 9, 1, 14)
WEIGHTS = (0.9, -0.4, 0.2, -1.1, -0.7, 0.5, 0.05, -0.3)
SUMS = ("float", "4 bits", "shift", "ternary", "binary", "XNOR", "AdderNet")


def one_sum(products: int, way: str) -> show.Frame:
    """Show the first products of a sum as a way computes them."""
    terms = _terms(way)
    rows, total = [], 0.0
    for i, (x, w, what, value) in enumerate(terms):
        total += value if i < products else 0
        done = i < products
        rows.append(
            {
                "input": x,
                "weight": w,
                "operation": what if done else None,
                "adds": f"{value + 0.0:g}" if done else None,
                "sum": f"{total:g}" if done else None,
            }
        )
    return show.frame(
        caption=f"{way}: {products} of {len(INK)} terms. {_note(way)}", rows=rows
    )


def _note(way: str) -> str:
    if way == "XNOR":
        a, b = _words()
        ones = int(np.bitwise_count(np.uint8(a ^ b)))
        sum_ = f"8 - 2 x {ones} = {8 - 2 * ones}"
        return f"In words: {a:08b} xor {b:08b} has {ones} ones; {sum_}."
    return {
        "float": "A multiplication each.",
        "4 bits": "Codes are multiplied, and the step 1/6 once at the end.",
        "shift": "Weights are powers of two.",
        "ternary": "Zeros are skipped; the scale comes once at the end.",
        "binary": "Additions and subtractions alone.",
        "AdderNet": "Distances; the nearest filter answers the most.",
    }[way]


def _words() -> tuple[int, int]:
    a, b = np.array(INK) >= 8, np.array(WEIGHTS) >= 0
    both = [binary.pack(np.where(x, 1, -1)[None]).words[0, 0] for x in (a, b)]
    return int(both[0]), int(both[1])


def _terms(way: str) -> list[tuple]:
    w = np.array(WEIGHTS)
    if way == "float":
        return [
            (x, f"{v:g}", f"{x} × {v:g}", round(x * v, 4))
            for x, v in zip(INK, WEIGHTS, strict=True)
        ]
    if way == "4 bits":
        codes = np.clip(np.rint(6 * w), -7, 7).astype(int)
        return [(x, int(c), f"{x} × {c}", x * int(c)) for x, c in _pairs(codes)]
    if way == "shift":
        values = low_bit.Shifts(4).forward(w, {})
        return [_shifted(x, float(v)) for x, v in _pairs(values)]
    if way == "ternary":
        signs = np.sign(low_bit.Ternary().forward(w[None], {})[0]).astype(int)
        return [_signed(x, int(s)) for x, s in _pairs(signs)]
    signs = np.where(w >= 0, 1, -1)
    if way == "binary":
        return [_signed(x, int(s)) for x, s in _pairs(signs)]
    if way == "XNOR":
        return [_matched(x, int(s)) for x, s in _pairs(signs)]
    return [
        (x, round(16 * v), f"−|{x} − {round(16 * v)}|", -abs(x - round(16 * v)))
        for x, v in zip(INK, WEIGHTS, strict=True)
    ]


def _pairs(values: np.ndarray) -> list[tuple]:
    return list(zip(INK, values.tolist(), strict=True))


def _shifted(x: int, weight: float) -> tuple:
    if not weight:
        return x, "0", "nothing", 0
    places, sign = int(np.log2(abs(weight))), "−" if weight < 0 else "+"
    way = f"{sign}({x} >> {-places})" if places < 0 else f"{sign}({x} << {places})"
    return x, f"{sign}2^{places}", way, x * weight


def _signed(x: int, sign: int) -> tuple:
    what = {1: f"+ {x}", -1: f"− {x}", 0: "nothing"}[sign]
    return x, {1: "+", -1: "−", 0: "0"}[sign], what, sign * x


def _matched(x: int, sign: int) -> tuple:
    mine = 1 if x >= 8 else -1
    shown = {1: "+", -1: "−"}
    what = "alike" if mine == sign else "differ"
    return shown[mine], shown[sign], what, mine * sign


# --- The map --------------------------------------------------------------------------

AXES = {
    "bytes": ("deployed bytes", lambda n, k: costs.total(n, k)),
    "arithmetic": ("arithmetic (nJ an image)", costs.arithmetic),
    "with weights from SRAM": (
        "arithmetic and weights from 32 KB (nJ)",
        lambda n, k: costs.arithmetic(n, k) + costs.fetched(n, k, "32 KB"),
    ),
}
LABELS = {
    "float": ("float", "p"),
    "W4 A4": ("W4 A4", "s"),
    "W2 A2": ("W2 A2", "D"),
    "binary weights, scaled": ("binary W", "^"),
    "binary activations": ("binary A", "v"),
    "XNOR-Net": ("XNOR", "X"),
    "ternary weights": ("ternary", "P"),
    "shift weights": ("shift", "<"),
    "AdderNet, 8 bits": ("Adder 8", "*"),
}
COLOURS = ("grey", "blue", "olive", "orange", "pink", "green")


def the_map(cost: str, network: str) -> show.Frame:
    """Draw accuracy over a cost for every way, with the spread of the seeds."""
    label, of = AXES[cost]
    fig, axes = show.subplots(figsize=(4.6, 3.2))
    found = {}
    for i, (name, (short, mark)) in enumerate(LABELS.items()):
        if network == "CNN" and name not in experiment.IN_CNN:
            continue
        values = stored.accuracies(name, network)
        x, y = of(name, network), values.mean()
        found[short] = (x, y)
        colour = show.colour(COLOURS[i % len(COLOURS)])
        axes.errorbar(
            x, y, values.std(ddof=1), fmt=mark, color=colour, capsize=2, label=short
        )
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_formatter("{x:,g}")
    axes.set(xlabel=label, ylabel="accuracy (%)")
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    least = min(found, key=lambda name: found[name][0])
    best = max(found, key=lambda name: found[name][1])
    price = f"{found[least][0]:,.0f}" if cost == "bytes" else f"{found[least][0]:.2f}"
    return show.frame(
        fig,
        caption=(
            f"{network}: {least} costs the least ({price}), {best} has "
            f"the highest mean accuracy ({found[best][1]:.1f} %)."
        ),
        alt="A dot with an error bar for every way, accuracy over cost.",
    )


# --- Small studies --------------------------------------------------------------------


@cache
def patterns() -> list[dict]:
    """Return how many different rows of signs 450 images leave behind the first hidden
    layer, with a ReLU in front of the sign and without.
    """
    net = LowBit(experiment.perceptron(), Recipe(), dtype=np.float64)
    loop.fit(
        net, digits().train_x, digits().train_y, epochs=3, batch=experiment.BATCH,
        optimizer=Adam(RATE), seed=0,
    )  # fmt: skip
    seen = net.activations(digits().test_x)
    rule = low_bit.SignsHardTanh()
    rows = []
    for name, layer in (("sign behind ReLU", "act1"), ("sign in its place", "norm1")):
        signs = rule.forward(seen[layer], {}).reshape(len(digits().test_x), -1)
        rows.append(
            {
                "where": name,
                "values that are +1": show.percent((signs > 0).mean()),
                "different rows of signs": len(np.unique(signs, axis=0)),
            }
        )
    return rows


@cache
def slopes() -> list[dict]:
    """Return the length of each hidden layer's gradient over the root of its number of
    weights, before training, multiplying and measuring distances.
    """
    x, y = digits().train_x[:256], digits().train_y[:256]
    rows = []
    for name, recipe in (("multiplies", Recipe()), ("AdderNet", Recipe(adder=True))):
        net = LowBit(experiment.perceptron(), recipe, dtype=np.float64)
        _, grad = losses.softmax_cross_entropy(net.forward(x, training=True), y)
        net.backward(grad)
        sizes = {
            layer: np.linalg.norm(net.grads[f"{layer}.weight"])
            / net.grads[f"{layer}.weight"].size ** 0.5
            for layer in ("hidden1", "hidden2", "output")
        }
        rows.append(
            {"network": name} | {k: float(f"{v:.1e}") for k, v in sizes.items()}
        )
    return rows
