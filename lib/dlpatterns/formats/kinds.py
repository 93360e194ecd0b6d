"""What the bits of a format mean: floats, integers, lists of levels, blocks under one
scale.

Importing this module needs only the standard library; `encode`, `decode` and `round`
import NumPy when they are called.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    import numpy as np

NANS = ("ieee", "one", "none")


@dataclass(frozen=True)
class Format:
    """A number format: its width in bits, and how values become codes and codes values.

    `stored_bits` is what a value takes in memory where that is more (TF32 lies in
    memory as FP32).
    """

    name: str
    bits: int
    exponent_bits: int = 0
    mantissa_bits: int = 0
    stored_bits: int | None = None

    def bytes_for(self, count: int) -> int:
        """Return the whole bytes that `count` packed values take."""
        if isinstance(count, bool) or not isinstance(count, int) or count < 0:
            raise ValueError(
                f"{self.name}: a count is a whole number of at least 0, got {count!r}"
            )
        return -(-count * (self.stored_bits or self.bits) // 8)

    @property
    def overflow(self) -> str:
        """Say what becomes of a number too large if the call doesn't: "inf" where the
        format has infinities, else "saturate" to the largest.
        """
        return "saturate"

    def decode(self, codes: Any) -> "np.ndarray":
        """Return the values of codes.

        Float32 where that holds them exactly, else float64; whole numbers as int64.

        Raises: ValueError for a code outside the format.
        """
        from . import _encoding

        return _encoding.decode(self, codes)

    def encode(
        self,
        values: Any,
        rounding: str = "nearest",
        overflow: str | None = None,
        **options: Any,
    ) -> "np.ndarray":
        """Return the codes of values, each rounded once, from its exact value.

        `rounding` is "nearest" (ties to even; away from zero where, without a mantissa,
        neither neighbour is), "nearest_away", "toward_zero", or "stochastic" (up with
        the probability of the remainder), which takes `rng`, or `draws`, whole numbers
        of `draw_bits` bits; "stochastic_fast" and "stochastic_fastest" are its cheaper,
        biased rivals. `overflow` is "saturate",
        "inf", "nan" or, for integers, "error"; None is the format's own. Infinities go
        the same way. A finite number rounded toward zero does not overflow.

        Raises: ValueError for a NaN, an infinity, a sign or a zero that the format does
        not have; TypeError for what is no array of real numbers.
        """
        from . import _encoding

        return _encoding.encode(self, values, rounding, overflow, **options)

    def round(
        self,
        values: Any,
        rounding: str = "nearest",
        overflow: str | None = None,
        **options: Any,
    ) -> "np.ndarray":
        """Return values as the format keeps them: encoded and decoded.

        Float32 in, float32 out where that holds the format's values; else float64.
        """
        from . import _encoding

        return _encoding.rounded(self, values, rounding, overflow, **options)


@dataclass(frozen=True)
class Float(Format):
    """Sign, exponent, mantissa: (-1)^s 2^(E - bias) (1 + M / 2^m); for E = 0 the
    exponent stays that of E = 1 and the leading one goes (subnormals).

    `nans` says what the top exponent means: "ieee" infinity and NaNs, "one" the code of
    all ones is NaN and there are no infinities (OCP's E4M3), "none" numbers only.

    Sources: IEEE 754-2019; OCP 8-bit Floating Point 1.0; OCP Microscaling Formats 1.0.

    >>> Float("fp16", 16, 5, 10).largest
    65504.0
    """

    kind: ClassVar[str] = "float"

    nans: str = "ieee"
    subnormals: bool = True
    signed: bool = True

    def __post_init__(self) -> None:
        if self.signed + self.exponent_bits + self.mantissa_bits != self.bits:
            raise ValueError(
                f"{self.name}: sign {int(self.signed)}, exponent {self.exponent_bits} "
                f"and mantissa {self.mantissa_bits} do not make {self.bits} bits"
            )
        if self.nans not in NANS:
            raise ValueError(f"{self.name}: nans is one of {NANS}, got {self.nans!r}")

    @property
    def bias(self) -> int:
        """Return what is subtracted from the exponent's field."""
        return 2 ** (self.exponent_bits - 1) - 1

    @property
    def infinities(self) -> bool:
        """Tell whether there are codes for infinity."""
        return self.nans == "ieee"

    @property
    def overflow(self) -> str:
        """Return "inf" where there are infinities, else "saturate"."""
        return "inf" if self.infinities else "saturate"

    @property
    def least_exponent(self) -> int:
        """Return the exponent of the smallest normal number."""
        return (1 if self.subnormals else 0) - self.bias

    @property
    def largest_code(self) -> int:
        """Return the code of the largest finite number."""
        if self.nans == "ieee":
            return ((2**self.exponent_bits - 1) << self.mantissa_bits) - 1
        width = self.exponent_bits + self.mantissa_bits
        return 2**width - 1 - (self.nans == "one")

    @property
    def inf_code(self) -> int | None:
        """Return the code of plus infinity, None if there is none."""
        return self.largest_code + 1 if self.infinities else None

    @property
    def nan_code(self) -> int | None:
        """Return the code written for NaN (the quiet one), None if there is none."""
        if self.nans == "none":
            return None
        quiet = 2 ** (self.mantissa_bits - 1) if self.infinities else 0
        return self.largest_code + 1 + quiet

    @property
    def largest(self) -> float:
        """Return the largest finite number."""
        return self._value(self.largest_code)

    @property
    def smallest_normal(self) -> float:
        """Return the smallest positive number with a leading one."""
        return 2.0**self.least_exponent

    @property
    def smallest(self) -> float:
        """Return the smallest positive number."""
        below = self.mantissa_bits if self.subnormals else 0
        return 2.0 ** (self.least_exponent - below)

    @property
    def epsilon(self) -> float:
        """Return the gap between 1 and the next larger number."""
        return 2.0**-self.mantissa_bits

    def _value(self, code: int) -> float:
        """Return the value of a code without sign, infinities and NaNs."""
        field, mantissa = divmod(code, 2**self.mantissa_bits)
        if self.subnormals and field == 0:
            return mantissa * self.smallest
        fraction = 1 + mantissa / 2**self.mantissa_bits
        return fraction * 2.0 ** (field - self.bias)

    def fields(self, code: int) -> tuple[str, str, str]:
        """Return the bits of a code as three texts: sign, exponent, mantissa.

        >>> Float("fp8_e4m3", 8, 4, 3, nans="one").fields(0b0_0111_000)
        ('0', '0111', '000')
        """
        if not isinstance(code, int) or not 0 <= code < 2**self.bits:
            raise ValueError(
                f"{self.name}: a code is 0 to {2**self.bits - 1}, got {code!r}"
            )
        text, middle = f"{code:0{self.bits}b}", int(self.signed) + self.exponent_bits
        return text[: int(self.signed)], text[int(self.signed) : middle], text[middle:]


@dataclass(frozen=True)
class Integer(Format):
    """Whole numbers; with a sign in two's complement, the top bit weighs -2^(bits - 1).

    >>> Integer("int8", 8).lowest, Integer("int8", 8).highest
    (-128, 127)
    """

    kind: ClassVar[str] = "integer"

    signed: bool = True

    def __post_init__(self) -> None:
        if not 1 <= self.bits <= 32:
            raise ValueError(f"{self.name}: 1 to 32 bits, got {self.bits}")

    @property
    def lowest(self) -> int:
        """Return the smallest number."""
        return -(2 ** (self.bits - 1)) if self.signed else 0

    @property
    def highest(self) -> int:
        """Return the largest number."""
        return 2 ** (self.bits - self.signed) - 1


@dataclass(frozen=True)
class Levels(Format):
    """A list of values, the code is the place in it; None where a code means nothing.

    `nearest` is nearest in value; halfway between two levels the even code wins, so
    that zero becomes +1 in `binary`. Where the list has no zero, nothing can be rounded
    toward it.
    """

    kind: ClassVar[str] = "levels"

    levels: tuple[float | None, ...] = ()

    def __post_init__(self) -> None:
        values = [level for level in self.levels if level is not None]
        if len(values) != len(set(values)) or len(self.levels) != 2**self.bits:
            raise ValueError(
                f"{self.name}: {2**self.bits} levels for {self.bits} bits, None for a "
                f"code without one, no two alike; got {self.levels}"
            )


@dataclass(frozen=True)
class _Shared(Format):
    """Elements that share a scale: `size` neighbours along the last axis."""

    bits: float = 0.0
    element: Format | None = None
    scale: Format | None = None
    size: int = 32

    def __post_init__(self) -> None:
        if self.element is None or self.scale is None or self.size < 1:
            raise ValueError(f"{self.name} needs an element, a scale and a size")
        object.__setattr__(self, "bits", self.element.bits + self._beside / self.size)
        for what in ("exponent_bits", "mantissa_bits"):
            object.__setattr__(self, what, getattr(self.element, what))

    @property
    def _beside(self) -> int:
        return self.scale.bits

    def bytes_for(self, count: int) -> int:
        """Return the whole bytes that `count` values take, in whole blocks."""
        Format.bytes_for(self.element, count)
        blocks = -(-count // self.size)
        return -(-blocks * (self.size * self.element.bits + self._beside) // 8)

    def decode(self, codes: Any) -> "np.ndarray":
        """Refuse: a code alone has no value here."""
        raise ValueError(f"{self.name}: a code needs its scale; use decode_blocks")

    def encode(self, values: Any, *args: Any, **options: Any) -> "np.ndarray":
        """Refuse: there are scales as well as codes."""
        raise ValueError(f"{self.name} makes scales and codes; use encode_blocks")

    def encode_blocks(
        self, values: Any, rounding: str = "nearest", **options: Any
    ) -> tuple:
        """Return scales and codes of values, in blocks along the last axis.

        An empty last axis gives no blocks. A block of zeros has the smallest scale.

        Raises: ValueError if the last axis is not whole blocks, or a value is NaN or
        infinite.
        """
        from . import _blocks

        return _blocks.encode(self, values, rounding, **options)

    def decode_blocks(self, *parts: Any) -> "np.ndarray":
        """Return the values of what `encode_blocks` returned, float64."""
        from . import _blocks

        return _blocks.decode(self, *parts)

    def round(
        self,
        values: Any,
        rounding: str = "nearest",
        overflow: str | None = None,
        **options: Any,
    ) -> "np.ndarray":
        """Return values as the blocks keep them; elements too large saturate."""
        from . import _blocks

        return _blocks.rounded(self, values, rounding, overflow, **options)


@dataclass(frozen=True)
class Block(_Shared):
    """Blocks under one scale. With scales of E8M0 (MX) the scale is the power of two
    that brings the largest magnitude into the element's top binade, rounded **down**;
    with scales of E4M3 (NVFP4) it maps the largest to the element's largest, and one
    FP32 number for the whole tensor keeps the scales in range.

    Integers are fixed point: 8 bits are n / 64 (MXINT8).

    Sources: OCP Microscaling Formats 1.0, section 6.3; NVIDIA 2025, arXiv:2509.25149.
    """

    kind: ClassVar[str] = "block"


@dataclass(frozen=True)
class Groups(_Shared):
    """Groups with a scale and a zero point: value = scale x (code - zero), the range of
    a group widened to hold 0, which is exact.
    """

    kind: ClassVar[str] = "groups"

    @property
    def _beside(self) -> int:
        return self.scale.bits + self.element.bits


def products_that_fit(first: Format, second: Format, accumulator: Format) -> int:
    """Return how many products of two formats' extreme values an accumulator holds
    without overflow, whatever the operands: 0 if it cannot hold one.

    >>> byte = Integer("int8", 8)
    >>> products_that_fit(byte, byte, Integer("int16", 16))
    1
    >>> products_that_fit(byte, byte, Integer("int32", 32))
    131071
    """
    extremes = [_extremes(form) for form in (first, second, accumulator)]
    products = [a * b for a in extremes[0] for b in extremes[1]]
    low, high = extremes[2]
    fits = [int(high // max(products))] if max(products) > 0 else []
    fits += [int(low // min(products))] if min(products) < 0 else []
    return min(fits)


def _extremes(form: Format) -> tuple[float, float]:
    if isinstance(form, Integer):
        return form.lowest, form.highest
    if isinstance(form, Float):
        return -form.largest * form.signed, form.largest
    raise TypeError(f"a float or an integer format has extremes, got {form!r:.60}")
