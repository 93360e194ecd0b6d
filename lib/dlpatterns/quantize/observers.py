"""Which range of values to cover: observers see batches and then say a range.

`MinMax` and `MovingAverage` follow PyTorch's observers of those names, `Percentile` and
`KL` ONNX Runtime's histogram collector; `MSE` searches the clipping with the least
squared error, for which the two have no common definition.

>>> watch = MinMax()
>>> watch.see(np.array([-1.0, 2.0]))
>>> watch.see(np.array([0.5, 3.0]))
>>> watch.range()
(array(-1.), array(3.))
"""

from abc import ABC, abstractmethod

import numpy as np

from . import _checks
from ._door import door
from .affine import Affine, Axis, Scheme, slices

Range = tuple[np.ndarray, np.ndarray]
TINY = 1e-290  # below, a bin's width would be no number
MOST_BINS = 2**22  # on either side of zero


class Observer(ABC):
    """Sees batches, and says which range to cover."""

    axis: Axis = None

    @abstractmethod
    def see(self, x: np.ndarray) -> None:
        """Take a batch into account.

        Raises: ValueError for an empty batch, NaN or infinity.
        """

    @abstractmethod
    def range(self) -> Range:
        """Return the least and the largest value to cover.

        Raises: ValueError if no batch was seen.
        """

    def affine(self, scheme: Scheme) -> Affine:
        """Return the scale and zero point that a scheme needs for the range."""
        if not isinstance(scheme, Scheme):
            raise TypeError(f"scheme is a Scheme, got {scheme!r:.60}")
        return scheme.over(*self.range(), axis=self.axis)

    def _seen(self, what: object) -> None:
        if what is None:
            raise ValueError(
                f"{type(self).__name__} has seen no batch; call see(x) first"
            )


class MinMax(Observer):
    """The least and the largest value ever seen, of all or of each channel.

    Source: torch.ao.quantization's MinMaxObserver and PerChannelMinMaxObserver.
    """

    def __init__(self, *, axis: Axis = None) -> None:
        self.axis, self._range = axis, None

    def see(self, x: np.ndarray) -> None:
        parts = slices(_checks.real("a batch", x), axis=self.axis)
        low, high = parts.min(axis=-1), parts.max(axis=-1)
        old = self._range
        self._range = (low, high) if old is None else self._joined(old, low, high)

    def _joined(self, old: Range, low: np.ndarray, high: np.ndarray) -> Range:
        return np.minimum(old[0], low), np.maximum(old[1], high)

    def range(self) -> Range:
        self._seen(self._range)
        return tuple(np.asarray(end, dtype=np.float64) for end in self._range)


class MovingAverage(MinMax):
    """An average of each batch's least and largest value in which older batches fade:
    new = old + constant x (batch - old).

    Source: torch.ao.quantization's MovingAverageMinMaxObserver.
    """

    def __init__(self, constant: float = 0.01, *, axis: Axis = None) -> None:
        super().__init__(axis=axis)
        self.constant = _checks.number("constant", constant, 0, 1)

    def _joined(self, old: Range, low: np.ndarray, high: np.ndarray) -> Range:
        return tuple(
            before + self.constant * (now - before)
            for before, now in zip(old, (low, high), strict=True)
        )


