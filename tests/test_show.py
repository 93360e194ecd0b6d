"""Tests of show: numbers and tables as text and as HTML, figures with their values, the
palette, sentences and code.
"""

import itertools
import sys
from dataclasses import dataclass
from unittest import mock

import matplotlib.pyplot as plt
import numpy as np
import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as some

from dlpatterns import show
from dlpatterns.show._style import DARK

ALT = "One blue line that rises from left to right."


def shown(function, *args, **options) -> dict:
    """Return the MIME bundle of the one output that a call displays."""
    with mock.patch.object(sys.modules[function.__module__], "display") as display:
        assert function(*args, **options) is None
    (thing,), _ = display.call_args
    return thing if isinstance(thing, dict) else {"text/markdown": thing.data}


def frame_of(draw, **options) -> show.Frame:
    """Return the frame of a figure that `draw(axes)` fills."""
    fig, axes = plt.subplots()
    draw(axes)
    return show.frame(fig, caption="A claim.", alt=ALT, **options)


# --- Numbers --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (999, "999"),
        (138357544, "138,357,544"),
        (-1234, "-1,234"),
        (np.int64(25557032), "25,557,032"),
        (0.5, "0.5"),
        (3.14159, "3.14"),
        (-0.000123456, "-0.000123"),
        (1234.56, "1,235"),
        (-0.0, "0"),
        (np.float32(0.1), "0.1"),
        (float("inf"), "inf"),
        (float("nan"), "–"),
        (np.float64("nan"), "–"),
        (None, "–"),
        (True, "yes"),
        (np.bool_(False), "no"),
        ((1, 28, 28), "1 × 28 × 28"),
        ("VGG-16", "VGG-16"),
    ],
)
def test_number_is_written_as_readers_write_it(value, text):
    assert show.number(value) == text


@given(some.integers(-(10**18), 10**18))
def test_whole_numbers_keep_every_digit(value):
    assert int(show.number(value).replace(",", "")) == value


@given(some.floats(1e-12, 1e14))
def test_other_numbers_keep_three_significant_digits(value):
    assert float(show.number(value).replace(",", "")) == pytest.approx(
        value, rel=5.1e-3
    )


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((0,), "0"),
        ((999, "B"), "999 B"),
        ((1000, "B"), "1 kB"),
        ((138357544,), "138 M"),
        ((4.09e9, "MAC"), "4.09 GMAC"),
        ((2.5e12, "FLOP/s"), "2.5 TFLOP/s"),
        ((3e15, "B"), "3 PB"),
        ((2.5e18, "FLOP"), "2.5 EFLOP"),
        ((3.14e23, "FLOP"), "314 ZFLOP"),
        ((0.25, "s"), "250 ms"),
        ((1.5e-6, "J"), "1.5 µJ"),
        ((-4e-9, "s"), "-4 ns"),
        ((9.999e-4, "s"), "1 ms"),
        ((2e-12, "J"), "2e-12 J"),
        ((-61e6,), "-61 M"),
    ],
)
def test_si_prefixes(arguments, text):
    assert show.si(*arguments) == text


def test_si_moves_to_the_next_prefix_when_it_rounds_up():
    assert show.si(999_600) == "1 M"
    assert show.si(999.6, "B") == "1 kB"


def test_percent():
    assert show.percent(0.5) == "50.0 %"
    assert show.percent(2 / 3, digits=3) == "66.667 %"


# --- Tables ---------------------------------------------------------------------------

ROWS = [
    {"network": "LeNet-5", "weights": 61706, "top_5": None},
    {"network": "A & B <i>", "weights": 138357544, "top_5": 7.4},
]


def test_table_text_is_aligned_numbers_to_the_right():
    assert shown(show.table, ROWS, caption="Two networks.")[
        "text/plain"
    ].splitlines() == [
        "network        weights  top 5",
        "LeNet-5         61,706      –",
        "A & B <i>  138,357,544    7.4",
        "Two networks.",
    ]


