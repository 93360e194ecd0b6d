"""Tests of explore: what it refuses, and what one call carries."""

import gzip
import json
import re
from pathlib import Path
from unittest import mock

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
from bs4 import BeautifulSoup
from explorers_for_tests import whole

from dlpatterns import explore as room
from dlpatterns import show
from dlpatterns.explore import (
    Menu,
    Slider,
    Switch,
    _choices,
    _live,
    _page,
    explore,
)

WIDGET, HTML, TEXT = (
    "application/vnd.jupyter.widget-view+json",
    "text/html",
    "text/plain",
)


def rows(**values) -> show.Frame:
    """Return a frame that holds its values in a table."""
    return show.frame(rows=[values], caption=f"Values {values}.")


def picture(n: int = 0, **others) -> show.Frame:
    """Return a frame with a line of slope n, whatever the other values are."""
    fig, axes = plt.subplots(figsize=(2, 1))
    axes.plot([0, 1], [0, n])
    return show.frame(
        fig, caption=f"Slope {n}.", alt=f"A line that rises from 0 to {n}."
    )


def bundle(draw, **choices) -> dict:
    """Return the MIME bundle that explore displays."""
    with mock.patch.object(room, "display") as display:
        assert explore(draw, **choices) is None
    ((data,), options) = display.call_args
    assert options == {"raw": True}
    return data


def data_of(html: str) -> dict:
    """Return what the page's script reads: the controls, and the frames put together
    from their pieces.
    """
    found = BeautifulSoup(html, "html.parser").find_all(
        "script", type="application/json"
    )
    controls, data = (json.loads(one.string) for one in found)
    for one in data["frames"]:
        one |= {part: whole(data["pieces"], one[part]) for part in ("svg", "table")}
    return controls | data


# --- What is refused ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("choices", "error", "message"),
    [
        (
            {"a": [1, 2], "b": [1, 2], "c": [1, 2], "d": True},
            ValueError,
            r"one to 3 choices, got 4: a, b, c, d",
        ),
        ({}, ValueError, r"one to 3 choices, got 0: none"),
        ({"n": []}, ValueError, r"at least two values to choose from, got \(\)"),
        ({"n": [1]}, ValueError, r"at least two values"),
        ({"n": [1, 2, 1]}, ValueError, r"slider 'n' has two values that both read 1"),
        ({"n": ["x", "x"]}, ValueError, r"menu 'n' has two values that both read x"),
        ({"n": [0.12345, 0.12346]}, ValueError, r"two values that both read 0\.123"),
        (
            {"n": "abc"},
            TypeError,
            r"n must be a Slider, Menu, Switch, or a list of values, got 'abc'",
        ),
        (
            {"n": 7},
            TypeError,
            r"n must be a Slider, Menu, Switch, or a list of values, got 7",
        ),
    ],
)
def test_choices_that_cannot_be_shown_are_refused_before_anything_is_drawn(
    choices, error, message
):
    draw = mock.Mock(side_effect=AssertionError("drawn"))
    with pytest.raises(error, match=message):
        explore(draw, **choices)
    draw.assert_not_called()


def test_three_choices_and_hundreds_of_frames_are_shown():
    data = data_of(bundle(rows, a=range(15), b=range(15), c=True)[HTML])
    assert len(data["frames"]) == 450


def test_too_many_bytes_are_refused_with_what_to_do():
    noise = np.random.default_rng(0).random((20, 400, 400))

    def heavy(n, log):
        fig, axes = plt.subplots()
        axes.imshow(noise[n])
        return show.frame(fig, caption="Noise.", alt="A square of grey noise, no more.")

    with pytest.raises(
        ValueError,
        match=r"\d of the 40 frames of this explorer are \d+ kB compressed already, at "
        r"most 300 kB go on a page: offer fewer values of n, log, draw fewer points",
    ):
        explore(heavy, n=range(20), log=True)


@pytest.mark.parametrize("make", [Slider, Menu])
def test_a_start_that_is_no_value_is_refused(make):
    with pytest.raises(
        ValueError, match=r"'size' cannot start at 5; its values are \(1, 2\)"
    ):
        make([1, 2], label="size", start=5)


