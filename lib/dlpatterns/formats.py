"""Number formats by name: how many bits a value takes and how they are spent.

>>> get("bf16").bits, get("bf16").exponent_bits, get("bf16").mantissa_bits
(16, 8, 7)
>>> get("tf32").bits, get("tf32").bytes_for(1)
(19, 4)
>>> get("int4").bytes_for(3)
2
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Format:
    """A number format: its width in bits, and for floating point the widths of exponent
    and mantissa.

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


FORMATS = {
    form.name: form
    for form in (
        Format("fp64", 64, 11, 52),
        Format("fp32", 32, 8, 23),
        Format("tf32", 19, 8, 10, stored_bits=32),
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
    if not isinstance(name, str) or name not in FORMATS:
        raise ValueError(f"unknown number format {name!r}; known: {', '.join(FORMATS)}")
    return FORMATS[name]