def test_table_html_has_the_same_cells_headings_and_a_box_that_scrolls():
    page = BeautifulSoup(
        shown(show.table, ROWS, caption="Two networks.")["text/html"], "html.parser"
    )
    cells = [
        [cell.get_text() for cell in row.find_all(["th", "td"])]
        for row in page.find_all("tr")
    ]
    assert cells == [
        ["network", "weights", "top 5"],
        ["LeNet-5", "61,706", "–"],
        ["A & B <i>", "138,357,544", "7.4"],
    ]
    assert [head["scope"] for head in page.find_all("th")] == ["col"] * 3 + ["row"] * 2
    assert [
        "right" in cell["style"]
        for cell in page.find_all("tr")[1].find_all(["th", "td"])
    ] == [False, True, True]
    box = page.find(class_="dlp-scroll")
    assert (box["tabindex"], box["role"], box["aria-label"]) == (
        "0",
        "region",
        "Two networks.",
    )
    assert "overflow-x:auto" in box["style"]
    assert page.find("figcaption").get_text() == "Two networks."


def test_a_folded_table_opens_by_its_caption_and_prints_whole():
    folded = shown(show.table, ROWS, caption="Two networks.", folded=True)
    page = BeautifulSoup(folded["text/html"], "html.parser")
    assert page.details.summary.text == "Two networks."
    assert not page.details.has_attr("open")
    assert len(page.details.table.find_all("tr")) == len(ROWS) + 1
    assert (
        folded["text/plain"]
        == shown(show.table, ROWS, caption="Two networks.")["text/plain"]
    )
    unnamed = shown(show.table, ROWS, folded=True)["text/html"]
    assert BeautifulSoup(unnamed, "html.parser").summary.text == f"{len(ROWS)} rows"


def test_table_columns_pick_order_and_rename():
    text = shown(show.table, ROWS, {"weights": "parameters", "network": "name"})[
        "text/plain"
    ]
    assert text.splitlines()[0].split() == ["parameters", "name"]
    assert (
        shown(show.table, ROWS, ["weights"])["text/plain"].splitlines()[1].strip()
        == "61,706"
    )


def test_table_takes_dataclasses_and_refuses_what_is_no_row():
    @dataclass
    class Row:
        name: str
        shape: tuple

    assert "3 × 7 × 7" in shown(show.table, [Row("x", (3, 7, 7))])["text/plain"]
    with pytest.raises(TypeError, match=r"dicts or dataclasses.*tuple"):
        show.table([(1, 2)])
    with pytest.raises(ValueError, match=r"no row has a column \['mac'\].*'macs'"):
        show.table([{"macs": 1}], columns=["mac"])


# --- Figures --------------------------------------------------------------------------


@pytest.mark.parametrize("alt", ["", "plot", "A plot of accuracy", "      "])
def test_an_alt_text_that_says_too_little_is_refused(alt):
    fig, _ = plt.subplots()
    with pytest.raises(ValueError, match="must say in a sentence"):
        show.figure(fig, alt=alt, caption="A claim.")
    plt.close(fig)


def test_a_frame_without_a_caption_or_without_content_is_refused():
    with pytest.raises(ValueError, match="caption"):
        show.frame(rows=[{"a": 1}], caption=" ")
    with pytest.raises(ValueError, match="a figure, rows for a table, or both"):
        show.frame(caption="Nothing.")


