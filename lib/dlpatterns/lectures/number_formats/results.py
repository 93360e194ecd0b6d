"""The stored training runs of `benchmarks/experiments/number_formats.py`, as rows."""

from collections.abc import Iterable
from functools import cache

import numpy as np

from ... import datasets
from . import training

HELD_OUT = 450
FORMS = ("fp32", "tf32", "bf16", "fp16", "fp8_e4m3", "fp8_e5m2")
WAYS = ("pure", "stochastic", "master")
BASE = {"rate": 0.05, "width": 64, "shift": 0}


def runs(**wanted: object) -> list[dict]:
    """Return the stored runs with these properties."""
    return [
        run
        for run in datasets.measurement("number_formats_training")["runs"]
        if all(run[key] == value for key, value in wanted.items())
    ]


def accuracy(run: dict, look: int = -1) -> np.ndarray:
    """Return the accuracy of every seed in percent, at the end or at another look."""
    return 100 * np.array(run["right"][look]) / HELD_OUT


def mean(run: dict, look: int = -1) -> float:
    """Return the mean accuracy of a run in percent."""
    return float(accuracy(run, look).mean())


def at(form: str, way: str) -> dict:
    """Return the run of a format in a way, ten seeds, at the usual rate and width."""
    return runs(question="way", form=form, way=way)[0]


def ways() -> list[dict]:
    """Return a row a format: accuracy and its spread over seeds in each way."""
    return [
        {"format": form} | {way: spread(at(form, way)) for way in WAYS}
        for form in FORMS
    ]


def spread(run: dict) -> str:
    """Return mean and standard deviation over seeds as text."""
    values = accuracy(run)
    return f"{values.mean():.1f} ± {values.std(ddof=1):.1f}"


def paired(first: dict, second: dict) -> tuple[float, float]:
    """Return the mean difference of two runs over common seeds, and its standard error,
    in points.
    """
    count = min(len(first["seeds"]), len(second["seeds"]))
    difference = (accuracy(first)[:count] - accuracy(second)[:count]).astype(float)
    return float(difference.mean()), float(difference.std(ddof=1) / np.sqrt(count))


# --- The loss multiplied by a power of two --------------------------------------------


def shifts(form: str) -> tuple[list[int], list[float]]:
    """Return powers of two that multiplied the loss, and mean accuracies."""
    found = sorted(runs(question="shift", form=form), key=lambda run: run["shift"])
    return [run["shift"] for run in found], [mean(run) for run in found]


def window(form: str, slack: float = 1.0) -> list[int]:
    """Return the powers of two with which a format learns as well as at its best, but
    for `slack` points.
    """
    powers, found = shifts(form)
    return [
        p for p, accurate in zip(powers, found, strict=True)
        if accurate >= max(found) - slack
    ]  # fmt: skip


# --- The attack -----------------------------------------------------------------------

CHANGES = {
    "half the rate": {"rate": 0.025},
    "twice the rate": {"rate": 0.1},
    "twice the epochs": {"epochs": 80},
    "twice the width": {"width": 128},
}


def changed(way: str, forms: Iterable[str] = FORMS[2:]) -> list[dict]:
    """Return a row a change of the training: accuracy of each format in a way."""
    base = {"as above": {form: at(form, way) for form in forms}}
    others = {
        label: {
            form: runs(question="other", form=form, way=way, **change)[0]
            for form in forms
        }
        for label, change in CHANGES.items()
    }
    return [
        {"training": label} | {form: spread(run) for form, run in found.items()}
        for label, found in (base | others).items()
    ]


# --- What the sentences speak of ------------------------------------------------------

EIGHT, SIXTEEN = ("fp8_e4m3", "fp8_e5m2"), ("bf16", "fp16")


def changes(forms: Iterable[str], way: str) -> list[float]:
    """Return mean accuracies of formats in a way under every change of the training."""
    return [
        mean(runs(question="other", form=form, way=way, **change)[0])
        for form in forms
        for change in CHANGES.values()
    ]


