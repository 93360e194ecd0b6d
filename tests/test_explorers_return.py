"""Explorers over time, in a real browser: the way back, reload, and steps that are
played.
"""

from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from unittest import mock

import pytest
from playwright.sync_api import Page

from dlpatterns import explore as room
from dlpatterns import show
from dlpatterns.explore import Menu, Slider, explore

READ = """
() => [...document.querySelectorAll(".dlp-explore")].map((root) => ({
  at: [...root.querySelectorAll("input, select")]
      .map((one) => one.type === "checkbox" ? +one.checked : +one.value),
  outputs: [...root.querySelectorAll("output")].map((one) => one.textContent),
  title: root.querySelector("svg text:last-of-type").parentElement.textContent
      .match(/step \\d+ \\w+/)?.[0],
  caption: root.querySelector("figcaption").textContent,
}))
"""


def drawn(step: int, kind: str, log: bool) -> show.Frame:
    fig, axes = show.subplots(figsize=(3, 2))
    axes.bar(["a"], [step])
    axes.set(title=f"step {step} {kind}", yscale="log" if log else "linear")
    caption = f"Step {step} of {kind}, {'log' if log else 'linear'}. " + "Long. " * step
    return show.frame(fig, caption=caption, alt=f"One bar that is {step} units high.")


def expected(step: int, kind: str, log: bool) -> dict:
    return {
        "at": [step - 1, ["one", "two"].index(kind), int(log)],
        "outputs": [f"{step} s"],
        "title": f"step {step} {kind}",
        "caption": f"Step {step} of {kind}, {'log' if log else 'linear'}. "
        + "Long. " * step,
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A folder with a page of two explorers, and another page."""
    folder, parts = tmp_path_factory.mktemp("return"), []
    steps = Slider(range(1, 6), unit="s", label="Step", start=2, play=True)
    with mock.patch.object(
        room, "display", lambda data, raw: parts.append(data["text/html"])
    ):
        for _ in range(2):
            explore(drawn, step=steps, kind=Menu(["one", "two"]), log=False)
    style = (Path(room.__file__).parent / "explore.css").read_text(encoding="utf-8")
    head = f'<meta charset="utf-8"><title>x</title><style>{style}</style>'
    far = '<p style="height:3000px"><a href="other.html">away</a></p>'
    page = (
        f"<!doctype html><html><head>{head}</head><body>{far.join(parts)}</body></html>"
    )
    (folder / "page.html").write_text(page, encoding="utf-8")
    (folder / "other.html").write_text("<title>x</title>Away.", encoding="utf-8")
    return folder


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(params=["disk", "server"])
def home(request, folder):
    """The address of the folder, on disk or on a server."""
    if request.param == "disk":
        yield folder.as_uri()
        return
    handler = partial(_Quiet, directory=str(folder))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture
def page(browser, home, request):
    """The page, in a browser whose readers like or dislike motion."""
    motion = getattr(request, "param", "no-preference")
    context = browser.new_context(reduced_motion=motion)
    one, errors = context.new_page(), []
    one.on("pageerror", lambda error: errors.append(str(error)))
    one.goto(f"{home}/page.html")
    yield one
    context.close()
    assert not errors


def move(page: Page) -> None:
    """Move every control of the first explorer, and one of the second."""
    first, second = (page.locator(".dlp-explore").nth(k) for k in range(2))
    first.get_by_role("slider").focus()
    page.keyboard.press("End")
    first.get_by_role("combobox").select_option(index=1)
    first.get_by_role("checkbox").check()
    second.get_by_role("slider").focus()
    page.keyboard.press("ArrowRight")


MOVED = [expected(5, "two", True), expected(3, "one", False)]


def test_on_the_way_back_controls_labels_figure_and_caption_agree(page):
    assert page.evaluate(READ) == [expected(2, "one", False)] * 2
    move(page)
    assert page.evaluate(READ) == MOVED
    page.get_by_role("link", name="away").click()
    page.wait_for_url("**/other.html")
    page.go_back()
    page.wait_for_selector(".dlp-controls")
    assert page.evaluate(READ) == MOVED
    page.reload()
    assert page.evaluate(READ) == MOVED


def test_a_new_visit_starts_afresh(page):
    move(page)
    page.goto(page.url.replace("page.html", "other.html"))
    page.goto(page.url.replace("other.html", "page.html"))
    assert page.evaluate(READ) == [expected(2, "one", False)] * 2


def test_a_page_from_the_cache_agrees_too(page):
    move(page)
    page.evaluate(
        "dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))"
    )
    assert page.evaluate(READ) == MOVED


def test_what_the_browser_puts_back_by_itself_is_followed(page):
    page.evaluate("document.querySelector('.dlp-explore input').value = 4")
    page.evaluate(
        "dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))"
    )
    assert page.evaluate(READ)[0] == expected(5, "one", False)


def test_frames_are_read_when_their_explorer_comes_into_view(page):
    reads = (
        "[...document.querySelectorAll('.dlp-explore')].map((one) => "
        "Boolean(one.querySelector('figcaption').style.minHeight))"
    )
    page.wait_for_function(f"{reads}[0]")
    assert page.evaluate(reads) == [True, False]
    page.locator(".dlp-explore").nth(1).scroll_into_view_if_needed()
    page.wait_for_function(f"{reads}[1]")


def test_steps_play_to_the_end_and_stop(page):
    page.clock.install()
    button = page.locator(".dlp-play").first
    assert button.get_attribute("aria-label") == "Play Step"
    button.focus()
    page.keyboard.press("Enter")
    assert button.get_attribute("aria-label") == "Stop Step"
    caption = page.locator("figcaption").first
    assert caption.get_attribute("aria-live") == "off"
    seen = []
    for _ in range(5):
        page.clock.run_for(700)
        seen.append(page.evaluate(READ)[0])
    steps = [expected(min(step, 5), "one", False) for step in (3, 4, 5, 6, 7)]
    assert seen == steps
    assert button.get_attribute("aria-label") == "Play Step"
    assert caption.get_attribute("aria-live") == "polite"
    button.click()  # from the end it begins anew
    assert page.evaluate(READ)[0] == expected(1, "one", False)
    page.clock.run_for(700)
    assert page.evaluate(READ)[0] == expected(2, "one", False)


def test_a_moved_control_stops_what_plays(page):
    page.clock.install()
    page.locator(".dlp-play").first.click()
    page.clock.run_for(700)
    page.get_by_role("slider").first.focus()
    page.keyboard.press("Home")
    page.clock.run_for(2100)
    assert page.evaluate(READ)[0] == expected(1, "one", False)


@pytest.mark.parametrize("page", ["reduce"], indirect=True)
def test_who_dislikes_motion_gets_one_step_a_press(page):
    page.clock.install()
    button = page.locator(".dlp-play").first
    for step in (3, 4, 5):
        button.click()
        page.clock.run_for(2100)
        assert page.evaluate(READ)[0] == expected(step, "one", False)
    button.click()
    assert page.evaluate(READ)[0] == expected(1, "one", False)
