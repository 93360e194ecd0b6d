"""Tables, figures and sentences with computed numbers, in one style; the only room that
imports matplotlib.

Importing it sets the style of all figures. What is shown carries its values as text, so
that the tests compare them:

* `figure(fig, alt=..., caption=...)` shows a figure, with alt text, caption, and the
  numbers it draws; `subplots` and `colour`, `INK` and
  `FAINT` draw in the house style;
* `table(rows)` shows rows of numbers, aligned in text and scrollable on a page;
* `say(f"...")` shows a sentence as Markdown; `source(thing)` shows the code of the
  library itself;
* `number`, `si` and `percent` write numbers as readers do;
* `frame(...)` makes, without showing it, what an explorer switches between;
* `hierarchy(stores, crossings)` draws memories and what moves between them.

| module | duty |
|---|---|
| `_settings`, `_style` | Matplotlib's settings, the palette, light and dark |
| `_svg` | Matplotlib's SVG made small, its colours as variables |
| `_values` | the numbers that a figure draws |
| `_hierarchy` | the picture of a memory hierarchy |
| `_figures`, `_tables`, `_sentences`, `_numbers` | what the public names do |
"""

from . import _settings  # noqa: F401  it imports matplotlib, before the others do
from ._figures import Frame, figure, frame
from ._hierarchy import Crossing, Store, hierarchy
from ._numbers import number, percent, si
from ._sentences import say, source
from ._style import FAINT, INK, PALETTE, STYLE, colour, subplots
from ._tables import table

__all__ = [
    "FAINT",
    "INK",
    "PALETTE",
    "STYLE",
    "Crossing",
    "Frame",
    "Store",
    "colour",
    "figure",
    "frame",
    "hierarchy",
    "number",
    "percent",
    "say",
    "si",
    "source",
    "subplots",
    "table",
]