class _Histogram(Observer):
    """Counts values in bins that grow by whole bins on both sides when a batch goes
    beyond them, as ONNX Runtime's collector does.
    """

    def __init__(self, bins: int) -> None:
        self.bins = _checks.count("bins", bins, 2)
        self.counts: np.ndarray | None = None
        self.edge, self.least, self.largest = 0.0, np.inf, -np.inf

    def see(self, x: np.ndarray) -> None:
        x = _checks.real("a batch", x).ravel()
        self.least = min(self.least, float(x.min()))
        self.largest = max(self.largest, float(x.max()))
        edge = float(np.abs(x).max())
        if self.counts is None:
            self.counts, self.edge = np.zeros(self.bins, dtype=np.int64), edge
        elif edge > self.edge:
            self._grow(edge)
        edge = self._outer
        self.counts = self.counts + np.histogram(x, len(self.counts), (-edge, edge))[0]

    def _grow(self, edge: float) -> None:
        if self.edge < TINY:
            self.edge = edge
            return
        width = 2 * self.edge / len(self.counts)
        if edge / width > MOST_BINS:
            raise ValueError(
                f"a batch reaches {edge:.3g}, the first reached {self.edge:.3g}: bins "
                "of one width for both are too many; show a typical batch first"
            )
        more = int((edge - self.edge) // width + 1)
        self.counts = np.pad(self.counts, more)
        self.edge += more * width

    @property
    def _outer(self) -> float:
        return 0.5 if self.edge < TINY else self.edge

    @property
    def edges(self) -> np.ndarray:
        """The edges of the bins, one more than there are bins."""
        return np.linspace(-self._outer, self._outer, len(self.counts) + 1)

    def _within(self, low: float, high: float) -> Range:
        """Return a range, cut to what was seen; all that was seen, if one bin holds it
        and nothing would be left (ONNX Runtime turns the range around there).
        """
        low, high = max(low, self.least), min(high, self.largest)
        ends = (low, high) if low <= high else (self.least, self.largest)
        return tuple(map(np.asarray, ends))


class Percentile(_Histogram):
    """Leaves out the outermost values: the bins in which the given percentile of all
    values is reached, half of the rest cut at either end.

    Source: onnxruntime's calibrate.py, `compute_percentile`, not symmetric.
    """

    def __init__(self, percentile: float = 99.999, *, bins: int = 2048) -> None:
        super().__init__(bins)
        self.percentile = _checks.number("percentile", percentile, 0, 100)

    def range(self) -> Range:
        self._seen(self.counts)
        cut = (100 - self.percentile) / 200
        share = np.cumsum(self.counts / self.counts.sum())
        places = np.searchsorted(share, [cut, 1 - cut])
        return self._within(*self.edges[np.minimum(places, len(self.counts))])


class KL(_Histogram):
    """Clips where the histogram, merged into a few levels, tells least about the
    clipped one: least Kullback-Leibler divergence over all symmetric thresholds.

    Source: Migacz 2017 (TensorRT), as onnxruntime's `get_entropy_threshold` computes
    it, its whole-number levels and its smoothing included.
    """

    def __init__(self, *, bins: int = 2048, levels: int = 128) -> None:
        super().__init__(bins)
        self.levels = _checks.count("levels", levels, 2, bins)

    def range(self) -> Range:
        self._seen(self.counts)
        middle, half = len(self.counts) // 2, self.levels // 2
        halves = range(half, middle + 1)
        best = halves[int(np.argmin([self._divergence(i) for i in halves]))]
        ends = (middle - best, min(middle + best + 1, len(self.counts)))
        return self._within(*self.edges[list(ends)])

    def _divergence(self, half: int) -> float:
        middle = len(self.counts) // 2
        start, end = middle - half, min(middle + half + 1, len(self.counts))
        inside = self.counts[start:end]
        clipped = inside.copy()
        clipped[0] += self.counts[:start].sum()
        clipped[-1] += self.counts[end:].sum()
        p, q = (_smooth(one) for one in (clipped, self._merged(inside, clipped)))
        if p is None or q is None:
            return np.inf
        p, q = p / p.sum(), q / q.sum()
        return float(np.sum(p * np.log(p / q)))

    def _merged(self, inside: np.ndarray, clipped: np.ndarray) -> np.ndarray:
        """Return the bins merged into the levels and spread evenly over what is not
        empty.
        """
        width = len(inside) // self.levels
        used = self.levels * width
        sums = inside[:used].reshape(self.levels, width).sum(axis=1)
        sums[-1] += inside[used:].sum()
        filled = (clipped[:used] != 0).reshape(self.levels, width).sum(axis=1)
        each = np.divide(sums, filled, out=np.zeros(self.levels), where=filled > 0)
        spread = np.zeros(len(inside), dtype=np.int64)
        spread[:used] = np.repeat(each.astype(np.int64), width)
        return spread


def _smooth(counts: np.ndarray, eps: float = 0.0001) -> np.ndarray | None:
    """Return counts whose zeros became `eps`, taken from the others; None if all are
    zero.
    """
    empty = counts == 0
    if empty.all():
        return None
    taken = eps * empty.sum() / (~empty).sum()
    return (counts + np.where(empty, eps, -taken)).astype(np.float32)


class MSE(Observer):
    """Clips where rounding and clipping together do the least squared error, of 100
    shares of the range from least to largest, of all or of each channel.

    It keeps what it has seen. Source: the search of Banner et al. 2019 by trial.
    """

    def __init__(self, scheme: Scheme, *, axis: Axis = None, steps: int = 100) -> None:
        if not isinstance(scheme, Scheme):
            raise TypeError(f"MSE needs the scheme it clips for, got {scheme!r:.60}")
        self.scheme, self.axis = scheme, axis
        self.steps = _checks.count("steps", steps)
        self._parts: list[np.ndarray] = []

    def see(self, x: np.ndarray) -> None:
        self._parts.append(slices(_checks.real("a batch", x), axis=self.axis))

    def range(self) -> Range:
        self._seen(self._parts or None)
        return least_error(
            np.concatenate(self._parts, axis=-1), self.scheme, self.steps
        )


@door()
def least_error(parts: np.ndarray, scheme: Scheme, steps: int = 100) -> Range:
    """Return for each row the share of its range with the least squared error.

    Shapes: parts (..., values) -> low (...), high (...).
    """
    _checks.count("steps", steps)
    low, high = parts.min(axis=-1), parts.max(axis=-1)
    shares = np.arange(1, steps + 1) / steps
    errors = [_error(parts, scheme, low * share, high * share) for share in shares]
    best = shares[np.argmin(errors, axis=0)]
    return low * best, high * best


def _error(
    parts: np.ndarray, scheme: Scheme, low: np.ndarray, high: np.ndarray
) -> np.ndarray:
    how = scheme.over(low, high)
    scale, zero = how.scale[..., None], how.zero_point[..., None]
    codes = np.clip(np.rint(parts / scale) + zero, scheme.low, scheme.high)
    return np.mean(((codes - zero) * scale - parts) ** 2, axis=-1)


@door()
def fit_least_error(
    x: np.ndarray, scheme: Scheme, *, axis: Axis = None, group: int | None = None
) -> Affine:
    """Return scales that clip a tensor, or each of its channels or groups, for the
    least squared error.
    """
    parts = slices(_checks.real("x", x), axis=axis, group=group)
    return scheme.over(*least_error(parts, scheme), axis=axis, group=group)
