"""Number formats by name: what their bits mean, and what numbers become in them.

>>> get("bf16").bits, get("bf16").exponent_bits, get("bf16").mantissa_bits
(16, 8, 7)
>>> get("tf32").bits, get("tf32").bytes_for(1)
(19, 4)
>>> get("int4").bytes_for(3)
2
>>> get("fp8_e4m3").round([0.1, 1.0, 1000.0]).tolist()
[0.1015625, 1.0, 448.0]

| module | holds |
|---|---|
| `kinds` | floats, integers, levels, blocks; needs only the standard library |
| `arithmetic` | sums and products that round after every step, in any order |
| `_encoding`, `_plain`, `_tables`, `_blocks` | arrays to codes and back |
"""

from .kinds import Block, Float, Format, Groups, Integer, Levels, products_that_fit

__all__ = [
    "FORMATS",
    "Block",
    "Float",
    "Format",
    "Groups",
    "Integer",
    "Levels",
    "get",
    "products_that_fit",
]

_FLOATS = (
    Float("fp64", 64, 11, 52),
    Float("fp32", 32, 8, 23),
    Float("tf32", 19, 8, 10, stored_bits=32),
    Float("bf16", 16, 8, 7),
    Float("fp16", 16, 5, 10),
    Float("fp8_e4m3", 8, 4, 3, nans="one"),
    Float("fp8_e5m2", 8, 5, 2),
    Float("fp6_e2m3", 6, 2, 3, nans="none"),
    Float("fp6_e3m2", 6, 3, 2, nans="none"),
    Float("fp4_e2m1", 4, 2, 1, nans="none"),
    Float("fp8_e8m0", 8, 8, 0, nans="one", subnormals=False, signed=False),
    Float("pot4", 4, 3, 0, nans="none"),
    Float("pot8", 8, 7, 0, nans="none"),
)
_INTEGERS = tuple(
    Integer(f"{'int' if signed else 'uint'}{bits}", bits, signed=signed)
    for signed in (True, False)
    for bits in (32, *range(16, 0, -1))
)


def _logarithmic(name: str, bits: int, fraction_bits: int) -> Levels:
    """Return a sign and a base-2 logarithm in fixed point with so many bits behind the
    point; the logarithm's lowest code is zero, its middle one 1.
    """
    half = 2 ** (bits - 1)
    sizes = [2.0 ** ((k - half / 2) / 2**fraction_bits) for k in range(1, half)]
    levels = (0.0, *sizes, None, *(-size for size in sizes))
    return Levels(name, bits, levels=levels)


_LEVELS = (
    _logarithmic("log8", 8, 3),
    _logarithmic("log4", 4, 1),
    Levels("binary", 1, levels=(1.0, -1.0)),
    Levels("ternary", 2, levels=(0.0, 1.0, None, -1.0)),
)
FORMATS = {form.name: form for form in (*_FLOATS, *_INTEGERS, *_LEVELS)}
_BLOCKS = (
    *(
        Block(f"mx{name}", element=FORMATS[name], scale=FORMATS["fp8_e8m0"])
        for name in ("fp8_e4m3", "fp8_e5m2", "fp6_e2m3", "fp6_e3m2", "fp4_e2m1")
    ),
    Block("mxint8", element=FORMATS["int8"], scale=FORMATS["fp8_e8m0"]),
    Block("nvfp4", element=FORMATS["fp4_e2m1"], scale=FORMATS["fp8_e4m3"], size=16),
    Groups("int4_g32", element=FORMATS["uint4"], scale=FORMATS["fp16"], size=32),
    Groups("int4_g128", element=FORMATS["uint4"], scale=FORMATS["fp16"], size=128),
)
FORMATS |= {form.name: form for form in _BLOCKS}


def get(name: str) -> Format:
    """Return the format of that name.

    Raises: ValueError that lists the known names.
    """
    if not isinstance(name, str) or name not in FORMATS:
        raise ValueError(f"unknown number format {name!r}; known: {', '.join(FORMATS)}")
    return FORMATS[name]
