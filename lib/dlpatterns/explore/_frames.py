"""The frames of an explorer: one for each combination of its choices."""

import zlib
from collections.abc import Callable, Mapping, Sequence
from itertools import product

from ..show import Frame
from ._choices import Choice

MOST_BYTES = 300_000  # of the frames of one explorer, compressed


def all_drawn(draw: Callable[..., Frame], plan: dict[str, Choice]) -> list[Frame]:
    """Return a frame for each combination; the last choice varies fastest.

    Raises: ValueError if they have different parts, or compressed are more than 300 kB.
    """
    combinations = list(product(*(choice.values for choice in plan.values())))
    frames, weight, packer = [], 0, zlib.compressobj(6)
    for values in combinations:
        frame = drawn(draw, dict(zip(plan, values, strict=True)))
        frames.append(frame)
        weight += len(packer.compress(_bytes(frame)))
        weight += len(packer.flush(zlib.Z_SYNC_FLUSH))
        if weight > MOST_BYTES:
            raise ValueError(_too_heavy(plan, weight, len(frames), len(combinations)))
    if len({(bool(frame.drawing), bool(frame.table)) for frame in frames}) > 1:
        raise ValueError(
            "all frames of an explorer need the same parts: a figure, a table, or both"
        )
    return frames


def _bytes(frame: Frame) -> bytes:
    inside = frame.drawing.inside if frame.drawing else ""
    return "".join((frame.caption, frame.alt, frame.table, inside)).encode()


def _too_heavy(plan: Mapping[str, Choice], weight: int, drawn: int, of: int) -> str:
    return (
        f"{drawn} of the {of} frames of this explorer are {weight / 1000:.0f} kB "
        f"compressed already, at most {MOST_BYTES // 1000} kB go on a page: offer "
        "fewer "
        f"values of {', '.join(plan)}, draw fewer points, or show smaller pictures"
    )


def drawn(draw: Callable[..., Frame], values: Mapping) -> Frame:
    """Return the frame for these values; an error says which they were."""
    try:
        made = draw(**values)
    except Exception as error:
        error.add_note(f"while explore called draw({_named(values)})")
        raise
    if not isinstance(made, Frame):
        raise TypeError(
            f"draw({_named(values)}) must return show.frame(...), got "
            f"{type(made).__name__}"
        )
    return made


def _named(values: Mapping) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in values.items())


def start_of(plan: Mapping[str, Choice]) -> int:
    """Return the index of the frame with all starting values."""
    index = 0
    for choice in plan.values():
        index = index * len(choice.values) + choice.start
    return index


def listing(plan: Mapping[str, Choice], frames: Sequence[Frame]) -> str:
    """Return the values behind every frame, one paragraph each, for the tests to
    compare.
    """
    names = product(*(choice.names for choice in plan.values()))
    heads = (
        ", ".join(
            f"{choice.label} = {name}"
            for choice, name in zip(plan.values(), row, strict=True)
        )
        for row in names
    )
    return "\n\n".join(
        f"[{head}]\n{frame.text}" for head, frame in zip(heads, frames, strict=True)
    )