def test_draw_must_return_a_frame():
    with pytest.raises(
        TypeError, match=r"draw\(n=1\) must return show\.frame\(\.\.\.\), got Figure"
    ):
        explore(lambda n: plt.figure(), n=[1, 2])
    plt.close("all")


def test_an_error_of_draw_is_raised_and_says_for_which_values():
    def draw(n, kind):
        if n == 3:
            raise ZeroDivisionError("no third")
        return rows(n=n)

    with pytest.raises(ZeroDivisionError, match="no third") as caught:
        explore(draw, n=[1, 3], kind=["x", "y"])
    assert caught.value.__notes__ == ["while explore called draw(n=3, kind='x')"]


def test_frames_with_different_parts_are_refused():
    with pytest.raises(ValueError, match="the same parts"):
        explore(lambda n: rows(n=n) if n else picture(n), n=[0, 1])


# --- What one call carries ------------------------------------------------------------


def test_one_bundle_carries_the_widget_the_page_and_the_values():
    data = bundle(rows, n=[1, 2])
    assert set(data) == {WIDGET, HTML, TEXT}
    assert set(data[WIDGET]) == {"version_major", "version_minor", "model_id"}


def test_a_stored_notebook_keeps_the_page_and_the_values_for_readers_without_a_kernel(
    monkeypatch,
):
    monkeypatch.syspath_prepend(Path(__file__).resolve().parent.parent / "tools")
    import build

    output = nbformat.v4.new_output("display_data", data=bundle(rows, n=[1, 2]))
    book = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("", outputs=[output])]
    )
    build.tidy(book)
    assert set(book.cells[0].outputs[0].data) == {HTML, TEXT}


def test_the_text_lists_the_values_behind_every_frame_in_order():
    text = bundle(
        picture,
        n=Slider([1, 20], unit="m", label="Slope"),
        kind={"flat": 0, "steep": 1},
        log=True,
    )[TEXT]
    paragraphs = text.split("\n\n")
    heads = [
        f"[Slope = {n} m, kind = {kind}, log = {log}]"
        for n in (1, 20)
        for kind in ("flat", "steep")
        for log in ("off", "on")
    ]
    assert [paragraph.split("\n")[0] for paragraph in paragraphs] == heads
    assert all(
        f"y [0 {n}]" in paragraph
        for n, four in ((1, paragraphs[:4]), (20, paragraphs[4:]))
        for paragraph in four
    )


def test_the_page_carries_what_frames_share_once():
    html = bundle(picture, n=range(1, 9), log=True)[HTML]
    data = data_of(html)
    assert len(data["frames"]) == 16 and len(set(data["pieces"])) == len(data["pieces"])
    assert [frame["caption"] for frame in data["frames"][:3]] == ["Slope 1."] * 2 + [
        "Slope 2."
    ]
    drawings = [frame["svg"] for frame in data["frames"]]
    assert drawings[0] == drawings[1] != drawings[2]
    shared = sum(map(len, data["pieces"]))
    assert shared < 0.5 * sum(map(len, set(drawings)))


def test_figures_of_two_explorers_share_no_id():
    def clipped(n):
        fig, axes = plt.subplots()
        axes.plot([0, n], [0, 1])
        axes.set_xlim(0, 1)
        return show.frame(fig, caption=f"To {n}.", alt="A line that leaves the axes.")

    first, other = (bundle(clipped, n=some)[HTML] for some in ([2, 3], [4, 5]))
    ids = [set(re.findall(r'id=\\?"(\w+)\\?"', html)) for html in (first, other)]
    assert ids[0] and ids[1] and not ids[0] & ids[1] and "§" not in first
    used = set(re.findall(r"url\(#(\w+)\)", first))
    assert used == ids[0]


def test_figures_of_different_sizes_stand_on_one_sheet():
    def sized(n):
        fig, _ = plt.subplots(figsize=(2, n))
        return show.frame(fig, caption=f"{n}.", alt="Empty axes of some height only.")

    html = bundle(sized, n=[1, 2])[HTML]
    assert BeautifulSoup(html, "html.parser").svg["viewbox"] == "0 0 144 144"
    small, large = (frame["svg"] for frame in data_of(html)["frames"])
    assert small.startswith('<g transform="translate(0.0 36.0)">')
    assert not large.startswith("<g transform")


