"""The one style of all figures; importing this module sets it.

Whatever a reader's own settings say, figures begin from Matplotlib's defaults.
"""

from typing import Any

import matplotlib
import matplotlib.pyplot as plt
from matplotlib.figure import Figure

# Eight hues after Okabe and Ito, moved until each reads as text on white and, in its
# dark counterpart, on the dark page (at least 4.5 : 1), and until any two differ for
# readers with normal vision, protanopia and deuteranopia. tests/test_show.py measures
# both.
PALETTE = {
    "blue": "#2b69d3",
    "orange": "#ab6506",
    "green": "#065047",
    "pink": "#942d7b",
    "red": "#690000",
    "sky": "#007baa",
    "olive": "#675000",
    "grey": "#6f7677",
}
INK, FAINT, PAPER = "#1b1f24", "#c8ccd2", "#ffffff"
DARK = {
    "blue": "#4581fa",
    "orange": "#c58837",
    "green": "#69ba98",
    "pink": "#e05eb8",
    "red": "#fededa",
    "sky": "#41abd3",
    "olive": "#907e58",
    "grey": "#748689",
    "ink": "#d0d3d8",
    "faint": "#3b3e44",
    "paper": "#121212",
}
DOTS_PER_INCH, SCREEN = 150, 100  # pixels an inch in pictures, and on the page


STYLE = {
    "figure.figsize": (4.6, 3.0),
    "figure.dpi": SCREEN,
    "figure.constrained_layout.use": True,
    "savefig.dpi": DOTS_PER_INCH,
    "font.family": ["DejaVu Sans"],
    "font.size": 12,
    "axes.titlesize": 12,
    "axes.labelsize": 12,
    "xtick.labelsize": 11,
    "ytick.labelsize": 11,
    "legend.fontsize": 11,
    "legend.frameon": False,
    "text.color": INK,
    "axes.facecolor": "none",
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": FAINT,
    "grid.linewidth": 0.6,
    "lines.linewidth": 2.0,
    "lines.markersize": 6,
    "image.cmap": "cividis",
    "axes.prop_cycle": matplotlib.cycler(color=list(PALETTE.values())),
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "dlpatterns",
}
matplotlib.rcdefaults()
matplotlib.rcParams.update(STYLE)


def colour(name: str) -> str:
    """Return the house colour of that name as #rrggbb."""
    if name not in PALETTE:
        raise ValueError(
            f"unknown colour {name!r}; the palette has {', '.join(PALETTE)}"
        )
    return PALETTE[name]


def subplots(rows: int = 1, columns: int = 1, **options: object) -> tuple[Figure, Any]:
    """Return a figure and its axes in the house style, as Matplotlib's `subplots`; for
    the rooms that draw without importing Matplotlib.
    """
    return plt.subplots(rows, columns, **options)
