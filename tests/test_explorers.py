"""Every explorer of the built book, and of a page made for these tests, moved in a real
browser.
"""

import json
import zlib
from dataclasses import dataclass
from functools import reduce
from pathlib import Path

import matplotlib.pyplot as plt
import pytest
import yaml
from explorers_for_tests import EXPLORER, explorers_in
from playwright.sync_api import Browser, ElementHandle, Locator, Page

from dlpatterns import explore as room
from dlpatterns import show
from dlpatterns.explore import Menu, Slider

ROOT = Path(__file__).resolve().parent.parent
CONTENTS = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
FILES = [chapter["file"] for part in CONTENTS["parts"] for chapter in part["chapters"]]
LECTURES = [file for file in FILES if file.startswith("chapters/")]
STAGED = "a page of three explorers"
BUDGET = 310_000  # bytes an explorer, compressed: its frames and what names them
THUMB = 16  # pixels, the width of a slider's thumb in Chromium

READ = """
(root, expected) => {
  const figure = root.querySelector("figure"), svg = figure.querySelector("svg");
  const same = (one, html) => { const box = one.cloneNode(false); box.innerHTML = html;
      return box.innerHTML === one.innerHTML; };
  const table = figure.querySelector(".dlp-scroll"),
      box = document.createElement("div");
  box.innerHTML = expected.table;
  return {
    svg: !svg || same(svg, expected.svg),
    alt: svg ? svg.getAttribute("aria-label") : "",
    caption: figure.querySelector("figcaption").textContent,
    table: (table ? table.innerHTML : "") === (box.firstElementChild?.innerHTML ?? ""),
  };
}
"""
POSITION = "one => one.type === 'checkbox' ? +one.checked : +one.value"
NAME = """one => one.type === 'checkbox' ? (one.checked ? 'on' : 'off')
  : one.type === 'range' ? one.parentElement.querySelector('output').textContent
  : one.selectedOptions[0].textContent"""
LABEL = "one => one.parentElement.querySelector('span').textContent"


@dataclass
class Explorer:
    """One explorer on an open page: what it shows, and the data it chooses from."""

    root: ElementHandle
    data: dict
    listing: str

    def __post_init__(self) -> None:
        self.controls = self.root.query_selector_all(
            ".dlp-controls input, .dlp-controls select"
        )
        self.sizes = list(map(len, self.data["choices"]))
        assert len(self.controls) == len(self.sizes) and len(
            self.data["frames"]
        ) == reduce(int.__mul__, self.sizes)

    def positions(self) -> list[int]:
        return [control.evaluate(POSITION) for control in self.controls]

    def at(self, positions: list[int]) -> dict:
        """Return the frame for these positions; the last control varies fastest."""
        place = 0
        for position, size in zip(positions, self.sizes, strict=True):
            place = place * size + position
        return self.data["frames"][place]

    def check(self, positions: list[int]) -> None:
        """Hold what is shown against the frame that belongs to these positions, and its
        caption against the notebook.
        """
        assert self.positions() == positions
        frame = self.at(positions)
        shown = self.root.evaluate(READ, frame)
        expected = {"svg": True, "table": True} | {
            part: frame[part] for part in ("alt", "caption")
        }
        different = {key for key in expected if shown[key] != expected[key]}
        assert not different, f"at {positions}: {different} of another frame"
        heads = ", ".join(
            f"{one.evaluate(LABEL)} = {one.evaluate(NAME)}" for one in self.controls
        )
        assert f"[{heads}]\n{frame['caption']}\n" in self.listing, (
            f"the notebook has no frame [{heads}] with that caption"
        )


