"""The same codes faster: look-up tables for formats of up to 8 bits, a shift for those
with FP32's exponent, the processor's own casts.

Whatever comes in float64 is first brought to float32 *rounded to odd*: cut off, and the
last bit set if anything was cut. With two spare bits a second rounding then gives what
one rounding of the exact value gives. Source: Boldo and Melquiond 2008.
"""

from functools import cache
from typing import Any

import numpy as np

from . import _plain

CHUNK = 65_536  # numbers that stay in a cache on their way
INFINITY = np.uint32(0x7F80_0000)


def encode(form: Any, x: np.ndarray, rounding: str, overflow: str) -> np.ndarray | None:
    """Return codes of an array where there is a fast way, else None."""
    if form.kind != "float" or rounding not in ("nearest", "toward_zero"):
        return None
    if form.name == "fp64":
        return x.astype(np.float64).view(np.uint64) if overflow == "inf" else None
    if not form.signed:
        return None
    if form.bits <= 8:
        return _looked_up(form, to_odd(x), rounding, overflow)
    if rounding == "nearest" and form.exponent_bits == 8 and form.bits < 32:
        return _shifted(form, to_odd(x), overflow)
    if rounding == "nearest" and overflow == "inf" and form.name in ("fp32", "fp16"):
        return _cast(form, x)
    return None


def to_odd(x: np.ndarray) -> np.ndarray:
    """Return float32, cut off and the last bit set where anything was cut."""
    if x.dtype == np.float32:
        return x
    with np.errstate(all="ignore"):
        near = x.astype(np.float32)
        back = near.astype(np.float64)
        cut = (back != x) & ~np.isnan(x)
        over = cut & (np.abs(back) > np.abs(x))
    bits = np.atleast_1d(near).view(np.uint32).reshape(x.shape)
    return ((bits - over) | cut).astype(np.uint32).view(np.float32)


def _cast(form: Any, x: np.ndarray) -> np.ndarray:
    kind, code = (np.float32, np.uint32) if form.bits == 32 else (np.float16, np.uint16)
    with np.errstate(all="ignore"):
        near = (x if form.bits == 32 else to_odd(x)).astype(kind)
    codes = np.array(near, ndmin=1).view(code).reshape(x.shape)
    nan = np.isnan(x)
    if nan.any():  # the payload of a NaN goes, its sign stays
        quiet = form.nan_code | (np.signbit(x).astype(code) << (form.bits - 1))
        codes = np.where(nan, quiet, codes).astype(code)
    return codes


def _looked_up(form: Any, x: np.ndarray, rounding: str, overflow: str) -> np.ndarray:
    """Return codes from a table over the top 16 bits of float32, rounded to odd."""
    if form.nan_code is None and np.isnan(x).any():
        raise ValueError(f"{form.name} has no NaN, and there is one in the values")
    table = _codes_of_prefixes(form, rounding, overflow)
    bits = np.ascontiguousarray(x).reshape(-1).view(np.uint32)
    codes = np.empty(bits.size, np.uint8)
    for start in range(0, bits.size, CHUNK):
        part = bits[start : start + CHUNK]
        index = (part >> 16) | ((part & 0xFFFF) != 0)
        # every index is in range; "clip" spares NumPy a copy for undoing
        np.take(table, index, out=codes[start : start + CHUNK], mode="clip")
    return codes.reshape(x.shape)


@cache
def _codes_of_prefixes(form: Any, rounding: str, overflow: str) -> np.ndarray:
    """Return a code for each upper half of a float32; for NaN 0 if there is none."""
    x = (np.arange(2**16, dtype=np.uint32) << 16).view(np.float32)
    if form.nan_code is None:
        x = np.where(np.isnan(x), 0, x)
    return _plain.plain(form, x, _plain.Rule(rounding), overflow)


def _shifted(form: Any, x: np.ndarray, overflow: str) -> np.ndarray:
    """Return codes of a format with FP32's exponent: add half of what is cut, less one
    where the last bit kept is even, and cut. The carry runs into the exponent.
    """
    shift = 23 - form.mantissa_bits
    numbers = np.ascontiguousarray(x).reshape(-1)
    bits = numbers.view(np.uint32)
    codes = np.empty(bits.size, np.uint16 if form.bits == 16 else np.uint32)
    half, last, cut = np.uint32([(1 << (shift - 1)) - 1, 1, shift])
    room, beyond = np.empty(min(CHUNK, bits.size), np.uint32), False
    for start in range(0, bits.size, CHUNK):
        part = bits[start : start + CHUNK]
        near = np.right_shift(part, cut, out=room[: part.size])
        near &= last
        near += part
        near += half
        near >>= cut
        codes[start : start + CHUNK] = near
        given = numbers[start : start + CHUNK]
        beyond |= not -form.largest <= given.min() <= given.max() <= form.largest
    if beyond:  # or not a number
        _mend(form, codes, bits, overflow)
    return codes.reshape(x.shape)


def _mend(form: Any, codes: np.ndarray, bits: np.ndarray, overflow: str) -> None:
    """Put right, in place, what is not finite or has become so."""
    limit = _plain.limit_code(form, overflow)
    width = form.bits - 1
    over = (codes & (2**width - 1)) > form.largest_code
    nan = bits & np.uint32(0x7FFF_FFFF) > INFINITY
    sign = (bits >> 31).astype(codes.dtype) << width
    codes[over] = limit | sign[over]
    codes[nan] = form.nan_code | sign[nan]


def decode(form: Any, codes: np.ndarray) -> np.ndarray:
    """Return the values of checked codes, float32 where that holds them."""
    if form.name == "fp64":
        return codes.view(np.float64)
    if form.name == "fp16":
        return codes.view(np.float16).astype(np.float32)
    if form.kind == "float" and form.exponent_bits == 8 and form.signed:
        bits = np.left_shift(codes, 32 - form.bits, dtype=np.uint32)
        return bits.view(np.float32)
    values = _values(form)[codes]
    if None in getattr(form, "levels", ()) and np.isnan(values).any():
        bad = np.asarray(codes)[np.isnan(values)][0]
        raise ValueError(f"{form.name}: code {bad} has no value")
    return values


def held_in(form: Any) -> type:
    """Return the narrower of float32 and float64 that holds a format's values."""
    if form.kind == "integer":
        return np.float64 if form.bits > 24 else np.float32
    levels = [level for level in getattr(form, "levels", ()) if level is not None]
    wide = form.bits > 32 or any(float(np.float32(v)) != v for v in levels)
    return np.float64 if wide else np.float32


@cache
def _values(form: Any) -> np.ndarray:
    """Return the values of all codes of a format of up to 16 bits."""
    if form.kind != "float":
        values = [np.nan if level is None else level for level in form.levels]
        return np.array(values, held_in(form))
    codes = np.arange(2**form.bits)
    body = codes & (2 ** (form.bits - form.signed) - 1)
    field, mantissa = body >> form.mantissa_bits, body & (2**form.mantissa_bits - 1)
    leading = np.where(form.subnormals & (field == 0), 0, 1)
    exponent = np.maximum(field, int(form.subnormals)) - form.bias
    fraction = leading + mantissa / 2**form.mantissa_bits
    values = np.ldexp(fraction, exponent)
    values[body > form.largest_code] = np.nan
    if form.infinities:
        values[body == form.inf_code] = np.inf
    negative = form.signed & (codes >> (form.bits - 1) == 1)
    return np.where(negative, -values, values).astype(np.float32)
