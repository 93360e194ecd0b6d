"""Signs in packed words: a product of +1 and -1 is XNOR and popcount.

Source: Rastegari et al. 2016 (XNOR-Net), section 3.
"""

from typing import NamedTuple

import numpy as np

from . import _checks
from ._door import door

WORD = 64


class Packed(NamedTuple):
    """Rows of signs, 64 to a word, the first in the lowest bit; bits beyond `length`
    are zero.
    """

    words: np.ndarray
    length: int


@door()
def signs(x: np.ndarray, *, axis: int | None = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return signs (+1 for zero) and the scale with the least squared error beside
    them, the mean of |x|: of each slice along `axis`, or of all.

    >>> signs(np.array([[3.0, -1.0], [0.0, 0.5]]))
    (array([[ 1, -1],
           [ 1,  1]], dtype=int8), array([[2.  ],
           [0.25]]))
    """
    x = _checks.real("x", x)
    others = None
    if axis is not None and not -x.ndim <= axis < x.ndim:
        raise ValueError(f"x {x.shape} has no axis {axis}")
    if axis is not None:
        others = tuple(i for i in range(x.ndim) if i != axis % x.ndim)
    size = np.mean(np.abs(x), axis=others, keepdims=True)
    return np.where(x >= 0, 1, -1).astype(np.int8), size


def pack(values: np.ndarray) -> Packed:
    """Return rows of +1 and -1 as words, a bit a value.

    >>> packed = pack(np.array([[1, -1, 1]]))
    >>> packed.words, packed.length
    (array([[5]], dtype=uint64), 3)
    """
    values = _checks.whole("signs", values, -1, 1)
    if not values.ndim or not values.size or (values == 0).any():
        raise ValueError(
            f"pack takes rows of +1 and -1, got {values.shape} with "
            f"{int((values == 0).sum())} zeros"
        )
    length = values.shape[-1]
    room = -length % WORD
    bits = np.pad(values > 0, [(0, 0)] * (values.ndim - 1) + [(0, room)])
    octets = np.packbits(bits, axis=-1, bitorder="little")
    return Packed(octets.view("<u8").astype(np.uint64), length)


def xnor_product(a: Packed, b: Packed) -> np.ndarray:
    """Return the products of rows of signs with rows of signs: length less twice the
    number of places that differ. Shapes: a M K, b N K, packed -> int64 M N.

    >>> ones = pack(np.array([[1, -1, 1]]))
    >>> xnor_product(ones, pack(np.array([[1, -1, 1], [-1, 1, 1]])))
    array([[ 3, -1]])
    """
    for one in (a, b):
        if not isinstance(one, Packed) or one.words.ndim != 2:
            raise TypeError(f"xnor_product takes two packed matrices, got {one!r:.60}")
    if a.length != b.length:
        raise ValueError(f"rows of {a.length} and of {b.length} signs have no product")
    out = np.empty((len(a.words), len(b.words)), dtype=np.int64)
    for m, row in enumerate(a.words):
        out[m] = np.bitwise_count(row ^ b.words).sum(axis=1, dtype=np.int64)
    return a.length - 2 * out