DRAWINGS = {
    "line": (
        lambda axes: axes.plot([1, 2], [30, 4000], label="cost"),
        "cost: x [1 2] y [30 4,000]",
    ),
    "bars": (lambda axes: axes.bar(["a", "b"], [0, 7]), "bars [0 7]"),
    "one bar": (lambda axes: axes.bar(["a"], [7], label="only"), "only: bars [7]"),
    "horizontal bars": (lambda axes: axes.barh(["a", "b"], [3, 5]), "bars [3 5]"),
    "equal horizontal bars": (lambda axes: axes.barh(["a", "b"], [4, 4]), "bars [4 4]"),
    "one horizontal bar": (lambda axes: axes.barh(["a"], [5]), "bars [5]"),
    "stacked bars": (
        lambda axes: axes.bar([0, 1], [2, 3], bottom=[10, 10]),
        "bars [2 3]",
    ),
    "points": (
        lambda axes: axes.scatter([1, 2], [3, 4], label="nets"),
        "nets: points [[1 3] [2 4]]",
    ),
    "segments": (lambda axes: axes.vlines([1], 2, 5), "segments [[[1 2] [1 5]]]"),
    "error bars": (
        lambda axes: axes.errorbar([1], [5], yerr=[2]),
        "segments [[[1 3] [1 7]]]",
    ),
    "image": (lambda axes: axes.imshow([[0, 1], [2, 3]]), "image (2, 2) [[0 1] [2 3]]"),
    "masked image": (
        lambda axes: axes.imshow(np.ma.masked_equal([[0, 9]], 9)),
        "image (1, 2) [[0 –]]",
    ),
    "large image": (
        lambda axes: axes.imshow(np.arange(400).reshape(20, 20)),
        "image (20, 20) mean 200 max 399",
    ),
    "mesh": (lambda axes: axes.pcolormesh([[0.5, 1.5]]), "image (1, 2) [[0.5 1.5]]"),
}


@pytest.mark.parametrize("name", DRAWINGS)
def test_the_text_of_a_figure_carries_what_it_draws(name):
    draw, expected = DRAWINGS[name]
    lines = frame_of(draw).text.splitlines()
    assert lines[:2] == ["A claim.", ALT]
    assert expected in lines


def test_a_filled_area_carries_its_edges():
    text = frame_of(lambda axes: axes.fill_between([0, 1], [2, 3], [5, 8])).text
    assert all(corner in text for corner in ("[0 2]", "[1 3]", "[0 5]", "[1 8]"))


def test_values_replace_the_numbers_and_measured_leaves_them_out():
    def line(axes):
        axes.plot([1, 2], [123, 456])

    assert frame_of(line, values={"MACs": [1, 2000], "name": "x"}).text.splitlines()[
        2:
    ] == ["MACs: [1 2,000]; name: x"]
    assert frame_of(line, measured=True).text.splitlines() == ["A claim.", ALT]
    both = frame_of(line, rows=[{"time": 0.123}], measured=True)
    assert "0.123" not in both.text and "0.123" in both.table


def test_the_style_holds_for_every_figure():
    assert (
        plt.rcParams["font.size"] >= 12
        and min(plt.rcParams[f"{axis}tick.labelsize"] for axis in "xy") >= 11
    )
    assert plt.rcParams["figure.figsize"] == [4.6, 3.0]
    assert plt.rcParams["axes.prop_cycle"].by_key()["color"] == list(
        show.PALETTE.values()
    )
    assert not plt.rcParams["axes.spines.top"]


# --- Colours --------------------------------------------------------------------------

# WCAG 2.1 asks 4.5 : 1 of text (1.4.3) and 3 : 1 of graphics (1.4.11).
TEXT = 4.5
# Machado, Oliveira and Fernandes (2009), "A physiologically-based model for simulation
# of color vision deficiency", severity 1.0, on linear RGB.
VISION = {
    "normal": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.01182, 0.04294, 0.968881],
    ],
}
XYZ = [
    [0.4124564, 0.3575761, 0.1804375],
    [0.2126729, 0.7151522, 0.072175],
    [0.0193339, 0.119192, 0.9503041],
]  # IEC 61966-2-1


def rgb(colour: str) -> np.ndarray:
    return np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255


def linear(colour: np.ndarray) -> np.ndarray:
    return np.where(
        colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4
    )


def contrast(one: np.ndarray, other: np.ndarray) -> float:
    """Return the contrast of two colours, as WCAG 2.1 defines it."""
    dark, light = sorted(
        float(linear(colour) @ [0.2126, 0.7152, 0.0722]) for colour in (one, other)
    )
    return (light + 0.05) / (dark + 0.05)


