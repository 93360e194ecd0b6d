"""Interactive figures that live twice from one call: recomputed by a kernel, and
switched on a static page.

`explore(draw, **choices)` draws every combination of the choices once. With a kernel
(JupyterLab, Binder, Colab) it shows ipywidgets that call `draw` again; on a built page,
native inputs and the few lines of `explore.js` switch between the frames drawn before;
without JavaScript and on paper the frame of the starting values stands there.

`predict(question, answer=...)` takes the reader's guess before it shows the answer, and
`predictions()` says how many guesses were near. `bits(*formats)` shows a number's bits
to be flipped, `cells(matrix)` a matrix to be filled, `rescale(total, scale)` a sum that
two rules round; all three compute in the page itself.
The only room that imports ipywidgets.

| module | duty |
|---|---|
| `_choices` | sliders, menus, switches |
| `_frames` | the frames of all combinations, and what they say |
| `_page`, `_live` | an explorer without and with a kernel |
| `flipping` | bits that are flipped in the page |
| `filling` | a matrix that is filled in the page, and its sparse formats |
| `rescaling` | a sum rescaled in the page, bit by bit, by two rules of rounding |
| `predicting`, `guesses` | predictions, and how a guess is read |
"""

from collections.abc import Callable

from IPython.display import display

from ..show import Frame
from ._choices import Menu, Slider, Switch, planned
from ._frames import all_drawn, listing, start_of
from ._live import live
from ._page import page
from .filling import cells
from .flipping import bits
from .predicting import predict, predictions
from .rescaling import rescale

__all__ = [
    "Menu",
    "Slider",
    "Switch",
    "bits",
    "cells",
    "explore",
    "predict",
    "predictions",
    "rescale",
]


def explore(draw: Callable[..., Frame], /, **choices: object) -> None:
    """Show `draw(**values)`, a frame, for every combination of one to three choices.

    Raises: ValueError if there are no choices or more than three, if the frames are too
    many bytes for a page, or if some have a figure or a table and others not; TypeError
    if `draw` returns anything but a frame of `show.frame`.
    """
    plan = planned(choices)
    frames = all_drawn(draw, plan)
    widget = live(draw, plan, frames[start_of(plan)])
    view = {"version_major": 2, "version_minor": 0, "model_id": widget.model_id}
    bundle = {
        "application/vnd.jupyter.widget-view+json": view,
        "text/html": page(plan, frames),
        "text/plain": listing(plan, frames),
    }
    display(bundle, raw=True)
