"""Tests of drawings: Matplotlib's SVG made small, with the same text, shapes and
colours.
"""

import base64
import gzip
import io
import os
import re
import subprocess
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
from bs4 import BeautifulSoup
from PIL import Image

from dlpatterns import show
from dlpatterns.show import _svg

ALT = "One blue line that rises from left to right."


def made(draw, figsize=(4.6, 3.0), **options) -> BeautifulSoup:
    """Return the page of a figure that `draw(axes)` fills."""
    fig, axes = plt.subplots(figsize=figsize)
    draw(axes)
    one = show.frame(fig, caption="A claim.", alt=ALT, **options)
    return BeautifulSoup(one.html(), "html.parser")


def texts(page: BeautifulSoup) -> list[str]:
    return [one.get_text() for one in page.find_all("text")]


def bars(axes) -> None:
    axes.bar(["first", "second", "third"], [1, 2, 3], color=show.colour("orange"))
    axes.set(xlabel="network", ylabel="MACs", title="Bars")
    axes.text(1, 1, "1.5 G", color="white", ha="center")


def test_a_figure_is_a_drawing_with_alt_text_and_caption_as_wide_as_it_was_made():
    page = made(bars)
    assert page.svg["role"] == "img" and page.svg["aria-label"] == ALT
    assert page.svg["viewbox"] == "0 0 331.2 216" and page.svg["width"] == "460"
    assert page.figcaption.get_text() == "A claim."
    assert not plt.get_fignums(), "the figure is closed"


def test_text_stays_text_in_the_fonts_of_the_page():
    page = made(bars)
    words = texts(page)
    assert {"first", "second", "third", "network", "MACs", "Bars", "1.5 G"} <= set(
        words
    )
    assert "font-family" not in str(page) and "DejaVu" not in str(page)
    upright = page.find("text", string="MACs")
    assert upright["transform"].startswith("rotate(-90 ")
    assert upright["font-size"] == "12" and upright["text-anchor"] == "middle"


def test_chinese_text_travels_without_a_warning(recwarn):
    page = made(lambda axes: axes.set(title="卷积 (convolution)", xlabel="时间"))
    assert {"卷积 (convolution)", "时间"} <= set(texts(page))
    assert not [str(one.message) for one in recwarn]


def test_a_bar_chart_is_about_a_kilobyte():
    html = str(made(bars))
    assert len(html) < 4_000 and len(gzip.compress(html.encode())) < 1_300


def test_the_bars_stand_where_matplotlib_put_them():
    fig, axes = plt.subplots(figsize=(4, 2))
    drawn = axes.bar([0, 1], [1, 2], color=show.colour("blue"))
    fig.canvas.draw()
    boxes = [bar.get_window_extent() for bar in drawn]
    height, scale = fig.bbox.height, 72 / fig.dpi
    page = BeautifulSoup(show.frame(fig, caption="A.", alt=ALT).html(), "html.parser")
    paths = [one["d"] for one in page.find_all("path", fill="var(--blue)")]
    assert len(paths) == 2
    for box, path in zip(boxes, paths, strict=True):
        x, y, right, top = map(
            float, re.fullmatch(r"M(\S+) (\S+)H(\S+)V(\S+)H\S+z", path).groups()
        )
        expected = [box.x0, height - box.y0, box.x1, height - box.y1]
        # Matplotlib puts edges on whole pixels, at another resolution than here
        assert [x, y, right, top] == pytest.approx(
            [scale * it for it in expected], abs=0.55
        )


def test_inks_grid_and_house_colours_are_variables_with_two_values():
    page = made(bars)
    style = page.style.get_text()
    used = set(re.findall(r"var\(--([\w-]+)\)", str(page.svg)))
    assert {"orange", "faint", "ink", "paper"} <= used
    light, dark = re.fullmatch(r"\.dlp-svg\{(.*)\}.*\.dlp-svg\{(.*)\}", style).groups()
    for values in (light, dark):
        assert set(re.findall(r"--([\w-]+):", values)) == used
    assert "--orange:#ab6506" in light and "--orange:#c58837" in dark
    assert not re.findall(r'(?:fill|stroke)="#', str(page.svg)), "a colour stays light"
    assert page.find("text", string="1.5 G")["fill"] == "var(--paper)"