def lab(colour: np.ndarray, vision: str) -> np.ndarray:
    """Return a colour as a reader with that vision sees it, in CIELAB under D65."""
    seen = np.clip(VISION[vision] @ linear(colour), 0, 1)
    t = XYZ @ seen / np.array([0.95047, 1, 1.08883])
    f = np.where(t > 216 / 24389, np.cbrt(t), (24389 / 27 * t + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def test_contrast_is_measured_as_wcag_does():
    assert contrast(rgb("#000000"), rgb("#ffffff")) == pytest.approx(21)
    assert contrast(rgb("#767676"), rgb("#ffffff")) == pytest.approx(
        4.54, abs=0.005
    )  # the grey of WCAG's own examples


@pytest.mark.parametrize("name", show.PALETTE)
def test_every_colour_reads_as_text_on_the_white_and_on_the_dark_page(name):
    assert contrast(rgb(show.colour(name)), np.ones(3)) >= TEXT
    assert contrast(rgb(DARK[name]), rgb(DARK["paper"])) >= TEXT
    # white text in a bar becomes the dark page's ground
    assert contrast(rgb(DARK["ink"]), rgb(DARK["paper"])) >= 2 * TEXT


@pytest.mark.parametrize("page", ["light", "dark"])
@pytest.mark.parametrize("vision", VISION)
def test_any_two_colours_differ_for_every_reader(vision, page):
    colours = (
        show.PALETTE if page == "light" else {name: DARK[name] for name in show.PALETTE}
    )
    seen = {name: lab(rgb(colour), vision) for name, colour in colours.items()}
    apart = {
        pair: float(np.linalg.norm(seen[pair[0]] - seen[pair[1]]))
        for pair in itertools.combinations(seen, 2)
    }
    closest = min(apart, key=apart.get)
    assert apart[closest] >= 12, f"{closest} are {apart[closest]:.1f} apart"


def test_inks_are_public_for_who_draws():
    assert (show.INK, show.FAINT) == ("#1b1f24", "#c8ccd2")


def test_an_unknown_colour_is_refused_with_the_names():
    with pytest.raises(ValueError, match=r"'purple'.*blue, orange"):
        show.colour("purple")


# --- Sentences and code ---------------------------------------------------------------


def test_say_is_markdown():
    assert (
        shown(show.say, "  **3** layers\n  of 5")["text/markdown"]
        == "**3** layers\nof 5"
    )


def documented(x: int) -> int:
    """Return one more."""
    text = """not the docstring"""
    return x + len(text)


@dataclass
class Undocumented:
    x: int


def test_source_shows_the_code_with_and_without_its_docstring():
    whole = shown(show.source, documented)["text/markdown"]
    assert (
        whole.startswith("```python\ndef documented(x: int)")
        and '"""Return one more."""' in whole
    )
    bare = shown(show.source, documented, doc=False)["text/markdown"]
    assert (
        "Return one more" not in bare
        and "not the docstring" in bare
        and bare.endswith("return x + len(text)\n```")
    )


def test_source_of_a_class_without_a_docstring():
    assert (
        "class Undocumented:\n    x: int"
        in shown(show.source, Undocumented, doc=False)["text/markdown"]
    )


def test_say_refuses_a_sentence_that_its_numbers_do_not_bear_out():
    with pytest.raises(ValueError, match=r"no longer bear .* out: More than half"):
        show.say("More than half.", holds=0.4 > 0.5)
    with pytest.raises(TypeError, match="True or False"):
        show.say("Never.", holds=("a tuple is always true",))
    assert show.say("Less than half.", holds=np.float64(0.4) < 0.5) is None


def test_subplots_are_in_the_house_style():
    fig, axes = show.subplots(1, 2, figsize=(4, 2))
    assert (fig.get_size_inches() == (4, 2)).all() and len(axes) == 2
    assert not axes[0].spines["top"].get_visible()
    plt.close(fig)
