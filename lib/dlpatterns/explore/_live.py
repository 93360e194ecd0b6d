"""Explorers with a kernel: ipywidgets that draw again."""

from collections.abc import Callable
from html import escape

from ..show import Frame
from ._choices import Choice
from ._frames import drawn

STEP = 700  # milliseconds that a step stays when all are played


def live(draw: Callable[..., Frame], plan: dict[str, Choice], first: Frame):
    """Return ipywidgets that call `draw` again a moment after a control has moved, and
    show errors in place.
    """
    import ipywidgets

    controls = {name: _widget(choice) for name, choice in plan.items()}
    view = ipywidgets.HTML(first.html())

    def redraw() -> None:
        try:
            view.value = drawn(
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
    rows = [_row(plan[name], control) for name, control in controls.items()]
    return ipywidgets.VBox([*rows, view])


def _row(choice: Choice, control):
    """Return a control, with a player beside it if its values are steps."""
    import ipywidgets

    if not choice.play:
        return control
    last = len(choice.values) - 1
    player = ipywidgets.Play(max=last, value=choice.start, interval=STEP)
    ipywidgets.jslink((player, "value"), (control, "index"))
    return ipywidgets.HBox([player, control])


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