@pytest.mark.parametrize(
    ("colour", "opposite"),
    [("#fff8e1", True), ("#eeeeee", True), ("#101010", True), ("#e0457b", False)],
)
def test_other_colours_near_black_or_white_turn_around(colour, opposite):
    style = made(lambda axes: axes.axhspan(0, 1, color=colour)).style.get_text()
    light, dark = re.findall(rf"--c{colour[1:]}:(#\w+)", style)
    assert light == colour and (dark != colour) is opposite
    if opposite:
        level = [
            sum(int(one[i : i + 2], 16) for i in (1, 3, 5)) for one in (light, dark)
        ]
        assert (level[0] > 382) != (level[1] > 382)


def test_what_is_drawn_on_a_picture_keeps_its_colours():
    def map_with_numbers(axes):
        axes.imshow(np.eye(2))
        axes.text(0, 0, "0", color="white")
        axes.text(1, 1, "1", color="black")
        axes.plot([0, 1], [0, 1], color=show.colour("red"))
        axes.set(title="A map")

    page = made(map_with_numbers)
    assert page.find("text", string="0")["fill"] == "#ffffff"
    assert [one["fill"] for one in page.find_all("text", string="1")] == ["#000000"]
    assert page.find("path", stroke="#690000")
    assert not page.find("text", string="A map").get("fill"), "titles follow the page"


def test_a_picture_travels_with_its_own_pixels():
    digit = np.arange(64).reshape(8, 8)
    page = made(lambda axes: axes.imshow(digit, cmap="gray", interpolation="nearest"))
    kind, _, data = page.image["href"].partition(";base64,")
    picture = Image.open(io.BytesIO(base64.b64decode(data))).convert("L")
    assert kind in ("data:image/webp", "data:image/png") and picture.size == (8, 8)
    pixels = np.asarray(picture, dtype=float)
    pixels = pixels if pixels[0, 0] < pixels[-1, -1] else pixels[::-1]
    assert np.abs(pixels - digit * 255 / 63).max() <= 1
    assert "pixelated" in page.image["style"]


def test_a_photo_loses_bytes_and_little_else():
    shape = np.linspace(0, 1, 300)
    noise = np.random.default_rng(0).normal(scale=0.02, size=(300, 300, 3))
    photo = np.clip(
        np.stack([*np.meshgrid(shape, shape), np.full((300, 300), 0.5)], 2) + noise,
        0,
        1,
    )
    exact, lossy = (
        len(str(made(lambda axes: axes.imshow(photo), photo=it)))
        for it in (False, True)
    )
    assert lossy < exact / 3


def test_a_power_of_ten_is_one_line_of_text():
    def log(axes):
        axes.plot([1, 2], [1, 1e6])
        axes.set_yscale("log")

    assert {"10⁰", "10²", "10⁴", "10⁶"} <= set(texts(made(log)))


def test_formulas_keep_their_places():
    page = made(lambda axes: axes.set(title=r"cost $n^2$ of $\alpha$"))
    formula = next(one for one in page.find_all("text") if one.find("tspan"))
    assert "n" in formula.get_text() and "2" in formula.get_text()
    sizes = {one.get("font-size") for one in formula.find_all("tspan")}
    assert sizes == {"12", "8.4"}


def test_points_are_circles_of_one_look():
    page = made(lambda axes: axes.scatter(range(50), range(50), alpha=0.5))
    circles = page.find_all("circle")
    assert len(circles) == 50 and len({id(one.parent) for one in circles}) == 1
    assert circles[0].parent["fill"] == "var(--blue)"
    assert not page.find_all("use")


@pytest.mark.parametrize("marker", ["s", "^", "D", "x", "+", "*"])
def test_other_markers_stand_at_their_points(marker):
    page = made(
        lambda axes: axes.plot(
            [1, 2, 3], [1, 2, 3], marker=marker, ls="", color="#e0457b"
        )
    )
    assert len(page.find_all("path", stroke="var(--ce0457b)")) == 3


