"""The moving picture of the first page: a filter slides over a map, and every sum can
be checked by hand.
"""

from collections.abc import Sequence

MAP = (
    (3, 1, 4, 1, 5),
    (9, 2, 6, 5, 3),
    (5, 8, 9, 7, 9),
    (3, 2, 3, 8, 4),
    (6, 2, 6, 4, 3),
)
FILTER = ((-1, 0, 1), (-2, 0, 2), (-1, 0, 1))
CELL, TOP, SECONDS = 36, 34, 20
LEFTS = {"map": 8, "filter": 224, "output": 368}
STYLE = """
.dlp-window text{font:16px system-ui,sans-serif;text-anchor:middle;fill:currentColor}
.dlp-window rect{fill:none;stroke:currentColor;stroke-opacity:.35}
.dlp-window .at{fill:#1f77b4;fill-opacity:.28;stroke:#1f77b4;stroke-opacity:1}
.dlp-window .at{stroke-width:2.5}
.dlp-window .sum{opacity:0}
.dlp-window .sum:last-of-type{opacity:1}
.dlp-moving:has(input:checked) *{animation-play-state:paused!important}
@media print{.dlp-moving label{display:none}}
@media (prefers-reduced-motion:reduce){.dlp-window *{animation:none!important}
.dlp-moving label{display:none}}
"""
Rows = Sequence[Sequence[int]]


def products(row: int, column: int) -> list[tuple[int, int]]:
    """Return the pairs of a filter's value and the map's value under it."""
    return [
        (FILTER[r][s], MAP[row + r][column + s]) for r in range(3) for s in range(3)
    ]


def outputs() -> list[int]:
    """Return the sum of products at each of the nine places, row by row."""
    places = [(p, q) for p in range(3) for q in range(3)]
    return [sum(a * b for a, b in products(*place)) for place in places]


def sentence(step: int) -> str:
    """Return the sum of one place, written out without the products with zero.

    >>> sentence(0)
    '−1·3 + 1·4 − 2·9 + 2·6 − 1·5 + 1·9 = −1'
    """
    pairs = [(a, b) for a, b in products(*divmod(step, 3)) if a]
    terms = " ".join(f"{'−' if a < 0 else '+'} {abs(a)}·{b}" for a, b in pairs)
    text = terms.removeprefix("+ ").replace("− ", "−", 1 if terms[0] == "−" else 0)
    return f"{text} = {signed(outputs()[step])}"


def signed(number: int) -> str:
    """Return a number with a true minus sign.

    >>> signed(-6)
    '−6'
    """
    return f"{number}".replace("-", "−")


def drawing() -> str:
    """Return the picture as HTML that needs no script: it moves by itself, can be
    stopped, and stands still for whom motion disturbs.
    """
    numbers = [outputs()[3 * row : 3 * row + 3] for row in range(3)]
    alt = (
        "A filter of three by three numbers slides over a map of five by five; at each "
        "of nine places the products are added up and written into the output: "
        f"{', '.join(map(signed, outputs()))}."
    )
    parts = [window(), grid("map", MAP), grid("filter", FILTER)]
    parts += [grid("output", numbers), *(spoken(step) for step in range(9))]
    return (
        f'<figure class="dlp-moving"><style>{STYLE}{"".join(map(moves, range(9)))}'
        f"{path()}</style>"
        f'<svg class="dlp-window" viewBox="0 0 484 262" role="img" aria-label="{alt}">'
        f"{''.join(parts)}</svg>"
        '<label><input type="checkbox"> hold still</label></figure>'
    ).replace("\n", "")


def grid(name: str, rows: Rows) -> str:
    """Return a grid of numbers under its name; those of the output come in turn."""
    left, size = LEFTS[name], CELL
    middle = left + size * len(rows) / 2
    found = [f'<text x="{middle:g}" y="{TOP - 12}">{name}</text>']
    for r, row in enumerate(rows):
        for s, value in enumerate(row):
            x, y = left + size * s, TOP + size * r
            place = f' class="out o{3 * r + s}"' if name == "output" else ""
            found.append(f'<rect x="{x}" y="{y}" width="{size}" height="{size}"/>')
            start = f'<text{place} x="{x + size / 2:g}" y="{y + 24}">'
            found.append(f"{start}{signed(value)}</text>")
    return "".join(found)


def window() -> str:
    """Return the frame that slides; where nothing moves, it stands at the end."""
    x, y, size = LEFTS["map"], TOP, 3 * CELL
    return (
        f'<rect class="at" style="animation:dlp-path {SECONDS}s steps(1) infinite;'
        f'transform:translate({2 * CELL}px,{2 * CELL}px)" '
        f'x="{x}" y="{y}" width="{size}" height="{size}"/>'
    )


def spoken(step: int) -> str:
    """Return the sum of one place as a line below the grids."""
    style = f"animation:dlp-s{step} {SECONDS}s steps(1) infinite"
    return f'<text class="sum" style="{style}" x="242" y="246">{sentence(step)}</text>'


def moves(step: int) -> str:
    """Return when the sum of a place is seen, and from when its output is."""
    start, end = 10 * step, 10 * step + 10
    seen = f"0%{{opacity:{int(step == 0)}}}{start}%{{opacity:1}}"
    gone = f"{end}%{{opacity:0}}" if step < 8 else ""
    return (
        f"@keyframes dlp-s{step}{{{seen}{gone}}}@keyframes dlp-o{step}{{{seen}}}"
        f".dlp-window .o{step}{{animation:dlp-o{step} {SECONDS}s steps(1) infinite}}"
    )


def path() -> str:
    """Return the way of the frame over the nine places."""
    stops = [
        f"{10 * step}%{{transform:translate({CELL * q}px,{CELL * p}px)}}"
        for step, (p, q) in enumerate((p, q) for p in range(3) for q in range(3))
    ]
    return f"@keyframes dlp-path{{{''.join(stops)}}}"
