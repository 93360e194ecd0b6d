"""Numbers to codes the plain way: one rounding, exact for every format and rounding.

`form` is a format of `kinds`, known by its `kind`: "float", "integer" or "levels".
"""

from typing import Any

import numpy as np

DRAWN = ("stochastic", "stochastic_fast", "stochastic_fastest")
ROUNDINGS = ("nearest", "nearest_away", "toward_zero", *DRAWN)
DRAW_BITS = 32


def code_type(form: Any) -> type:
    """Return the NumPy type of a format's codes: unsigned, wide enough."""
    widths = {8: np.uint8, 16: np.uint16, 32: np.uint32, 64: np.uint64}
    return next(kind for width, kind in widths.items() if form.bits <= width)


def limit_code(form: Any, overflow: str) -> int | None:
    """Return the code that stands for what is too large."""
    codes = {"inf": form.inf_code, "nan": form.nan_code}
    return codes.get(overflow, form.largest_code)


# --- Which of two neighbours ----------------------------------------------------------


class Rule:
    """Tells which numbers go to their upper neighbour, by the remainder between."""

    def __init__(
        self,
        rounding: str,
        rng: np.random.Generator | None = None,
        draws: Any = None,
        draw_bits: int = DRAW_BITS,
    ) -> None:
        if rounding not in ROUNDINGS:
            raise ValueError(
                f"rounding is one of {', '.join(ROUNDINGS)}; got {rounding!r}"
            )
        if rounding not in DRAWN and (rng is not None or draws is not None):
            raise ValueError(f"{rounding} draws nothing; leave out rng and draws")
        whole = isinstance(draw_bits, int) and not isinstance(draw_bits, bool)
        if not whole or not 1 <= draw_bits <= DRAW_BITS:
            raise ValueError(f"draw_bits is 1 to {DRAW_BITS}, got {draw_bits!r}")
        if rng is not None and not isinstance(rng, np.random.Generator):
            raise TypeError(f"rng is a numpy.random.Generator, got {rng!r:.40}")
        self.rounding, self.bits = rounding, draw_bits
        self.rng, self.draws = rng, draws

    def up(self, rest: np.ndarray, lower: np.ndarray) -> np.ndarray:
        """Return who goes up: `rest` in [0, 1) is the distance above `lower`, a whole
        number of units.
        """
        if self.rounding == "nearest":
            return (rest > 0.5) | ((rest == 0.5) & (lower & 1 == 1))
        if self.rounding == "nearest_away":
            return rest >= 0.5
        if self.rounding == "toward_zero":
            return np.zeros(rest.shape, bool)
        return self._drawn(rest)

    def _drawn(self, rest: np.ndarray) -> np.ndarray:
        """Return whether remainder and draw together reach the next code."""
        limit, draws = 2.0**self.bits, self._draws(rest.shape)
        if self.rounding == "stochastic":
            return np.rint(rest * limit) + draws >= limit
        half = 0.5 if self.rounding == "stochastic_fast" else 0.0
        return np.floor(rest * limit + half) + draws >= limit

    def _draws(self, shape: tuple[int, ...]) -> np.ndarray:
        if self.draws is None:
            rng = self.rng or np.random.default_rng()
            return rng.integers(0, 2**self.bits, shape)
        draws = np.asarray(self.draws)
        if draws.dtype.kind not in "iu" or draws.shape not in (shape, ()):
            raise ValueError(
                f"draws are whole numbers of shape {shape}, got {draws.dtype} of shape "
                f"{draws.shape}"
            )
        if draws.size and not 0 <= int(draws.min()) <= int(draws.max()) < 2**self.bits:
            raise ValueError(f"draws are 0 to {2**self.bits - 1}, got {draws}")
        return draws


# --- Codes ---------------------------------------------------------------------------


def plain(form: Any, x: np.ndarray, rule: Rule, overflow: str) -> np.ndarray:
    """Return the codes of an array, computed in float64 without a rounding but one."""
    with np.errstate(invalid="ignore"):  # a signalling NaN becomes a quiet one
        x = x.astype(np.float64)
    if form.kind == "float":
        return _float_codes(form, x, rule, overflow)
    if np.isnan(x).any():
        raise ValueError(f"{form.name} has no NaN, and there is one in the values")
    if form.kind == "integer":
        return _integer_codes(form, x, rule, overflow)
    return _level_codes(form, x, rule)


