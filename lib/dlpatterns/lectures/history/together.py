"""The digit rules for many images side by side: the same answers without a branch that
depends on the image.
"""

import numpy as np

from .digits import INK, PARSED

SIDE = 12  # 8 pixels, a margin of paper, a wall
ROW = np.arange(SIDE * SIDE) // SIDE - 2


def read_together(images: np.ndarray) -> np.ndarray:
    """Return the digit of the first rule that holds for each image. Shapes: N 1 8 8 ->
    N.
    """
    seen = look_together(images[:, 0])
    holds = [
        np.all([test(seen[name], bound) for name, test, bound in conditions], axis=0)
        for _, conditions in PARSED
    ]
    return np.array([digit for digit, _ in PARSED])[np.argmax(holds, axis=0)]


def look_together(images: np.ndarray) -> dict[str, np.ndarray]:
    """Return what `digits.look` sees, one array a glance. Shapes: N 8 8 -> N each."""
    ink = (images > INK).astype(int)
    number, size, height = holes_together(ink)
    return {
        "holes": number,
        "size": size,
        "height": height,
        "head": ink[:, 0].sum(axis=1),
        "foot": ink[:, 7].sum(axis=1),
        "mirror": np.abs(images - images[:, :, ::-1]).sum(axis=(1, 2)),
        "waist": _strokes(ink[:, 1]) + _strokes(ink[:, 6]),
        "crossings": _strokes(ink[:, :, 3]) + _strokes(ink[:, :, 4]),
        "middle": images[:, 3:5, 3:5].sum(axis=(1, 2)),
        "upper_left": images[:, 1:4, :3].sum(axis=(1, 2)),
        "upper_right": images[:, 1:4, 5:].sum(axis=(1, 2)),
        "lower_left": images[:, 4:7, :3].sum(axis=(1, 2)),
        "lower_right": images[:, 4:7, 5:].sum(axis=(1, 2)),
    }


def _strokes(lines: np.ndarray) -> np.ndarray:
    return lines[:, 0] + np.maximum(np.diff(lines, axis=1), 0).sum(axis=1)


def holes_together(ink: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return how many holes each image has, the places of its largest one, and their
    mean row.
    """
    labels, _ = patches(ink)
    labels = labels.reshape(len(ink), -1)
    sizes = _sizes(labels)
    sizes[:, labels[0, SIDE + 1]] = 0  # what the margin reaches
    largest = (sizes * SIDE * SIDE + np.arange(SIDE * SIDE)).argmax(axis=1)
    chosen = labels == largest[:, None]
    size = chosen.sum(axis=1)
    return (sizes > 0).sum(axis=1), size, chosen @ ROW / np.maximum(size, 1)


def _sizes(labels: np.ndarray) -> np.ndarray:
    """Return how many places carry each label, ink left out. Shapes: N place -> N
    patch.
    """
    kinds = SIDE * SIDE + 1
    offset = np.arange(len(labels))[:, None] * kinds
    counts = np.bincount((labels + offset).ravel(), minlength=len(labels) * kinds)
    return counts.reshape(len(labels), kinds)[:, :-1]


def patches(ink: np.ndarray) -> tuple[np.ndarray, int]:
    """Label connected paper with its first place, by letting the smallest label spread
    until none changes; return labels and rounds. Shapes: N 8 8 -> N 12 12.

    Ink and wall keep a label that no paper has.
    """
    wall = np.pad(
        np.pad(ink, ((0, 0), (1, 1), (1, 1))),
        ((0, 0), (1, 1), (1, 1)),
        constant_values=1,
    )
    none = SIDE * SIDE
    labels = np.where(wall == 1, none, np.arange(none).reshape(SIDE, SIDE))
    rounds, changed = 0, True
    while changed:
        before = labels.copy()
        for near, far in (
            (np.s_[:, 1:], np.s_[:, :-1]),
            (np.s_[:, :-1], np.s_[:, 1:]),
            (np.s_[:, :, 1:], np.s_[:, :, :-1]),
            (np.s_[:, :, :-1], np.s_[:, :, 1:]),
        ):
            labels[near] = np.minimum(labels[near], before[far])
        labels[wall == 1] = none
        rounds, changed = rounds + 1, bool((labels != before).any())
    return labels, rounds
