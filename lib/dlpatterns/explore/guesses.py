"""What a reader types as a guess, read as a number.

`predicting.js` reads guesses by the same rules, from the same table of scales;
tests/test_predict.py compares the two.
"""

import math
import re
import unicodedata

SCALES = {
    **dict.fromkeys(("thousand", "千", "k", "K"), 1e3),
    **dict.fromkeys(("million", "mio", "M"), 1e6),
    **dict.fromkeys(("billion", "bn", "G", "g"), 1e9),
    **dict.fromkeys(("trillion", "T", "t"), 1e12),
    **dict.fromkeys(("quadrillion", "P"), 1e15),
    **dict.fromkeys(("%", "percent", "per cent"), 1e-2),
    **{"dozen": 12, "hundred": 1e2, "万": 1e4, "亿": 1e8, "E": 1e18, "Z": 1e21},
    **dict.fromkeys(("µ", "μ", "u"), 1e-6),
    **{"n": 1e-9, "times": 1, "x": 1, "*": 1, "fold": 1, "-fold": 1},
}
MILLI = ("s", "J", "W", "V", "A", "Wh")  # bases before which m is a thousandth
BYTES = ("b", "byte", "bytes", "bit", "bits", "b/s")  # where 5 B is not five billion
LARGEST, SMALLEST = 1e100, 1e-100
UNIT = r"([kMGTPEmµμn])((?:B|bit|bits|bytes?|MACs?|FLOP|Hz|s|J|W|Wh)(?:/\w+)?)"
NUMBER = r"((?:\d[\d.,]*|\.\d+)(?:e[-+]?\d+)?)"
POWER = NUMBER + r"(?:\s*(?:\^|\*\*)\s*([-+]?\d{1,6}))?"
GUESS = rf"([-+]?)\s*{POWER}(?:\s*([*x/])\s*{POWER})?\s*(.*)"
SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-")
CANNOT_READ = (
    "That is not a number I can read. Try 1500, 1,500, 1e9, 15.5 G, 1/3 or 20 %."
)


def parse(text: str, unit: str = "") -> float:
    """Return the number that a guess means, in that unit.

    Thousands separators, full-width digits, powers, fractions, percentages and SI
    prefixes are read; a prefix counts against the unit's own.
    Raises: ValueError with a kind word where the text is not one number.

    >>> parse("１５．５ G"), parse("1/3"), parse("1,234"), parse("2^10"), parse("5 %")
    (15500000000.0, 0.3333333333333333, 1234.0, 1024.0, 0.05)
    >>> parse("15.5 G", "GMAC"), parse("15500 MMAC", "GMAC"), parse("20 %", "%")
    (15.5, 15.5, 20.0)
    """
    if not (typed := tidied(text)):
        raise ValueError("Type a number first; a rough guess is enough.")
    if not (found := re.fullmatch(GUESS, typed, re.IGNORECASE)):
        raise ValueError(CANNOT_READ)
    sign, first, raised, operator, second, raised_too, rest = found.groups()
    try:
        value = plain(first) ** int(raised or 1)
        if operator:
            other = plain(second) ** int(raised_too or 1)
            value = value / other if operator == "/" else value * other
    except (OverflowError, ZeroDivisionError):
        value = math.inf
    value *= scale(rest, unit, first)
    if value != 0 and not SMALLEST <= abs(value) <= LARGEST:
        raise ValueError("That is beyond all numbers. Try a smaller one.")
    return -value if sign == "-" else value


def tidied(text: str) -> str:
    """Return a text with the many ways of writing digits and signs made one."""
    raised = re.compile(r"[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻]+")
    text = raised.sub(lambda found: "^" + found[0].translate(SUPERSCRIPTS), text)
    text = unicodedata.normalize("NFKC", text).strip()
    for old, new in (("⁄", "/"), ("÷", "/"), ("−", "-"), ("–", "-"), ("、", ",")):
        text = text.replace(old, new)
    text = re.sub("[×·∙✕]", "*", text)
    text = re.sub(r"^(?:[~≈=]|about|around|roughly|ca\.?|大约|约)\s*", "", text)
    return re.sub(r"(\d)[\s_'’](?=\d{3}(?!\d))", r"\1", text)


def plain(token: str) -> float:
    """Return the number of a token with thousands separators or a decimal comma."""
    digits, e, power = token.lower().partition("e")
    if re.fullmatch(r"[1-9]\d{0,2}(,\d{3})+(\.\d*)?", digits):
        digits = digits.replace(",", "")
    elif re.fullmatch(r"[1-9]\d{0,2}(\.\d{3}){2,}", digits):
        digits = digits.replace(".", "")
    elif re.fullmatch(r"\d*,\d+", digits):
        digits = digits.replace(",", ".")
    elif not re.fullmatch(r"\d+\.?\d*|\.\d+", digits):
        raise ValueError(CANNOT_READ)
    return float(digits + e + power)


def scale(rest: str, unit: str, read: str = "") -> float:
    """Return what a number is multiplied by for the prefix, word or unit behind it.

    Raises: ValueError with a kind word if it is neither.
    """
    own, base = parts(unit)
    whole = rest = rest.strip().rstrip(".").strip()
    if not rest or same(rest, unit):
        return 1
    if base and rest.lower().endswith(base.lower()):
        rest = rest[: len(rest) - len(base)].strip()
    if not rest:
        return 1 / own
    if rest == "m" and base in MILLI:
        return 1e-3 / own
    if rest in ("b", "B") and base.lower() not in BYTES:
        return 1e9 / own
    if (factor := SCALES.get(rest, SCALES.get(rest.lower()))) is None or rest == "m":
        here = f" The unit here is {unit}." if unit else ""
        hint = " For a million write M." if rest == "m" else ""
        raise ValueError(f"I can read {read}, but not “{whole}”.{hint}{here}")
    return factor if factor == 1 else factor / own


def same(rest: str, unit: str) -> bool:
    """Tell whether two units are the same but for case and a plural's s."""
    unit = tidied(unit)
    return rest.lower().rstrip("s") == unit.lower().rstrip("s")


def parts(unit: str) -> tuple[float, str]:
    """Return the factor and the base of a unit.

    >>> parts("GMAC"), parts("million images"), parts("% of all"), parts("MAC")
    ((1000000000.0, 'MAC'), (1000000.0, 'images'), (0.01, 'of all'), (1, 'MAC'))
    """
    if unit.startswith("%"):
        return 1e-2, unit[1:].strip()
    word, _, base = unit.partition(" ")
    if len(word) > 2 and word in SCALES:
        return SCALES[word], base
    if found := re.fullmatch(UNIT, unit):
        return (1e-3 if found[1] == "m" else SCALES[found[1]]), found[2]
    return 1, unit
