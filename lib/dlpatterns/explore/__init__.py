"""Interactive figures that live twice from one call: recomputed by a kernel, and
switched on a static page.

`explore(draw, **choices)` draws every combination of the choices once. With a kernel
(JupyterLab, Binder, Colab) it shows ipywidgets that call `draw` again; on a built page,
native inputs and the few lines of `explore.js` switch between the frames drawn before;
without JavaScript and on paper the frame of the starting values stands there.

`predict(question, answer=...)` takes the reader's guess before it shows the answer, and
`predictions()` says how many guesses were near. The only room that imports ipywidgets.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files
from itertools import product
from math import prod
from numbers import Real

from IPython.display import display

from ..show import Frame, number
from .predicting import predict, predictions

__all__ = ["Menu", "Slider", "Switch", "explore", "predict", "predictions"]

MOST_FRAMES = 60
MOST_CHOICES = 3


@dataclass(frozen=True)
class Choice:
    """One thing the reader chooses: its values in order, what each is called, and which
    comes first.
    """

    kind: str
    values: tuple
    names: tuple[str, ...]
    label: str
    start: int


def Slider(
    values: Sequence, *, label: str = "", unit: str = "", start: object = None
) -> Choice:
    """Return a choice among ordered values, shown as a slider with its value beside
    it.
    """
    names = tuple(f"{number(value)} {unit}".strip() for value in values)
    return _choice("slider", values, names, label, start)


def Menu(
    options: Sequence | Mapping[str, object], *, label: str = "", start: object = None
) -> Choice:
    """Return a choice from a menu: a list of values, or names mapped to values."""
    names = tuple(map(str, options))
    values = tuple(options.values()) if isinstance(options, Mapping) else tuple(options)
    return _choice("menu", values, names, label, start)


def Switch(*, label: str = "", start: bool = False) -> Choice:
    """Return a choice between no and yes."""
    return _choice("switch", (False, True), ("off", "on"), label, start)


def _choice(
    kind: str, values: Sequence, names: tuple[str, ...], label: str, start: object
) -> Choice:
    values = tuple(values)
    if len(values) < 2:
        raise ValueError(
            f"a {kind} needs at least two values to choose from, got {values}"
        )
    if twice := {name for name in names if names.count(name) > 1}:
        raise ValueError(
            f"the {kind} {label!r} has two values that both read {min(twice)}; its "
            f"values are {values}"
        )
    if start is not None and start not in values:
        raise ValueError(
            f"the {kind} {label!r} cannot start at {start!r}; its values are {values}"
        )
    return Choice(
        kind, values, names, label, 0 if start is None else values.index(start)
    )


def _as_choice(name: str, given: object) -> Choice:
    """Return the choice itself, or make one: True or False a switch, numbers a slider,
    anything else a menu.
    """
    label = name.replace("_", " ")
    if isinstance(given, Choice):
        return (
            given
            if given.label
            else Choice(given.kind, given.values, given.names, label, given.start)
        )
    if isinstance(given, bool):
        return Switch(label=label, start=given)
    if isinstance(given, Mapping):
        return Menu(given, label=label)
    if not isinstance(given, Sequence) or isinstance(given, str):
        raise TypeError(
            f"{name} must be a Slider, Menu, Switch, or a list of values, got {given!r}"
        )
    return (Slider if all(isinstance(x, Real) for x in given) else Menu)(
        given, label=label
    )


def explore(draw: Callable[..., Frame], /, **choices: object) -> None:
    """Show `draw(**values)`, a frame, for every combination of one to three choices.

    Raises: ValueError if there are no choices, more than three, or more than 60
    combinations, or if some frames have a figure or a table and others not; TypeError
    if `draw` returns anything but a frame of `show.frame`.
    """
    plan = {name: _as_choice(name, given) for name, given in choices.items()}
    if not 1 <= len(plan) <= MOST_CHOICES:
        raise ValueError(
            f"explore takes one to {MOST_CHOICES} choices, got {len(plan)}: "
            f"{', '.join(plan) or 'none'}"
        )
    sizes = [len(choice.values) for choice in plan.values()]
    if prod(sizes) > MOST_FRAMES:
        raise ValueError(
            "explore draws every combination for the page: "
            f"{' × '.join(map(str, sizes))} = {prod(sizes)} frames, "
            f"at most {MOST_FRAMES}; offer fewer values of {', '.join(plan)}"
        )
    frames = [
        _drawn(draw, dict(zip(plan, values, strict=True)))
        for values in product(*(c.values for c in plan.values()))
    ]
    if len({_parts(frame) for frame in frames}) > 1:
        raise ValueError(
            "all frames of an explorer need the same parts: a figure, a table, or "
            "both, and the same photo="
        )
    display(_bundle(draw, plan, frames), raw=True)


def _parts(frame: Frame) -> tuple[bool, bool, bool]:
    return bool(frame.image), bool(frame.table), frame.photo


def _drawn(draw: Callable[..., Frame], values: dict) -> Frame:
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


def _bundle(
    draw: Callable[..., Frame], plan: dict[str, Choice], frames: list[Frame]
) -> dict:
    """Return the one MIME bundle that carries the live widget, the page, and the values
    behind every frame.
    """
    widget = live(draw, plan, frames[_start(plan)])
    return {
        "application/vnd.jupyter.widget-view+json": {
            "version_major": 2,
            "version_minor": 0,
            "model_id": widget.model_id,
        },
        "text/html": page(plan, frames),
        "text/plain": listing(plan, frames),
    }


def _start(plan: dict[str, Choice]) -> int:
    """Return the index of the frame with all starting values; the last choice varies
    fastest.
    """
    index = 0
    for choice in plan.values():
        index = index * len(choice.values) + choice.start
    return index


def listing(plan: dict[str, Choice], frames: list[Frame]) -> str:
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


# --- On a static page -----------------------------------------------------------------


@cache
def _script() -> str:
    return files(__package__).joinpath("explore.js").read_text(encoding="utf-8")


def page(plan: dict[str, Choice], frames: list[Frame]) -> str:
    """Return the explorer as HTML: the starting frame, and for the script that follows
    all frames and the controls as data.

    Where no script runs (GitHub, a notebook that is not trusted) there are no controls
    either, rather than dead ones.
    """
    start = frames[_start(plan)]
    images = list(dict.fromkeys(frame.image_uri() for frame in frames))
    data = {
        "images": images,
        "frames": [
            {
                "image": images.index(frame.image_uri()),
                "width": frame.width,
                "alt": frame.alt,
                "caption": frame.caption,
                "table": frame.table,
            }
            for frame in frames
        ],
        "choices": [
            {"names": choice.names, "start": choice.start} for choice in plan.values()
        ],
        "controls": "".join(map(_control, plan.values())),
    }
    packed = (
        json.dumps(data, ensure_ascii=False)
        .replace("</", "<\\/")
        .replace("<!--", "\\u003c!--")
    )
    figure = start.html().replace("<figcaption>", '<figcaption aria-live="polite">')
    return (
        f'<div class="dlp-explore">{figure}'
        "<script "
        f'type="application/json">{packed}</script><script>{_script()}</script></div>'
    )


def _control(choice: Choice) -> str:
    """Return a native input inside its label."""
    label, last = escape(choice.label), len(choice.values) - 1
    if choice.kind == "slider":
        return (
            f'<label><span>{label}</span> <input type="range" min="0" max="{last}" '
            f'step="1" value="{choice.start}" '
            f'aria-valuetext="{escape(choice.names[choice.start])}"> '
            "<output "
            f'aria-live="off">{escape(choice.names[choice.start])}</output></label>'
        )
    if choice.kind == "switch":
        return (
            f'<label><input type="checkbox"{" checked" * choice.start}> '
            f"<span>{label}</span></label>"
        )
    options = "".join(
        (
            "<option "
            f'value="{i}"{" selected" * (i == choice.start)}>{escape(name)}</option>'
        )
        for i, name in enumerate(choice.names)
    )
    return f"<label><span>{label}</span> <select>{options}</select></label>"


# --- With a kernel --------------------------------------------------------------------


def live(draw: Callable[..., Frame], plan: dict[str, Choice], first: Frame):
    """Return ipywidgets that call `draw` again a moment after a control has moved, and
    show errors in place.
    """
    import ipywidgets

    controls = {name: _widget(choice) for name, choice in plan.items()}
    view = ipywidgets.HTML(first.html())

    def redraw() -> None:
        try:
            view.value = _drawn(
                draw, {name: control.value for name, control in controls.items()}
            ).html()
        # whatever a reader's own draw function raises belongs on the screen
        except Exception as error:
            view.value = (
                "<p "
                f'role="alert"><strong>{escape(type(error).__name__)}</strong>: '
                f"{escape(str(error))}</p>"
            )

    later = _Debounced(redraw)
    for control in controls.values():
        control.observe(lambda change: later(), names="value")
    return ipywidgets.VBox([*controls.values(), view])


def _widget(choice: Choice):
    import ipywidgets

    wide = {"style": {"description_width": "initial"}, "description": choice.label}
    pairs = list(zip(choice.names, choice.values, strict=True))
    if choice.kind == "switch":
        return ipywidgets.Checkbox(value=bool(choice.start), **wide)
    if choice.kind == "slider":
        return ipywidgets.SelectionSlider(options=pairs, index=choice.start, **wide)
    return ipywidgets.Dropdown(options=pairs, index=choice.start, **wide)


class _Debounced:
    """Calls a function once, shortly after the last of several requests; at once where
    no event loop runs.
    """

    WAIT = 0.12  # seconds

    def __init__(self, function: Callable[[], None]) -> None:
        self.function, self.timer = function, None

    def __call__(self) -> None:
        import asyncio

        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return self.function()
        if self.timer:
            self.timer.cancel()
        self.timer = loop.call_later(self.WAIT, self.function)
