"""A handwritten digit as a person looks at it: holes, strokes, symmetry, where the ink
is; the rules a person made of that, and the numbers a classifier gets instead.
"""

import operator
from collections.abc import Callable
from types import SimpleNamespace

import numpy as np

from ... import tracing

INK = 0.4  # a pixel above it counts as ink

DIGIT_RULES = """
8: holes >= 2
0: holes >= 1, size >= 5
9: holes >= 1, height <= 2.7, lower_left < 1.2, upper_left >= 2
3: holes >= 1, height <= 2.7, lower_left < 1.2
4: holes >= 1, height <= 3.6, foot <= 2
8: holes >= 1, height <= 2.7
6: holes >= 1, upper_right < 1
8: holes >= 1
1: crossings <= 2, middle >= 2.5, waist <= 2, lower_left < 2
0: middle < 1, mirror < 15
6: upper_right < 0.9, lower_right >= 2.3, lower_left >= 1.6
2: foot >= 4, lower_right < 2.3, upper_left < 3
5: upper_left >= 2.6, upper_right < 2.2, lower_left < 2.2
7: foot <= 2, lower_right < 2.3, head >= 3
4: foot <= 2, lower_right < 2.3
1: middle >= 3.5
9: lower_left < 1.8, upper_left >= 2.4, upper_right >= 1.5
3: lower_left < 1.8
4: middle >= 0"""

COMPARE = {
    ">=": operator.ge,
    "<=": operator.le,
    "<": operator.lt,
}
Condition = tuple[str, Callable, float]


def parsed(rules: str = DIGIT_RULES) -> list[tuple[int, list[Condition]]]:
    """Return the rules as pairs of digit and conditions, in order."""
    pairs = (line.split(": ") for line in rules.strip().splitlines())
    return [
        (int(digit), [_condition(text) for text in conditions.split(", ")])
        for digit, conditions in pairs
    ]


def _condition(text: str) -> Condition:
    name, sign, bound = text.split()
    return name, COMPARE[sign], float(bound)


PARSED = parsed()
PLAIN = SimpleNamespace(
    flags=lambda test: test.astype(int), table=dict, value=lambda x: x
)
WATCHED = SimpleNamespace(
    flags=lambda test: tracing.trace(test.astype(int), "ink"),
    table=lambda places: tracing.Table("paper", places),
    value=tracing.Value,
)


def flood(free: dict, start: tuple[int, int]) -> list[int]:
    """Take away all free places that can be reached from the start; return the row of
    each.
    """
    rows, waiting = [], [start]
    while waiting:
        r, c = waiting.pop()
        if free[r, c]:
            free[r, c] = False
            rows.append(r - 2)
            waiting += [(r - 1, c), (r + 1, c), (r, c - 1), (r, c + 1)]
    return rows


def holes(ink: np.ndarray, kit: SimpleNamespace = PLAIN) -> list[list[int]]:
    """Return the rows of every patch of paper that ink shuts in, the smallest patch
    first.
    """
    walled = np.pad(np.pad(ink, 1), 1, constant_values=1)  # paper, then a wall
    places = list(np.ndindex(12, 12))
    free = kit.table({place: walled[place] == 0 for place in places})
    flood(free, (1, 1))
    return sorted((rows for place in places if (rows := flood(free, place))), key=len)


def strokes(line: np.ndarray) -> int:
    """Return how many runs of ink a line crosses."""
    return line[0] + np.maximum(line[1:] - line[:-1], 0).sum()


def look(image: np.ndarray, kit: SimpleNamespace = PLAIN) -> SimpleNamespace:
    """Return what a person would look at: holes, strokes, symmetry, where the ink
    is.
    """
    ink = kit.flags(image > INK)
    patches = holes(ink, kit)
    largest = patches[-1] if patches else []
    return SimpleNamespace(
        flags=ink,
        holes=kit.value(len(patches)),
        size=kit.value(len(largest)),
        height=kit.value(sum(largest) / max(1, len(largest))),
        head=ink[0].sum(),
        foot=ink[7].sum(),
        mirror=np.abs(image - image[:, ::-1]).sum(),
        waist=strokes(ink[1]) + strokes(ink[6]),
        crossings=strokes(ink[:, 3]) + strokes(ink[:, 4]),
        middle=image[3:5, 3:5].sum(),
        upper_left=image[1:4, :3].sum(),
        upper_right=image[1:4, 5:].sum(),
        lower_left=image[4:7, :3].sum(),
        lower_right=image[4:7, 5:].sum(),
    )


def by_rules(image: np.ndarray, kit: SimpleNamespace = PLAIN) -> tuple[int, str]:
    """Return the digit of the first rule that holds, and the rule's words."""
    seen = look(image, kit)
    for (digit, conditions), words in zip(PARSED, WORDS, strict=True):
        if all(test(getattr(seen, name), bound) for name, test, bound in conditions):
            return digit, words
    raise ValueError("no rule holds; the last one must hold for every image")


WORDS = [
    line.split(": ")[1].replace("_", " ") for line in DIGIT_RULES.strip().splitlines()
]
SIZES = np.array([1, 8, 4, 16] + [2] * 16 + [2] * 16)


def features(image: np.ndarray, kit: SimpleNamespace = PLAIN) -> list:
    """Return hand-made features: holes, strokes of each row and column, ink of 2 x 2
    squares, symmetry.
    """
    seen = look(image, kit)
    lines = [strokes(line) for line in [*seen.flags, *seen.flags.T]]
    squares = [
        image[r : r + 2, c : c + 2].sum()
        for r in range(0, 8, 2)
        for c in range(0, 8, 2)
    ]
    return [seen.holes, seen.size, seen.height, seen.mirror, *lines, *squares]


def prepared(images: np.ndarray) -> np.ndarray:
    """Return the features of many images, each feature brought to a like size. Shapes:
    N 1 8 8 -> N 36.
    """
    return np.array([features(image[0]) for image in images], dtype=float) / SIZES


def listed_rules() -> str:
    """Return the rules as a folded list in Markdown."""
    count = len(PARSED)
    return (
        f"<details><summary>All {count} rules, each with its digit in front</summary>"
        f"\n\n```text{DIGIT_RULES}\n```\n\n</details>"
    )
