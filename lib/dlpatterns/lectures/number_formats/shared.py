"""What a shared scale buys: signal to noise of formats with one scale for a tensor, a
block, a group.
"""

from functools import cache

import numpy as np

from ... import formats

SEED, SHAPE, OUTLIERS, TIMES = 11, (256, 1024), 256, 30
SINGLE = ("fp8_e4m3", "int8", "fp4_e2m1", "int4", "log4")
BLOCKS = (
    "mxfp8_e4m3",
    "mxint8",
    "mxfp6_e2m3",
    "mxfp4_e2m1",
    "nvfp4",
    "int4_g32",
    "int4_g128",
)


@cache
def values(outliers: bool) -> np.ndarray:
    """Return normally distributed numbers; with outliers, one of 256 is 30 times as
    large.
    """
    rng = np.random.default_rng(SEED)
    x = rng.normal(size=SHAPE)
    if outliers:
        x = x * np.where(rng.random(SHAPE) < 1 / OUTLIERS, TIMES, 1)
    return x


def largest(form: formats.Format) -> float:
    """Return the largest value of a format."""
    if isinstance(form, formats.Integer):
        return form.highest
    if isinstance(form, formats.Levels):
        return max(level for level in form.levels if level is not None)
    return form.largest


def kept(name: str, x: np.ndarray) -> np.ndarray:
    """Return values as blocks keep them, or under one scale that maps the largest to
    the format's largest.
    """
    form = formats.get(name)
    if name in formats.FORMATS and hasattr(form, "element"):
        return form.round(x)
    scale = np.abs(x).max() / largest(form)
    return form.round(x / scale) * scale


@cache
def decibels(name: str, outliers: bool) -> float:
    """Return signal to noise of a format in dB."""
    x = values(outliers)
    noise = np.mean((x - kept(name, x)) ** 2)
    return float(10 * np.log10(np.mean(x**2) / noise))


def table() -> list[dict]:
    """Return a row a format: bits a value, signal to noise of both kinds of data."""
    return [
        {
            "format": name,
            "scale": "one" if name in SINGLE else "in blocks",
            "bits a value": f"{formats.get(name).bits:g}",
            "normal, dB": round(decibels(name, False), 1),
            "with outliers, dB": round(decibels(name, True), 1),
        }
        for name in (*SINGLE, *BLOCKS)
    ]