def test_the_page_starts_with_the_starting_frame_and_leaves_controls_to_the_script():
    html = bundle(picture, n=Slider([1, 2, 3], start=2, unit="mm"), log=False)[HTML]
    page = BeautifulSoup(html, "html.parser")
    data = data_of(html)
    inside = page.svg.decode_contents(formatter=None)
    expected = BeautifulSoup(data["frames"][2]["svg"], "html.parser")
    assert inside == expected.decode_contents(formatter=None)
    assert page.svg["aria-label"] == "A line that rises from 0 to 2."
    assert (
        page.figcaption.get_text() == "Slope 2."
        and page.figcaption["aria-live"] == "polite"
    )
    assert not page.find_all(["input", "select", "label"]), (
        "without the script there would be dead controls"
    )
    slider, switch = BeautifulSoup(data["controls"], "html.parser").find_all("input")
    assert (
        slider["min"],
        slider["max"],
        slider["value"],
        slider["aria-valuetext"],
    ) == ("0", "2", "1", "2 mm")
    assert slider.parent.name == "label" and slider.parent.output.get_text() == "2 mm"
    assert switch["type"] == "checkbox" and not switch.has_attr("checked")


def test_what_a_reader_sees_is_escaped():
    def draw(kind):
        return show.frame(rows=[{"kind": kind}], caption="</script><!--<script> & <b>")

    html = bundle(draw, kind=Menu(["<i>", 'a "b" & c'], label="x < y"))[HTML]
    assert len(BeautifulSoup(html, "html.parser").find_all("script")) == 3
    controls = BeautifulSoup(data_of(html)["controls"], "html.parser")
    assert [option.get_text() for option in controls.find_all("option")] == [
        "<i>",
        'a "b" & c',
    ]
    assert controls.label.span.get_text() == "x < y"
    assert data_of(html)["frames"][0]["caption"] == "</script><!--<script> & <b>"


def test_a_frame_costs_few_bytes_and_the_script_a_few_kilobytes():
    def typical(n):
        fig, axes = plt.subplots()
        for k in range(4):
            axes.plot(range(20), [k * x + n for x in range(20)], label=f"line {k}")
        axes.set(xlabel="time (s)", ylabel="bytes")
        axes.legend()
        return show.frame(
            fig, caption="Four lines.", alt="Four lines that rise at different rates."
        )

    html = bundle(typical, n=range(40))[HTML]
    bare = html.replace(_page.script(), "")
    assert len(gzip.compress(bare.encode())) < 20_000  # 490 kB as forty pictures
    assert len(bare) / 40 < 4000
    assert len(gzip.compress(_page.script().encode())) < 2500


@pytest.mark.parametrize(
    ("given", "kind", "names"),
    [
        ([1, 2.5], "slider", ("1", "2.5")),
        (["a", 2], "menu", ("a", "2")),
        ({"one": 1, "two": 2}, "menu", ("one", "two")),
        (True, "switch", ("off", "on")),
        (Slider([1000, 2000], unit="B"), "slider", ("1,000 B", "2,000 B")),
    ],
)
def test_what_is_given_becomes_the_control_that_suits_it(given, kind, names):
    choice = _choices.as_choice("batch_size", given)
    assert (choice.kind, choice.names, choice.label) == (kind, names, "batch size")


def test_steps_can_be_played():
    html = bundle(rows, n=Slider([1, 2], play=True, label="Step"), m=[1, 2])[HTML]
    controls = BeautifulSoup(data_of(html)["controls"], "html.parser")
    (button,) = controls.find_all("button")
    assert button["aria-label"] == "Play Step" and button["type"] == "button"
    widget = _live.live(rows, {"n": Slider([1, 2, 3], play=True, start=2)}, rows(n=2))
    player, slider = widget.children[0].children
    assert (player.max, player.value, slider.index) == (2, 1, 1)


def test_a_switch_that_is_given_as_true_starts_on():
    assert (
        _choices.as_choice("x", True).start == 1
        and _choices.as_choice("x", Switch(label="y")).start == 0
    )
