"""Blocks: values along the last axis that share a scale, encoded and decoded."""

from typing import Any, NamedTuple

import numpy as np

from . import _encoding

FIXED_POINT = 64  # MXINT8: the code is the value in 64ths


class Blocks(NamedTuple):
    """Values in blocks: a code of the scale a block, a code an element."""

    scales: np.ndarray
    codes: np.ndarray


class ScaledBlocks(NamedTuple):
    """Values in blocks whose scales have a scale of their own (NVFP4), in FP32."""

    scales: np.ndarray
    codes: np.ndarray
    tensor_scale: float


class GroupCodes(NamedTuple):
    """Values in groups: a code of the scale, a zero point, a code an element."""

    scales: np.ndarray
    codes: np.ndarray
    zeros: np.ndarray


def encode(form: Any, values: Any, rounding: str, **options: Any) -> tuple:
    """Return scales and codes, each with a row of blocks for the last axis."""
    blocks = _in_blocks(form, values)
    if form.kind == "groups":
        parts = _grouped(form, blocks, rounding, options)
    elif form.scale.mantissa_bits == 0:
        parts = _powers(form, blocks, rounding, options)
    else:
        parts = _scaled(form, blocks, rounding, options)
    *rows, count, size = blocks.shape
    return parts._replace(codes=parts[1].reshape(*rows, count * size))


def _in_blocks(form: Any, values: Any) -> np.ndarray:
    x = _encoding.as_numbers(values, form.name).astype(np.float64)
    if x.ndim == 0:
        raise ValueError(f"{form.name}: blocks need an axis, got the number {x}")
    if x.shape[-1] % form.size:
        raise ValueError(
            f"{form.name}: the last axis is whole blocks of {form.size}, got shape "
            f"{x.shape}; pad it with zeros"
        )
    if not np.isfinite(x).all():
        raise ValueError(
            f"{form.name}: a block with {x[~np.isfinite(x)][0]} has no scale; the "
            "values must be finite"
        )
    return x.reshape(*x.shape[:-1], x.shape[-1] // form.size, form.size)


def _elements(form: Any, x: np.ndarray, rounding: str, options: dict) -> np.ndarray:
    fixed = FIXED_POINT if form.element.kind == "integer" else 1
    overflow = "saturate"
    return _encoding.encode(form.element, x * fixed, rounding, overflow, **options)


def _powers(form: Any, x: np.ndarray, rounding: str, options: dict) -> Blocks:
    """Encode under powers of two: floor(log2 of the largest) less the exponent of the
    element's top binade, between 2^-127 and 2^127.
    """
    largest = np.abs(x).max(axis=-1, initial=0.0)
    top = 0
    if form.element.kind == "float":
        top = int(np.log2(form.element.largest))
    exponent = np.clip(np.frexp(largest)[1] - 1 - top, -127, 127)
    exponent = np.where(largest == 0, -127, exponent)
    codes = _elements(form, np.ldexp(x, -exponent[..., None]), rounding, options)
    return Blocks((exponent + 127).astype(np.uint8), codes)


def _scaled(form: Any, x: np.ndarray, rounding: str, options: dict) -> ScaledBlocks:
    """Encode under scales that map the largest to the element's largest; one FP32
    number brings the largest scale to the scale format's largest.
    """
    wanted = np.abs(x).max(axis=-1, initial=0.0) / form.element.largest
    with np.errstate(over="ignore"):
        tensor = np.float32(wanted.max(initial=0.0) / form.scale.largest)
    if not np.isfinite(tensor):
        raise ValueError(f"{form.name}: {np.abs(x).max():g} is beyond its FP32 scale")
    tensor = float(tensor) or float(np.finfo(np.float32).smallest_subnormal)
    scales = form.scale.encode(wanted / tensor, overflow="saturate")
    factor = form.scale.decode(scales).astype(np.float64)[..., None] * tensor
    ratio = np.divide(x, factor, out=np.zeros(x.shape), where=factor != 0)
    return ScaledBlocks(scales, _elements(form, ratio, rounding, options), tensor)


def _grouped(form: Any, x: np.ndarray, rounding: str, options: dict) -> GroupCodes:
    """Encode with a scale and a zero point; the range reaches from the least value, or
    0, to the largest, or 0.
    """
    low, high = x.min(axis=-1, initial=0.0), x.max(axis=-1, initial=0.0)
    steps = form.element.highest
    wanted = (high - low) / steps
    if (wanted > form.scale.largest).any():
        raise ValueError(
            f"{form.name}: a range of {(high - low).max():g} is beyond its scale of "
            f"{form.scale.name}"
        )
    scales = form.scale.encode(np.maximum(wanted, form.scale.smallest))
    factor = form.scale.decode(scales).astype(np.float64)
    zeros = form.element.encode(-low / factor)
    shifted = x / factor[..., None] + zeros[..., None]
    codes = form.element.encode(shifted, rounding, **options)
    return GroupCodes(scales, codes, zeros)


def decode(form: Any, *parts: Any) -> np.ndarray:
    """Return the values of scales and codes."""
    wanted = 2 if form.kind == "block" and not form.scale.mantissa_bits else 3
    if len(parts) != wanted:
        raise ValueError(
            f"{form.name} decodes the {wanted} parts that encode_blocks returns, got "
            f"{len(parts)}"
        )
    scales = _scales(form, parts[0])
    elements = form.element.decode(parts[1])
    if elements.shape != (*scales.shape[:-1], scales.shape[-1] * form.size):
        raise ValueError(
            f"{form.name}: scales {scales.shape} are one a block of {form.size}, the "
            f"codes have shape {elements.shape}"
        )
    blocks = elements.reshape(*scales.shape, form.size).astype(np.float64)
    if form.kind == "groups":
        zeros = form.element.decode(parts[2])
        if zeros.shape != scales.shape:
            raise ValueError(
                f"{form.name}: zero points of shape {zeros.shape} for scales of "
                f"{scales.shape}"
            )
        blocks = blocks - zeros[..., None]
    elif form.element.kind == "integer":
        blocks = blocks / FIXED_POINT
    elif wanted == 3:
        scales = scales * _tensor_scale(form, parts[2])
    return (blocks * scales[..., None]).reshape(elements.shape)


def _scales(form: Any, codes: Any) -> np.ndarray:
    scales = form.scale.decode(codes).astype(np.float64)
    if scales.ndim == 0:
        raise ValueError(f"{form.name}: scales lie along an axis, got one number")
    if not np.isfinite(scales).all():
        raise ValueError(f"{form.name}: a scale is NaN or infinite")
    if form.kind == "groups" and (scales <= 0).any():
        raise ValueError(f"{form.name}: a scale is {scales.min():g}, not positive")
    return scales


def _tensor_scale(form: Any, scale: Any) -> float:
    number = isinstance(scale, (float, np.floating))
    if not number or not np.isfinite(scale) or scale <= 0:
        raise ValueError(
            f"{form.name}: the scale of the tensor is a positive number, got {scale!r}"
        )
    return float(scale)


def rounded(
    form: Any,
    values: Any,
    rounding: str,
    overflow: str | None,
    **options: Any,
) -> np.ndarray:
    """Return values as blocks keep them, in the precision that they came in."""
    if overflow not in (None, "saturate"):
        raise ValueError(f"{form.name} saturates its elements; got {overflow!r}")
    kind = _encoding.as_numbers(values, form.name).dtype
    with np.errstate(over="ignore"):
        return decode(form, *encode(form, values, rounding, **options)).astype(kind)