def _float_codes(form: Any, x: np.ndarray, rule: Rule, overflow: str) -> np.ndarray:
    _require_kinds(form, x)
    finite = np.isfinite(x)
    code = _magnitude(form, np.where(finite, np.abs(x), 1.0), rule)
    limit = limit_code(form, overflow)
    large = form.largest_code if rule.rounding == "toward_zero" else limit
    code = np.where(code > form.largest_code, large, code)
    code = np.where(np.isinf(x), limit, code)
    if form.nan_code is not None:
        code = np.where(np.isnan(x), form.nan_code, code)
    sign = np.signbit(x).astype(np.uint64) << np.uint64(form.bits - 1)
    code = code.astype(np.uint64) | (sign if form.signed else np.uint64(0))
    return code.astype(code_type(form))


def _require_kinds(form: Any, x: np.ndarray) -> None:
    """Refuse what a format has no code for."""
    lacking = {
        "NaN": form.nan_code is None and np.isnan(x).any(),
        "negative number": not form.signed and (x < 0).any(),
        "zero": not form.subnormals and (x == 0).any(),
    }
    for what in (word for word, found in lacking.items() if found):
        raise ValueError(f"{form.name} has no {what}, and there is one in the values")


def _magnitude(form: Any, size: np.ndarray, rule: Rule) -> np.ndarray:
    """Return codes without sign: the size in units of its last place, rounded.

    The scaling is by a power of two, so that quotient and remainder are exact. A carry
    out of the mantissa runs into the exponent by itself.
    """
    exponent = np.where(size == 0, form.least_exponent, np.frexp(size)[1] - 1)
    exponent = np.maximum(exponent, form.least_exponent)
    places = np.ldexp(size, form.mantissa_bits - exponent)
    whole = np.floor(places)
    binade = (exponent - form.least_exponent).astype(np.int64) << form.mantissa_bits
    whole = whole.astype(np.int64)
    lower = binade + whole
    if not form.subnormals:
        lower -= 1 << form.mantissa_bits
    return np.maximum(lower + rule.up(places - whole, whole), 0)


def _integer_codes(form: Any, x: np.ndarray, rule: Rule, overflow: str) -> np.ndarray:
    # beyond 2^53 numbers are whole, and far outside every format
    size = np.minimum(np.abs(x), 2.0**53)
    whole = np.floor(size)
    lower = whole.astype(np.int64)
    result = np.copysign(lower + rule.up(size - whole, lower), x).astype(np.int64)
    outside = (result < form.lowest) | (result > form.highest)
    if overflow == "error" and outside.any():
        raise ValueError(
            f"{form.name} holds {form.lowest} to {form.highest}, got {x[outside][0]:g}"
        )
    result = np.clip(result, form.lowest, form.highest)
    return (result & (2**form.bits - 1)).astype(code_type(form))


def _level_codes(form: Any, x: np.ndarray, rule: Rule) -> np.ndarray:
    pairs = sorted((v, code) for code, v in enumerate(form.levels) if v is not None)
    values, codes = np.array([p[0] for p in pairs]), np.array([p[1] for p in pairs])
    if rule.rounding in ("toward_zero", "nearest_away") and 0.0 not in values:
        raise ValueError(f"{form.name} has no zero; take nearest or stochastic")
    x = np.clip(x, values[0], values[-1])
    inner = np.searchsorted(values, x, "right") - 1
    if 0.0 in values:  # the neighbour nearer zero, so that "up" means away from it
        inner = np.where(x < 0, np.searchsorted(values, x, "left"), inner)
        outer = np.clip(inner + np.where(x < 0, -1, 1), 0, len(values) - 1)
    else:
        outer = np.minimum(inner + 1, len(values) - 1)
    gap = values[outer] - values[inner]
    rest = np.divide(x - values[inner], gap, out=np.zeros(x.shape), where=gap != 0)
    return codes[np.where(rule.up(rest, codes[inner]), outer, inner)].astype(np.uint8)