def half_rate(form: str) -> float:
    """Return the mean accuracy of a format, pure, at half the rate."""
    rate = CHANGES["half the rate"]
    return mean(runs(question="other", form=form, way="pure", **rate)[0])


def of_sums(form: str) -> tuple[float, float]:
    """Return mean accuracies with sums of the format's own and with sums in FP32."""
    found = (runs(question="sums", form=form, way=w)[0] for w in ("own sums", "pure"))
    return tuple(map(mean, found))


def alike(form: str) -> int:
    """Return how many different results a format has over all powers of two."""
    return len({tuple(run["right"][-1]) for run in runs(question="shift", form=form)})


def best(form: str) -> float:
    """Return the mean accuracy of a format at the best power of two."""
    return max(shifts(form)[1])


def span(form: str) -> str:
    """Return the first and the last power of two of a format's window, as text."""
    found = window(form)
    return f"{min(found)} to {max(found)}".replace("-", "−")


def width(form: str) -> int:
    """Return how many powers of two a format's window is wide."""
    found = window(form)
    return max(found) - min(found)


def pure_means() -> dict[str, float]:
    """Return the mean accuracy of each format with everything in it."""
    return {form: mean(at(form, "pure")) for form in FORMS}


# --- FP8 as it is done ----------------------------------------------------------------

PAIRS = {
    "E4M3, E4M3": ("fp8_e4m3", ""),
    "E5M2, E5M2": ("fp8_e5m2", ""),
    "E4M3, E5M2": ("fp8_e4m3", "fp8_e5m2"),
}
CASTS = {
    "master": "in and out",
    "inputs": "in alone",
    "scaled": "in, scaled",
    "delayed": "in, by past scales",
}


def eight(pair: str, way: str) -> dict:
    """Return the run of ten seeds of a pair of formats, for what goes forward and for
    gradients, with FP32 weights behind it.
    """
    form, own = PAIRS[pair]
    question = "way" if way == "master" and not own else "scaled"
    return runs(question=question, form=form, way=way, gradients=own, shift=0)[0]


def eights() -> list[dict]:
    """Return a row a pair of formats: accuracy by what is rounded on its way."""
    return [
        {"forward, gradients": pair}
        | {label: spread(eight(pair, way)) for way, label in CASTS.items()}
        for pair in PAIRS
    ]


def eights_lose() -> dict[str, tuple[float, float]]:
    """Return for each pair and way the points lost against FP32, and the standard
    error.
    """
    whole = at("fp32", "master")
    return {
        f"{pair}, {way}": paired(whole, eight(pair, way))
        for pair in PAIRS
        for way in CASTS
    }


def as_it_is_done() -> tuple:
    """Return the points lost, with the standard error, by E4M3 with gradients in E5M2
    and by E4M3 alone, both scaled; the most that any pair loses in any way; the shares
    of slopes that became zero in these two.
    """
    lost = eights_lose()
    pair, alone = "E4M3, E5M2", "E4M3, E4M3"
    gone = [eight(name, "scaled")["vanished"] for name in (pair, alone)]
    most = max(points for points, _ in lost.values())
    return lost[f"{pair}, scaled"], lost[f"{alone}, scaled"], most, gone


@cache
def alike_scaled() -> tuple[int, int]:
    """Train for four epochs with a scale for each tensor, the loss multiplied by powers
    of two, and return how many powers, and how many different results.
    """
    form, own = PAIRS["E4M3, E5M2"]
    powers = range(-48, 49, 24)
    ends = {
        tuple(training.trained(recipe, (0, 1))[-1].right)
        for recipe in (
            training.Recipe(form, "scaled", k, epochs=4, gradients=own) for k in powers
        )
    }
    return len(powers), len(ends)


def dynamic() -> dict:
    """Return the run of FP16 that found the power of two of its loss by itself."""
    return runs(question="scaled", form="fp16", way="dynamic")[0]
