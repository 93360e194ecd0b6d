"""Bits that the reader flips: value and formula are computed in the page, by
`bits.js`; without JavaScript, and on paper, the first number stands there.
"""

import json
from fractions import Fraction
from functools import cache
from html import escape
from importlib.resources import files

from IPython.display import display

from .. import formats

MOST_BITS = 32


@cache
def script() -> str:
    """Return the code that flips bits."""
    return files(__package__).joinpath("bits.js").read_text(encoding="utf-8")


def bits(*names: str, code: int = 0) -> None:
    """Show the bits of a code in the first of the named formats, to be flipped; the
    others are in a menu.

    Raises: ValueError for no name, for a format other than a float or an integer of up
    to 32 bits, or for a code outside the first.
    """
    if not names:
        raise ValueError("name at least one number format whose bits are shown")
    forms = [_plain(formats.get(name)) for name in names]
    words = described(forms[0], code)
    page = (
        '<div class="dlp-bits"><figure class="dlp-figure">'
        '<div class="dlp-bit-row" role="group" aria-label="bits">'
        f"{_row(forms[0], code)}</div>"
        f'<output aria-live="polite">{words}</output></figure>'
        f'<script type="application/json">{_data(forms, code)}</script>'
        f"<script>{script()}</script></div>"
    )
    plain = f"{' '.join(names)}\n{code:0{forms[0].bits}b}: {_untagged(words)}"
    display({"text/html": page, "text/plain": plain}, raw=True)


def _plain(form: formats.Format) -> formats.Float | formats.Integer:
    known = isinstance(form, (formats.Float, formats.Integer))
    if not known or form.bits > MOST_BITS:
        raise ValueError(
            f"bits are flipped in floats and integers of up to {MOST_BITS} bits, not "
            f"in {form.name}"
        )
    return form


def described(form: formats.Float | formats.Integer, code: int) -> str:
    """Return a code's value and how its bits make it, as HTML; a text as in `bits.js`.

    >>> described(formats.get("fp16"), 0x3E00)
    '<strong>1.5</strong> = 2<sup>15 − 15</sup> × (1 + 1/2)'
    """
    if isinstance(form, formats.Integer):
        value = form.decode([code]).tolist()[0]
        return f"<strong>{_signed(value)}</strong> = {_weights(form, code)}"
    value = form.decode([code]).astype(float).tolist()[0]
    sign, exponent, mantissa = (int(field or "0", 2) for field in form.fields(code))
    leading = 0 if form.subnormals and exponent == 0 else 1
    part = Fraction(mantissa, 2**form.mantissa_bits)
    if not abs(value) <= form.largest or value == 0:
        return f"<strong>{_signed(value)}</strong>"
    field = max(exponent, int(form.subnormals))
    return (
        f"<strong>{_signed(value)}</strong> = {'−' * sign}2<sup>{field} − "
        f"{form.bias}</sup> × ({leading}{f' + {part}' if part else ''})"
    )


def _weights(form: formats.Integer, code: int) -> str:
    top = form.bits - 1
    weights = [2**k for k in range(top, -1, -1) if code >> k & 1]
    if form.signed and code >> top:
        weights[0] *= -1
    return " + ".join(map(_signed, weights)) or "0"


def _signed(value: float) -> str:
    text = f"{value:.17g}" if isinstance(value, float) else str(value)
    if isinstance(value, float) and float(f"{value:g}") == value:
        text = f"{value:g}"
    return text.replace("-", "−").replace("inf", "∞").replace("nan", "NaN")


def _row(form: formats.Float | formats.Integer, code: int) -> str:
    if isinstance(form, formats.Float):
        fields = form.fields(code)
    else:
        text = f"{code:0{form.bits}b}"
        fields = (text[:1], "", text[1:]) if form.signed else ("", "", text)
    names = ("sign", "exponent", "mantissa")
    return "".join(
        f'<span class="dlp-bit dlp-{name}">{bit}</span>'
        for name, field in zip(names, fields, strict=True)
        for bit in field
    )


def _data(forms: list, code: int) -> str:
    """Return what the script must know of the formats, as JSON."""
    known = [_facts(form) for form in forms]
    return json.dumps({"forms": known, "code": code}, separators=(",", ":"))


def _facts(form: formats.Float | formats.Integer) -> dict:
    facts = {"name": escape(form.name), "kind": form.kind, "bits": form.bits}
    facts |= {"signed": form.signed, "mantissa": form.mantissa_bits}
    if isinstance(form, formats.Integer):
        return facts
    return facts | {
        "exponent": form.exponent_bits,
        "bias": form.bias,
        "nans": form.nans,
        "subnormals": form.subnormals,
        "largest": form.largest_code,
        "limit": form.inf_code if form.infinities else form.largest_code,
        "nan": form.nan_code,
    }


def _untagged(html: str) -> str:
    return (
        html.replace("<strong>", "").replace("</strong>", "")
        .replace("<sup>", "^(").replace("</sup>", ")")
    )  # fmt: skip
