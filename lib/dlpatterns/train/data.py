"""The data sets that come with scikit-learn: handwritten digits and two photographs."""

from typing import NamedTuple

import numpy as np
from sklearn.datasets import load_digits, load_sample_images
from sklearn.model_selection import train_test_split

CLASSES = 10


class Split(NamedTuple):
    """Examples to learn from and examples held out, each with its labels."""

    train_x: np.ndarray
    train_y: np.ndarray
    test_x: np.ndarray
    test_y: np.ndarray


def digits(*, test_share: float = 0.25, seed: int = 0) -> Split:
    """Return the 1797 handwritten digits, shuffled by `seed` and split so that both
    parts hold all classes alike.

    Shapes: images float32 N 1 8 8, labels int64 N. Units: ink from 0 (none) to 1.
    Source: UCI optical recognition of handwritten digits (Alpaydin & Kaynak 1998), as
    bundled with scikit-learn.

    >>> [part.shape for part in digits()]
    [(1347, 1, 8, 8), (1347,), (450, 1, 8, 8), (450,)]
    """
    if not 0 < test_share < 1:
        raise ValueError(
            f"test_share is the part held out, between 0 and 1; got {test_share!r}"
        )
    images, labels = load_digits(return_X_y=True)
    images = (images / 16).astype(np.float32).reshape(-1, 1, 8, 8)
    parts = train_test_split(
        images, labels, test_size=test_share, random_state=seed, stratify=labels
    )
    train_x, test_x, train_y, test_y = parts
    return Split(train_x, train_y, test_x, test_y)


def photographs() -> dict[str, np.ndarray]:
    """Return scikit-learn's two colour photographs, "china" and "flower".

    Shapes: float32 3 427 640. Units: intensity from 0 to 1.
    """
    images = load_sample_images().images
    return {
        name: np.ascontiguousarray(image.transpose(2, 0, 1), dtype=np.float32) / 255
        for name, image in zip(("china", "flower"), images, strict=True)
    }
