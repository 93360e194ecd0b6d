"""Thirteen blocks under one budget, each as wide as it may be; counted in the page by
`designing.js`. Without JavaScript the first budget's table stands there.
"""

import json
from functools import cache
from importlib.resources import files

from IPython.display import display

from ...hardware import machines
from . import blocks, counts, small

HEADS = ("block", "channels", "weights", "MMAC", "kB (once)", "MACs a byte", "least µs")
LEAST, WIDEST = 4, 2048
MEASURES = {
    "seconds": {"label": "µs an image, at least", "unit": 1e-6, "start": 2},
    "macs": {"label": "MMAC an image", "unit": 1e6, "start": 4},
    "bytes": {"label": "kB an image (once)", "unit": 1e3, "start": 1000},
    "weights": {"label": "thousand weights", "unit": 1e3, "start": 10},
}
HELD = {"seconds": 6, "macs": 3, "bytes": 4, "weights": 2}  # the column of a measure
START = {"measure": "seconds", "budget": 2, "size": 28, "batch": 32, "fused": False}
RECIPES = {
    "5 × 5": ["conv C C 25"],
    "two 3 × 3": ["conv C C 9", "conv C C 9"],
    "3 × 3": ["conv C C 9"],
    "3 × 1, 1 × 3": ["conv C C 3", "conv C C 3"],
    "bottleneck": ["conv C Q 1", "conv Q Q 9", "conv Q C 1"],
    "groups": ["conv C C 9 4", "conv C C 1 4"],
    "groups, shuffled": ["conv C C 9 4", "shuffle C", "conv C C 1 4"],
    "depthwise separable": ["conv C C 9 C", "conv C C 1"],
    "inverted residual": ["conv C W 1", "conv W W 9 W", "last W C 1", "add C"],
    "inverted residual, SE": [
        "conv C W 1", "conv W W 9 W", "excite W S", "last W C 1", "add C",
    ],
    "3 × 3, SE": ["conv C C 9", "excite C S"],
    "dense": [
        "conv C Q 9", "join C Q", "conv C+Q Q 9", "join C+Q Q", "conv C+2Q Q 9",
        "join C+2Q Q", "conv C+3Q C 1",
    ],
    "ghost": ["conv C H 9", "conv H H 9 H", "join H H"],
}  # fmt: skip


@cache
def script() -> str:
    """Return the code that counts blocks in the page."""
    return files(__package__).joinpath("designing.js").read_text(encoding="utf-8")


def widest(kind: str, measure: str, budget: float, **how: object) -> int | None:
    """Return the most channels with which a block stays within a budget, None if the
    fewest are too many. Costs grow with the channels, so halving finds it.
    """
    step = small.STEPS.get(kind, 1)
    low, high = LEAST // step - 1, WIDEST // step
    while low < high:
        middle = (low + high + 1) // 2
        cost = counts.cost(kind, middle * step, **how)[measure]
        fits = cost / MEASURES[measure]["unit"] <= budget
        low, high = (middle, high) if fits else (low, middle - 1)
    return low * step if low * step >= LEAST else None


def rows(measure: str, budget: float, **how: object) -> list[tuple[str, ...]]:
    """Return the table's cells: each block as wide as the budget lets it be."""
    found = []
    for kind in blocks.BODIES:
        channels = widest(kind, measure, budget, **how)
        if channels is None:
            found.append((kind, *["–"] * (len(HEADS) - 1)))
            continue
        cost = counts.cost(kind, channels, **how)
        cells = (
            f"{channels:,}",
            f"{cost['weights']:,}",
            f"{cost['macs'] / 1e6:,.2f}",
            f"{cost['bytes'] / 1e3:,.1f}",
            f"{cost['macs'] / cost['bytes']:,.1f}",
            f"{1e6 * cost['seconds']:,.2f}",
        )
        found.append((kind, *cells))
    return found


def design() -> None:
    """Show the thirteen blocks under a budget that the reader sets."""
    found, chip = rows(**START), machines.get(counts.MACHINE)
    heads = "".join(_head(place, name) for place, name in enumerate(HEADS))
    lines = "".join(
        f'<tr><th scope="row">{kind}</th>{"".join(f"<td>{v}</td>" for v in cells)}</tr>'
        for kind, *cells in found
    )
    data = {
        "recipes": RECIPES,
        "measures": MEASURES,
        "steps": small.STEPS,
        "least": LEAST,
        "widest": WIDEST,
        "peak": chip.peak("fp16"),
        "bandwidth": chip.bandwidth,
        "start": START,
    }
    words = described(found)
    page = (
        '<div class="dlp-blocks"><figure class="dlp-figure"><div class="dlp-scroll" '
        'tabindex="0" role="region" aria-label="blocks under a budget">'
        f'<table class="dlp-table"><thead><tr>{heads}</tr></thead>'
        f"<tbody>{lines}</tbody></table></div>"
        f'<output aria-live="polite">{words}</output></figure>'
        f'<script type="application/json">{json.dumps(data)}</script>'
        f"<script>{script()}</script></div>"
    )
    plain = "\n".join([words, *(", ".join(line) for line in found)])
    display({"text/html": page, "text/plain": plain}, raw=True)


def described(found: list[tuple[str, ...]]) -> str:
    """Return the first budget's sentence, as `designing.js` writes it."""
    able = [line for line in found if line[1] != "–"]
    kind, channels, *_ = max(able, key=lambda line: int(line[1].replace(",", "")))
    label = MEASURES[START["measure"]]["label"]
    return (
        f"At most {START['budget']} {label}: the widest block is {kind}, "
        f"{channels} channels."
    )


def _head(place: int, name: str) -> str:
    measure = next((m for m, column in HELD.items() if column == place), "")
    held = " data-held" if measure == START["measure"] else ""
    return f'<th scope="col" data-measure="{measure}"{held}>{name}</th>'
