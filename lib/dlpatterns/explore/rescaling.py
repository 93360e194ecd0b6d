"""A sum of an integer kernel on its way to a code, by two rules of rounding, bit by
bit; computed in the page by `rescaling.js`. Without JavaScript the first sum stands
there.
"""

import json
from functools import cache
from importlib.resources import files

from IPython.display import display

from ..quantize import fixed

HEADS = ("rule", "double", "single")
KEY = {"exponent": "kept", "sign": "cut by the shift", "mantissa": "cut before it"}


@cache
def script() -> str:
    """Return the code that rescales."""
    return files(__package__).joinpath("rescaling.js").read_text(encoding="utf-8")


def rescale(total: int, scale: float) -> None:
    """Show a sum times a scale in integers, by both rules; the reader changes both.

    Raises: ValueError for a sum beyond 32 bits, or a scale that is not positive or is
    beyond 2^30; and where the rescaled sum does not fit 32 bits.
    """
    if not scale > 0:
        raise ValueError(f"a scale is a number above zero, got {scale!r}")
    words, found = described(total, scale), steps(total, scale)
    head = "".join(f'<th scope="col">{name}</th>' for name in HEADS)
    lines = "".join(
        f'<tr><th scope="row">{name}</th>{_cells(values)}</tr>'
        for name, *values in found
    )
    key = " ".join(
        f'<span><span class="dlp-bit dlp-{field}"></span> {what}</span>'
        for field, what in KEY.items()
    )
    data = json.dumps({"total": int(total), "scale": float(scale)})
    page = (
        '<div class="dlp-rescale"><figure class="dlp-figure"><div class="dlp-bit-row" '
        'role="group" aria-label="the product in bits: kept, cut last, cut first">'
        f'{_bits(total, scale)}</div><p class="dlp-bit-key">{key}</p>'
        f'<table class="dlp-table"><thead><tr>{head}</tr></thead><tbody>{lines}</tbody>'
        f'</table><output aria-live="polite">{words}</output></figure>'
        f'<script type="application/json">{data}</script>'
        f"<script>{script()}</script></div>"
    )
    plain = "\n".join([words, *(f"{name}: {', '.join(v)}" for name, *v in found)])
    display({"text/html": page, "text/plain": plain}, raw=True)


def steps(total: int, scale: float) -> list[tuple[str, ...]]:
    """Return what the rules make of a sum, step by step: one value for both, or two."""
    multiplier, shift = fixed.quantise_multiplier(scale)
    right = max(-shift, 0)
    high = fixed.requantize(total, multiplier, max(shift, 0), "double")
    ends = [fixed.requantize(total, multiplier, shift, rule) for rule in fixed.RULES]
    return [
        ("times the multiplier, 64 bits", _said(_product(total, scale))),
        ("cut by 31 bits and rounded", _said(high), "–"),
        (f"cut by {right} more, or by {31 + right} at once", *map(_said, ends)),
    ]


def _cells(values: list[str]) -> str:
    wide = ' colspan="2"' if len(values) == 1 else ""
    return "".join(f"<td{wide}>{value}</td>" for value in values)


def described(total: int, scale: float) -> str:
    """Return the exact product, its integers, and whether the rules agree; a text as in
    `rescaling.js`.

    >>> described(-5, 0.25)
    '−5 × 0.25 = −1.250000: multiplier 1,073,741,824, shift −1. Both rules agree.'
    """
    multiplier, shift = fixed.quantise_multiplier(scale)
    both = {
        int(fixed.requantize(total, multiplier, shift, rule)) for rule in fixed.RULES
    }
    end = "Both rules agree." if len(both) == 1 else "The rules differ by one."
    exact = f"{total * scale:.6f}".replace("-", "−")
    return (
        f"{_said(total)} × {scale!r} = {exact}: multiplier {_said(multiplier)}, shift "
        f"{_said(shift)}. {end}"
    )


def _product(total: int, scale: float) -> int:
    multiplier, shift = fixed.quantise_multiplier(scale)
    return (int(total) << max(shift, 0)) * multiplier


def _bits(total: int, scale: float) -> str:
    """Return the product's bits: those kept, those of the shift, and 31 below."""
    product, shift = _product(total, scale), fixed.quantise_multiplier(scale)[1]
    places = 31 + max(-shift, 0)
    wide = max(places + 4, abs(product).bit_length() + 1)
    names = ["exponent"] * (wide - places) + ["sign"] * (places - 31)
    return "".join(
        f'<span class="dlp-bit dlp-{name}">{bit}</span>'
        for name, bit in zip(
            [*names, *["mantissa"] * 31], f"{product % 2**wide:0{wide}b}", strict=True
        )
    )


def _said(number: int) -> str:
    return f"{int(number):,}".replace("-", "−")
