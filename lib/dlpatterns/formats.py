"""Number formats by name: how many bits a value takes and how they are spent.

>>> get("bf16").bits, get("bf16").exponent_bits, get("bf16").mantissa_bits
(16, 8, 7)
>>> get("int4").bytes_for(3)
2
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Format:
    """A number format: its total width in bits, and for floating point the widths of exponent and mantissa."""

    name: str
    bits: int
    exponent_bits: int = 0
    mantissa_bits: int = 0

    def bytes_for(self, count: int) -> int:
        """Return the whole bytes that `count` packed values take."""
        return -(-count * self.bits // 8)


FORMATS = {
    form.name: form
    for form in (
        Format("fp64", 64, 11, 52),
        Format("fp32", 32, 8, 23),
        Format("tf32", 19, 8, 10),
        Format("bf16", 16, 8, 7),
        Format("fp16", 16, 5, 10),
        Format("fp8_e4m3", 8, 4, 3),
        Format("fp8_e5m2", 8, 5, 2),
        Format("fp4_e2m1", 4, 2, 1),
        Format("int32", 32),
        Format("int16", 16),
        Format("int8", 8),
        Format("int4", 4),
        Format("int1", 1),
    )
}


def get(name: str) -> Format:
    """Return the format of that name.

    Raises: ValueError that lists the known names.
    """
    if name not in FORMATS:
        raise ValueError(f"unknown number format {name!r}; known: {', '.join(FORMATS)}")
    return FORMATS[name]
