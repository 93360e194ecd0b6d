"""What accumulators keep and lose: products that fit, sums that stall, orders, and the
same dot products in each format.
"""

from functools import cache

import numpy as np

from ... import formats
from ...formats import arithmetic

TERMS, TRIALS, SEED = 4096, 32, 7
PAIRS = (
    ("int8", "int16"),
    ("int8", "int32"),
    ("int4", "int16"),
    ("fp8_e4m3", "fp16"),
    ("fp8_e4m3", "fp32"),
    ("fp16", "fp32"),
)
FORMS = ("tf32", "fp16", "bf16", "fp8_e4m3", "fp8_e5m2")
SIZES = {"1": 1.0, "10⁻³": 1e-3, "10⁻⁵": 1e-5, "10⁻⁷": 1e-7}
LENGTH = 1024


def accumulators() -> list[dict]:
    """Return a row a pair: how many products always fit, and after how many random ones
    half of all sums have left the accumulator.
    """
    return [
        {
            "operands": operands,
            "accumulator": held,
            "always fit": _fit(operands, held),
            "random, half have left": random_walk(operands, held),
        }
        for operands, held in PAIRS
    ]


def _fit(operands: str, held: str) -> int | str:
    form = formats.get(operands)
    count = formats.products_that_fit(form, form, formats.get(held))
    return count if count < 1e12 else f"{count:.0e}"


def random_walk(operands: str, held: str, most: int = 4096) -> int | str:
    """Return the median number of products of uniformly drawn codes that fit."""
    form, limit = formats.get(operands), formats.get(held)
    top = limit.highest if isinstance(limit, formats.Integer) else limit.largest
    values = form.decode(np.arange(2**form.bits))
    values = values[np.isfinite(values)].astype(np.float64)
    drawn = np.random.default_rng(SEED).choice(values, (2, 500, most))
    outside = np.abs(np.cumsum(drawn[0] * drawn[1], axis=1)) > top
    first = np.where(outside.any(axis=1), outside.argmax(axis=1), most)
    middle = int(np.median(first))
    return middle if middle < most else f"over {most:,}"


def wrapped(values: list[int], held: str = "int16") -> dict[str, float]:
    """Return the sum of squares of int8 values, exact, saturated, and gone round."""
    exact = float(np.dot(values, values))
    ways = {
        way: float(arithmetic.dot(values, values, held, overflow=way))
        for way in ("saturate", "wrap")
    }
    return {"exact": exact} | ways


def stall(name: str) -> int:
    """Return where a sum of ones stops growing in a format."""
    limit = 2 ** (formats.get(name).mantissa_bits + 2)
    return int(arithmetic.total(np.ones(min(limit, 2**13)), name))


@cache
def numbers() -> np.ndarray:
    """Return random numbers between 0 and 1, a row a trial."""
    return np.random.default_rng(SEED).random((TRIALS, TERMS))


@cache
def error(name: str, order: str, lanes: int = 1) -> float:
    """Return the mean relative error of sums of `numbers`, rounded to a format."""
    x = formats.get(name).round(numbers())
    exact = x.sum(axis=-1)
    kept = arithmetic.total(x, name, order=order, lanes=lanes)
    return float(np.mean(np.abs(kept - exact) / exact))


def orders() -> list[dict]:
    """Return a row an order: the relative error of sums in three accumulators."""
    ways = {
        "as they come": ("forward", 1),
        "ascending": ("ascending", 1),
        "descending": ("descending", 1),
        "in 64 lanes": ("forward", 64),
        "pairwise": ("pairwise", 1),
    }
    return [
        {"order": label}
        | {name: f"{error(name, *how):.1e}" for name in ("fp16", "bf16", "fp32")}
        for label, how in ways.items()
    ]


# --- The same dot products in each format ---------------------------------------------


def dots() -> list[dict]:
    """Return a row a size of numbers: the error of dot products whose operands are
    rounded to a format and whose sums are exact, as a share of |a||b|.
    """
    return [
        {"numbers of size": size}
        | {name: f"{dot_error(name, sigma):.1e}" for name in FORMS}
        for size, sigma in SIZES.items()
    ]


@cache
def dot_error(name: str, sigma: float) -> float:
    """Return the root mean square error of dot products of two rows of random numbers,
    the first of standard deviation `sigma`, the second of 1.
    """
    form, rng = formats.get(name), np.random.default_rng(SEED)
    x, y = rng.normal(size=(2, 200, LENGTH)) * np.reshape([sigma, 1.0], (2, 1, 1))
    kept = np.sum(form.round(x) * form.round(y), axis=-1)
    size = np.linalg.norm(x, axis=-1) * np.linalg.norm(y, axis=-1)
    return float(np.sqrt(np.mean(((kept - np.sum(x * y, axis=-1)) / size) ** 2)))
