"""Row stationary: what each element of the array holds, drawn."""

from typing import Any

from ... import show

FILTER_ROWS, OUTPUT_ROWS = 3, 4


def row_stationary() -> tuple:
    """Draw the elements of one set: element (r, p) keeps filter row r and meets input
    row p + r; columns add up to an output row. Returns the figure and the pairs.
    """
    fig, axes = show.subplots(figsize=(4.6, 2.9))
    axes.set(xlim=(-0.1, OUTPUT_ROWS + 0.1), ylim=(FILTER_ROWS + 0.75, -0.1))
    axes.axis("off")
    hues = ("sky", "blue", "green", "pink", "olive", "grey")
    pairs = []
    for r in range(FILTER_ROWS):
        for p in range(OUTPUT_ROWS):
            pairs.append((r + 1, p + r + 1))
            _element(axes, (r, p), pairs[-1], show.colour(hues[p + r]))
    for p in range(OUTPUT_ROWS):
        axes.text(
            p + 0.5, FILTER_ROWS + 0.4, f"↓ output {p + 1}", ha="center", va="center"
        )
    return fig, pairs


def _element(axes: Any, at: tuple[int, int], rows: tuple[int, int], hue: str) -> None:
    (r, p), (kept, met) = at, rows
    edges = [p + 0.05, p + 0.95], [r + 0.05] * 2, [r + 0.95] * 2
    axes.fill_between(*edges, facecolor=hue, edgecolor=show.INK, linewidth=1)
    style = {"ha": "center", "va": "center", "color": "white", "fontsize": 11}
    axes.text(p + 0.5, r + 0.33, f"filter {kept}", **style)
    axes.text(p + 0.5, r + 0.67, f"input {met}", **style)