def stops(size: int) -> list[int]:
    """Return the positions to visit: the last, the first, and the one in the middle."""
    return list(dict.fromkeys([size - 1, 0, size // 2]))


def kind(control: ElementHandle) -> str:
    return control.evaluate("one => one.type")


def move_by_mouse(page: Page, control: ElementHandle, position: int, size: int) -> None:
    """Drag a slider's thumb, click a check box, or pick from a menu (whose list the
    browser draws outside the page).
    """
    if kind(control) == "select-one":
        control.select_option(index=position)
    elif kind(control) == "checkbox":
        if control.is_checked() != bool(position):
            control.click()
    else:
        box = control.bounding_box()
        width, middle = box["width"] - THUMB, box["y"] + box["height"] / 2
        places = [
            box["x"] + THUMB / 2 + width * at / (size - 1)
            for at in (control.evaluate(POSITION), position)
        ]
        page.mouse.move(places[0], middle)
        page.mouse.down()
        page.mouse.move(places[1], middle)
        page.mouse.up()


def move_by_keyboard(
    page: Page, control: ElementHandle, position: int, size: int
) -> None:
    """Press Home, End, or the arrow keys; the space bar for a check box."""
    control.focus()
    if kind(control) == "checkbox":
        if control.is_checked() != bool(position):
            page.keyboard.press("Space")
        return
    page.keyboard.press("End" if position == size - 1 else "Home")
    for _ in range(position if position < size - 1 else 0):
        page.keyboard.press("ArrowRight" if kind(control) == "range" else "ArrowDown")


# --- The pages ------------------------------------------------------------------------


def both(batch: int, network: str, log: bool) -> show.Frame:
    fig, axes = plt.subplots()
    axes.plot([1, 2], [1, batch * len(network)])
    axes.set(title=network, yscale="log" if log else "linear")
    rows = [{"network": network, "batch": batch, "log": log}]
    alt = f"A line that rises from 1 to {batch * len(network)}."
    return show.frame(
        fig,
        caption=f"{network} at {batch}, {'log' if log else 'linear'}.",
        alt=alt,
        rows=rows,
    )


def table_only(network: str) -> show.Frame:
    rows = [{"network": network, "a long column": "x" * 30, "another one": "y" * 30}]
    return show.frame(rows=rows, caption=f'The "{network}" & others.')


def figure_only(step: int) -> show.Frame:
    fig, axes = plt.subplots()
    axes.bar(["steps"], [step])
    return show.frame(fig, caption=f"Step {step}.", alt=f"One bar that is {step} high.")


STAGE = [
    (
        both,
        {
            "batch": Slider([1, 8, 64], unit="images", start=8),
            "network": Menu(["VGG", "ResNet"]),
            "log": True,
        },
    ),
    (table_only, {"network": ["<one>", "two", "three"]}),
    (figure_only, {"step": range(1, 21)}),
]


def staged(folder: Path) -> tuple[Path, list[str]]:
    """Write a page with three explorers; return its path, and the text beside each
    explorer.
    """
    parts, listings = [], []
    for draw, given in STAGE:
        bundle = {}
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(
                room, "display", lambda data, raw, into=bundle: into.update(data)
            )
            room.explore(draw, **given)
        parts.append(bundle["text/html"])
        listings.append(bundle["text/plain"])
    style = (Path(room.__file__).parent / "explore.css").read_text(encoding="utf-8")
    head = (
        '<meta charset="utf-8"><meta name="viewport" '
        f'content="width=device-width"><title>x</title><style>{style}</style>'
    )
    path = folder / "staged.html"
    path.write_text(
        (
            "<!doctype html><html "
            f'lang="en"><head>{head}</head><body>{"".join(parts)}</body></html>'
        ),
        encoding="utf-8",
    )
    return path, listings


@pytest.fixture(scope="module", params=[STAGED, *LECTURES])
def source(request, tmp_path_factory) -> tuple[Path, list[str]]:
    """The path of a page, and the text/plain output beside each of its explorers."""
    if request.param == STAGED:
        return staged(tmp_path_factory.mktemp("staged"))
    path = request.getfixturevalue("built") / f"{request.param}.html"
    notebook = json.loads(
        (ROOT / "_build" / "stage" / f"{request.param}.ipynb").read_text(
            encoding="utf-8"
        )
    )
    outputs = [
        out["data"]
        for cell in notebook["cells"]
        for out in cell.get("outputs", ())
        if "data" in out
    ]
    return path, [
        "".join(data["text/plain"])
        for data in outputs
        if "dlp-explore" in "".join(data.get("text/html", ""))
    ]


def embedded(path: Path) -> list[dict]:
    """Return the data of every explorer, read from the file without a browser."""
    return explorers_in(path.read_text(encoding="utf-8"))


def explorers(page: Page, source: tuple[Path, list[str]]) -> list[Explorer]:
    roots = page.query_selector_all(".dlp-explore")
    return [
        Explorer(*each)
        for each in zip(roots, embedded(source[0]), source[1], strict=True)
    ]


@pytest.fixture(scope="module")
def errors() -> list[str]:
    """What went wrong in a page's scripts."""
    return []


@pytest.fixture(scope="module")
def page(browser: Browser, source, errors):
    """The page in a window of a desktop."""
    errors.clear()
    context = browser.new_context(
        viewport={"width": 1280, "height": 1000}, reduced_motion="reduce"
    )
    one = context.new_page()
    one.on("pageerror", lambda error: errors.append(str(error)))
    one.goto(source[0].as_uri())
    yield one
    context.close()


def in_view(control: ElementHandle) -> None:
    control.evaluate(
        "one => one.scrollIntoView({block: 'center', behavior: 'instant'})"
    )


# --- Tests ----------------------------------------------------------------------------


def test_every_lecture_has_an_explorer(source):
    assert source[1], f"{source[0].name} has no explorer"
    assert len(embedded(source[0])) == len(source[1])


def test_explorers_stay_within_their_budget_of_bytes(source):
    html = source[0].read_text(encoding="utf-8")
    sizes = [
        len(zlib.compress("".join(one).encode())) for one in EXPLORER.findall(html)
    ]
    assert len(sizes) == len(source[1])
    assert max(sizes) <= BUDGET, f"{source[0].name}: {sizes} bytes"


@pytest.mark.parametrize("move", [move_by_mouse, move_by_keyboard])
def test_every_control_shows_the_right_frame_at_both_ends_and_in_the_middle(
    page, source, errors, move
):
    for explorer in explorers(page, source):
        positions = explorer.positions()
        assert move is move_by_keyboard or positions == explorer.data["start"]
        explorer.check(positions)
        for k, control in enumerate(explorer.controls):
            in_view(control)
            for stop in stops(explorer.sizes[k]):
                move(page, control, stop, explorer.sizes[k])
                positions[k] = stop
                explorer.check(positions)
    assert not errors


def test_every_control_changes_the_figure_somewhere(source):
    for data in embedded(source[0]):
        frames, sizes = (
            data["frames"],
            list(map(len, data["choices"])),
        )
        for k, size in enumerate(sizes):
            step = reduce(int.__mul__, sizes[k + 1 :], 1)
            pairs = [
                (i, i + step) for i in range(len(frames)) if i // step % size < size - 1
            ]
            assert any(frames[i] != frames[j] for i, j in pairs), (
                f"control {k} of {data['choices']} does nothing"
            )


def test_labels_read_outs_and_announcements(page, source):
    roles = {"range": "slider", "checkbox": "checkbox", "select-one": "combobox"}
    for number, explorer in enumerate(explorers(page, source)):
        root: Locator = page.locator(".dlp-explore").nth(number)
        for k, control in enumerate(explorer.controls):
            label = control.evaluate(LABEL)
            assert (
                label.strip()
                and root.get_by_role(roles[kind(control)], name=label).count() >= 1
            ), f"no label {label!r}"
            if kind(control) == "range":
                name = explorer.data["choices"][k][control.evaluate(POSITION)]
                assert (
                    control.get_attribute("aria-valuetext")
                    == control.evaluate(NAME)
                    == name
                )
        assert (
            explorer.root.query_selector("figcaption").get_attribute("aria-live")
            == "polite"
        )


def test_the_tab_key_goes_from_control_to_control(page, source):
    for explorer in explorers(page, source):
        explorer.controls[0].focus()
        for control in explorer.controls[1:]:
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.matches('.dlp-play')"):
                page.keyboard.press("Tab")
            assert control.evaluate("one => one === document.activeElement")


def test_without_javascript_the_starting_frame_stands_there(browser, source):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(source[0].as_uri())
    roots = page.locator(".dlp-explore")
    assert roots.count() == len(source[1])
    for k, data in enumerate(embedded(source[0])):
        root, place = roots.nth(k), 0
        for names, start in zip(data["choices"], data["start"], strict=True):
            place = place * len(names) + start
        assert not root.locator("input, select, label").count(), (
            "controls that do nothing"
        )
        frame = data["frames"][place]
        assert (
            root.locator("figcaption").inner_text().strip() == frame["caption"].strip()
        )
        shown = root.evaluate(READ, frame)
        assert shown["table"] and shown["svg"] and shown["alt"] == frame["alt"]
    context.close()


PHONE = """
root => {
  const BOX = ".dlp-scroll, .dlp-picture";
  const wide = [...root.querySelectorAll("*")]
      .filter(one => !one.closest(BOX) || one.matches(BOX))
    .filter(one => one.getBoundingClientRect().right > innerWidth + 0.5)
        .map(one => one.outerHTML.slice(0, 80));
  return {wide, page: document.documentElement.scrollWidth};
}
"""
REACH = """
one => {
  one.scrollIntoView({block: "center", behavior: "instant"});
  const box = one.closest("label").getBoundingClientRect(),
      self = one.getBoundingClientRect();
  const hit = document.elementFromPoint(self.x + self.width / 2,
      self.y + self.height / 2);
  const inside = self.x >= 0 && box.right <= innerWidth;
  return {reached: one === hit || one.closest("label") === hit, height: box.height,
      inside};
}
"""


def test_explorers_on_a_phone(browser, source):
    context = browser.new_context(
        viewport={"width": 390, "height": 844},
        has_touch=True,
        is_mobile=True,
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.goto(source[0].as_uri())
    for explorer in explorers(page, source):
        positions = explorer.positions()
        for k, control in enumerate(explorer.controls):
            reach = control.evaluate(REACH)
            assert reach["reached"] and reach["inside"] and reach["height"] >= 24, (
                f"{control.evaluate(LABEL)}: {reach}"
            )
            for stop in stops(explorer.sizes[k]):
                move_by_keyboard(page, control, stop, explorer.sizes[k])
                positions[k] = stop
                assert explorer.root.evaluate(PHONE) == {"wide": [], "page": 390}, (
                    f"at {positions}"
                )
        explorer.check(positions)
    context.close()
