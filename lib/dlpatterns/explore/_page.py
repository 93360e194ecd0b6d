"""Explorers on a static page: the starting frame, and all frames as data."""

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from html import escape
from importlib.resources import files
from itertools import groupby

from ..show import Frame
from ..show._figures import Drawing, named, svg
from ..show._svg import variables
from ._choices import Choice
from ._frames import start_of

ELEMENT = re.compile(r"<[^/][^<]*(?:</[^<]*)*|[^<]+")


@cache
def script() -> str:
    """Return the code that switches frames."""
    return files(__package__).joinpath("explore.js").read_text(encoding="utf-8")


def page(plan: Mapping[str, Choice], frames: Sequence[Frame]) -> str:
    """Return the explorer as HTML: the starting frame, and for the script that follows
    the controls and all frames as data.

    Where no script runs (GitHub, a notebook that is not trusted) there are no controls
    either, rather than dead ones. The frames are read when the explorer comes into
    view.
    """
    sized = _of_one_size(frames)
    first = sized[start_of(plan)]
    style = variables("".join(frame.drawing.inside for frame in sized if frame.drawing))
    figure = first.table + f'<figcaption aria-live="polite">{escape(first.caption)}'
    if first.drawing:
        figure = svg(first.drawing, first.alt, first.drawing.inside) + figure
    controls = {
        "choices": [choice.names for choice in plan.values()],
        "start": [choice.start for choice in plan.values()],
        "controls": "".join(map(_control, plan.values())),
    }
    return (
        f'<div class="dlp-explore">{style if first.drawing else ""}'
        f'<figure class="dlp-figure">{figure}</figcaption></figure>{_packed(controls)}'
        f"{_packed(_shared(sized))}<script>{script()}</script></div>"
    )


def _packed(data: object) -> str:
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    text = text.replace("</", "<\\/").replace("<!--", "\\u003c!--")
    return f'<script type="application/json">{text}</script>'


def _of_one_size(frames: Sequence[Frame]) -> list[Frame]:
    """Return the frames with all figures as large as the largest, so that the box keeps
    its size, and with ids that no other explorer of the page has.
    """
    if not frames[0].drawing:
        return list(frames)
    drawings = [frame.drawing for frame in frames]
    width = max(one.width for one in drawings)
    height = max(one.height for one in drawings)
    least = min(one.smallest for one in drawings)
    every = "".join(frame.caption for frame in frames)
    return [
        Frame(
            frame.caption,
            frame.text,
            frame.alt,
            _framed(frame.drawing, named(frame, every), (width, height, least)),
            frame.table,
        )
        for frame in frames
    ]


def _framed(one: Drawing, inside: str, size: tuple[float, float, float]) -> Drawing:
    """Return a drawing in the middle of a larger sheet."""
    dx, dy = (size[0] - one.width) / 2, (size[1] - one.height) / 2
    if dx or dy:
        inside = f'<g transform="translate({dx:.1f} {dy:.1f})">{inside}</g>'
    return Drawing(inside, *size)


def _shared(frames: Sequence[Frame]) -> dict:
    """Return the frames with every piece that several have said once."""
    pieces: dict[str, int] = {}
    return {
        "frames": [
            {
                "svg": _ranges(_numbered(frame.drawing.inside, pieces))
                if frame.drawing
                else "",
                "table": _ranges(_numbered(frame.table, pieces)),
                "alt": frame.alt,
                "caption": frame.caption,
            }
            for frame in frames
        ],
        "pieces": list(pieces),  # the frames above have filled it
    }


def _numbered(html: str, pieces: dict[str, int]) -> list[int]:
    """Return the numbers of a text's elements, and give new ones the next number."""
    return [pieces.setdefault(one, len(pieces)) for one in ELEMENT.findall(html)]


def _ranges(numbers: Iterable[int]) -> str:
    """Return numbers with those that follow each other as ranges.

    >>> _ranges([0, 1, 2, 7, 9, 10])
    '0-2 7 9-10'
    """
    runs = groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0])
    ends = [[number for _, number in run] for _, run in runs]
    return " ".join(
        str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in ends
    )


def _control(choice: Choice) -> str:
    """Return a native input inside its label, with a button beside it that plays."""
    label, last = escape(choice.label), len(choice.values) - 1
    if choice.kind == "slider":
        name = escape(choice.names[choice.start])
        widest = max(map(_columns, choice.names))
        return (
            f'<span class="dlp-control"><label><span>{label}</span> <input '
            'type="range" '
            f'min="0" max="{last}" step="1" value="{choice.start}" autocomplete="off" '
            f'aria-valuetext="{name}"> <output aria-live="off" style="min-width:'
            f'{widest + 1}ch">{name}</output></label>'
            f"{_button(label) * choice.play}</span>"
        )
    if choice.kind == "switch":
        return (
            '<label><input type="checkbox" autocomplete="off"'
            f"{' checked' * choice.start}> <span>{label}</span></label>"
        )
    options = "".join(
        (
            "<option "
            f'value="{i}"{" selected" * (i == choice.start)}>{escape(name)}</option>'
        )
        for i, name in enumerate(choice.names)
    )
    return (
        f'<label><span>{label}</span> <select autocomplete="off">{options}</select>'
        "</label>"
    )


def _button(label: str) -> str:
    return (
        f'<button type="button" class="dlp-play" aria-label="Play {label}">▶</button>'
    )


def _columns(text: str) -> int:
    """Return how many columns a text is wide; a Chinese character is two.

    >>> _columns("12 层")
    5
    """
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)