def test_hatching_and_clipping_refer_to_ids_of_this_figure_alone():
    def hatched(axes):
        axes.bar([0, 1], [2, 3], hatch="//", color=show.colour("blue"))
        axes.plot([-1, 5], [0, 4], color=show.colour("red"))
        axes.set(xlim=(0, 1))

    fig, axes = plt.subplots()
    hatched(axes)
    other = show.frame(fig, caption="Another claim.", alt=ALT).html()
    html = str(made(hatched))
    ids = [set(re.findall(r' id="(\w+)"', one)) for one in (html, other)]
    used = [set(re.findall(r"url\(#(\w+)\)", one)) for one in (html, other)]
    assert ids == used and len(ids[0]) == 2 and not ids[0] & ids[1]
    assert BeautifulSoup(html, "html.parser").pattern.rect["fill"] == "var(--blue)"


def test_what_leaves_the_axes_is_clipped_and_what_does_not_is_not():
    def line(limit):
        return made(lambda axes: (axes.plot([0, 1], [0, 1]), axes.set(xlim=(0, limit))))

    assert line(0.5).find("path", stroke="var(--blue)")["clip-path"]
    assert not line(2).find_all("clippath")


def test_the_same_figure_is_the_same_text():
    assert str(made(bars)) == str(made(bars))


def test_a_wide_figure_scrolls_on_a_phone_before_its_text_is_too_small():
    narrow, wide = made(bars), made(bars, figsize=(9, 3))
    small = made(lambda axes: axes.text(0, 0, "small", fontsize=8))

    def least(page):
        return float(re.search(r"min-width:(\d+)px", page.svg["style"])[1])

    # eleven points at one pixel a point are eleven pixels
    assert [least(one) for one in (narrow, wide, small)] == [331, 648, 455]
    assert wide.find(class_="dlp-picture")["tabindex"] == "0"


@pytest.mark.parametrize(
    ("path", "short"),
    [
        ("M 0 0 \nL 10 0 \nL 10 5.04 \nL 0 5.04 \nL 0 0 \nz\n", "M0 0H10V5H0z"),
        ("M 1.26 2 \nL 3 4 \nL 5 7 \n", "M1.3 2L3 4 5 7"),
        ("M 0 0.5 \nC 1 2 3 4 5 6 \nC 1 1 2 2 3 3 \n", "M0 .5C1 2 3 4 5 6 1 1 2 2 3 3"),
        ("M 0 0 \nL 0.01 0.01 \nL 4 -0.5 \n", "M0 0L4 -.5"),
    ],
)
def test_paths_are_written_short(path, short):
    assert _svg.short_path(_svg.steps(path)) == short


# --- A reader's own settings ----------------------------------------------------------

PROBE = """
import sys
from dlpatterns import show
fig, axes = show.subplots()
axes.bar(["a"], [1])
one = show.frame(fig, caption="A.", alt="One bar that is one unit high.")
sys.stdout.write(one.html())
"""


def probed(folder: Path, **environment: str) -> subprocess.CompletedProcess:
    """Draw a bar in a process of its own, with that environment, in that folder."""
    library = Path(show.__file__).parents[2]
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("MPL", "XDG"))}
    return subprocess.run(
        [sys.executable, "-c", PROBE],
        env=clean | {"PYTHONPATH": str(library)} | environment,
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )


@pytest.fixture(scope="module")
def plain(tmp_path_factory) -> str:
    """The bar as it is drawn with no settings at all."""
    return probed(tmp_path_factory.mktemp("plain")).stdout


def test_a_foreign_matplotlibrc_changes_nothing(tmp_path, plain):
    (tmp_path / "matplotlibrc").write_text(
        "text.usetex: True\naxes.facecolor: black\nfigure.facecolor: black\n"
        "backend: QtAgg\nfont.size: 40\nlines.linestyle: --\nnonsense: 3\n",
        encoding="utf-8",
    )
    done = probed(tmp_path)
    assert done.stdout == plain and done.stderr == ""


def test_an_unwritable_home_prints_no_warning(tmp_path, plain):
    done = probed(tmp_path, HOME="/dev/null")
    assert done.stdout == plain and done.stderr == ""


def test_a_path_and_a_circle_of_one_look_stay_what_they_are():
    blue = ' fill="blue"'
    drawn = [(blue, "M0 0L1 1"), (blue, '<circle r="1"/>'), (blue, '<circle r="2"/>')]
    assert list(_svg._merged([*drawn, "<text/>"])) == [
        '<path d="M0 0L1 1" fill="blue"/>',
        '<g fill="blue"><circle r="1"/><circle r="2"/></g>',
        "<text/>",
    ]
