"""Predictions in a real browser: guesses by mouse and keyboard, kept over reload and
the way back, without JavaScript, and read as the library reads them.
"""

import re
from pathlib import Path
from unittest import mock

import pytest
from guesses_for_tests import READ, UNREADABLE
from playwright.sync_api import Locator, Page

from dlpatterns import explore as room
from dlpatterns.explore import predict, predicting, predictions

AXE = (
    Path(__file__).resolve().parent.parent / "node_modules" / "axe-core" / "axe.min.js"
)
LAYERS, MACS, SHARE, WHERE = (
    "How many of VGG-16's sixteen layers are convolutions?",
    "How many MACs does it take?",
    "Which share?",
    "Which layers hold most of the weights?",
)
ASKED = [
    (LAYERS, {"answer": 13, "unit": "layers"}),
    (MACS, {"answer": 15_470_264_320, "unit": "MAC", "scale": "log"}),
    (SHARE, {"answer": 38.5, "unit": "%", "low": 0, "high": 100}),
    (WHERE, {"answer": "the full", "choices": ["the convolutions", "the full"]}),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A folder with a page of four predictions and their sum, and another page."""
    folder, parts = tmp_path_factory.mktemp("predictions"), []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(predicting, "_asked", {})
        patch.setattr(
            predicting, "display", lambda data, raw: parts.append(data["text/html"])
        )
        for question, options in ASKED:
            predict(question, **options)
        predictions()
    style = (Path(room.__file__).parent / "explore.css").read_text(encoding="utf-8")
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>Predictions</title><style>{style}</style>"
    )
    body = (
        "<h1>Predictions</h1>"
        + "".join(parts)
        + '<p><a href="other.html">another page</a></p>'
    )
    page = (
        f'<!doctype html><html lang="en"><head>{head}</head><main>{body}</main></html>'
    )
    (folder / "page.html").write_text(page, encoding="utf-8")
    (folder / "other.html").write_text(
        "<title>x</title>Another page.", encoding="utf-8"
    )
    return folder


@pytest.fixture
def context(browser):
    one = browser.new_context(viewport={"width": 390, "height": 844})
    yield one
    one.close()


@pytest.fixture
def page(context, folder):
    """The page, from disk, in a browser that has seen nothing yet."""
    one, errors = context.new_page(), []
    one.on("pageerror", lambda error: errors.append(str(error)))
    one.goto((folder / "page.html").as_uri())
    yield one
    assert not errors


def asked(page: Page, number: int) -> Locator:
    return page.locator(".dlp-predict").nth(number)


def status(page: Page, number: int) -> str:
    return asked(page, number).get_by_role("status").inner_text()


def summed(page: Page) -> str:
    return page.locator(".dlp-predictions").get_by_role("status").inner_text()


def by_mouse(page: Page, number: int, text: str) -> None:
    asked(page, number).get_by_role("textbox").fill(text)
    asked(page, number).get_by_role("button").click()


def by_keyboard(page: Page, number: int, text: str) -> None:
    asked(page, number).get_by_role("textbox").focus()
    page.keyboard.insert_text(text)
    page.keyboard.press("Enter")


@pytest.mark.parametrize("commit", [by_mouse, by_keyboard])
@pytest.mark.parametrize(
    ("number", "text", "said"),
    [
        (0, "13", "You said 13. It is 13 layers: exactly right."),
        (
            0,
            "１０",
            "You said １０. It is 13 layers: your guess is a factor of 1.3 too low.",
        ),
        (0, "-4", "You said -4. It is 13 layers: your guess is too low."),
        (1, "15.5 G", "within five per cent."),
        (1, "1e99", "your guess is a factor of 10^89 too high."),
        (2, "７７％", "your guess is a factor of 2.0 too high."),
        (2, "３，０００", "your guess is a factor of 78 too high."),
    ],
)
def test_a_guess_is_committed_and_shown_beside_the_answer(
    page, commit, number, text, said
):
    assert not asked(page, number).locator("svg").count()
    commit(page, number, text)
    assert status(page, number).endswith(said)
    words = asked(page, number).locator("svg text").all_text_contents()
    assert "the answer" in words and any("your guess" in word for word in words)
    assert asked(page, number).get_by_role("button").inner_text() == "Guess again"
    assert not asked(page, number).locator("details").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    inside = asked(page, number).evaluate(
        "root => [...root.querySelectorAll('svg text')].every((one) => { const box = "
        "one.getBoundingClientRect(); return box.left >= 0 && box.right <= "
        "innerWidth; })"
    )
    assert inside, "a word of the axis is cut off"


@pytest.mark.parametrize("commit", [by_mouse, by_keyboard])
@pytest.mark.parametrize(
    ("number", "text", "word"),
    [
        (0, "", "Type a number first; a rough guess is enough."),
        (0, "many", "That is not a number I can read."),
        (0, "<img src=x onerror=alert(1)>", "That is not a number I can read."),
        (1, "-3", "On this axis every number is above zero."),
        (0, "1e999", "That is beyond all numbers."),
    ],
)
def test_what_is_no_guess_gets_a_kind_word_and_the_answer_stays_hidden(
    page, commit, number, text, word
):
    commit(page, number, text)
    assert status(page, number).startswith(word)
    assert asked(page, number).get_by_role("button").inner_text() == "Commit"
    assert asked(page, number).locator("details").is_visible()
    assert (
        asked(page, number)
        .get_by_role("textbox")
        .evaluate("one => one === document.activeElement")
    )
    by_mouse(page, 2, "20")  # another guess leaves the word where it is
    assert status(page, number).startswith(word)


def test_a_choice_by_mouse_and_by_keyboard(page):
    root = asked(page, 3)
    root.get_by_role("button").click()
    assert status(page, 3) == "Choose one first; a hunch is enough."
    root.get_by_label("the convolutions").check()
    root.get_by_role("button").click()
    said = "You said the convolutions. It is the full: not what you said."
    assert status(page, 3) == said
    assert root.get_by_role("radio").first.is_disabled()
    root.get_by_role("button").click()  # guess again
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert status(page, 3) == "You said the full. It is the full: right."
    assert not root.locator("svg").count()


def test_the_answer_cannot_be_seen_before_a_guess(page):
    seen = page.evaluate("document.querySelector('main').innerText")
    assert "13 layers" not in seen and "15.5 G" not in seen and "38.5" not in seen
    asked(page, 0).locator("summary").click()
    assert asked(page, 0).get_by_text("13 layers").is_visible(), "skipping is allowed"


def test_guesses_are_summed_and_survive_reload_and_the_way_back(page):
    assert summed(page) == "You committed 0 of 4 predictions."
    by_mouse(page, 0, "10")
    by_keyboard(page, 1, "1 G")
    asked(page, 3).get_by_label("the full").check()
    asked(page, 3).get_by_role("button").click()
    said = (
        "You committed 3 of 4 predictions. Within a factor of two: 1 of 2. "
        "Right choices: 1 of 1."
    )
    assert summed(page) == said
    page.reload()
    assert summed(page) == said and status(page, 0).startswith("You said 10.")
    page.get_by_role("link", name="another page").click()
    page.wait_for_url("**/other.html")
    page.go_back()
    assert summed(page) == said
    assert asked(page, 3).get_by_label("the full").is_checked()
    assert asked(page, 0).get_by_role("textbox").input_value() == "10"
    asked(page, 0).get_by_role("button").click()  # guess again
    page.reload()
    assert summed(page).startswith("You committed 2 of 4")
    assert status(page, 0) == "" == asked(page, 0).get_by_role("textbox").input_value()


def test_a_browser_that_keeps_nothing_still_takes_guesses(context, folder):
    page, errors = context.new_page(), []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.add_init_script(
        "Object.defineProperty(window, 'localStorage', "
        "{get() { throw new DOMException('no', 'SecurityError'); }})"
    )
    page.goto((folder / "page.html").as_uri())
    by_mouse(page, 0, "10")
    assert status(page, 0).startswith("You said 10.") and not errors
    assert summed(page).startswith("You committed 1 of 4")


def test_without_javascript_the_answer_stands_folded(browser, folder):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((folder / "page.html").as_uri())
    assert not page.locator("input, button").count(), "controls that do nothing"
    assert page.get_by_text("the convolutions").is_visible()
    answer = asked(page, 0).locator("details p")
    assert not answer.is_visible()
    asked(page, 0).locator("summary").click()
    assert answer.inner_text() == "13 layers"
    context.close()


def test_what_is_announced_and_how_things_are_called(page):
    root = asked(page, 0)
    line = root.get_by_role("status")
    assert line.get_attribute("aria-live") == "polite"
    box = root.get_by_role("textbox", name="Your guess")
    described = box.get_attribute("aria-describedby")
    assert LAYERS in page.locator(f"#{described}").inner_text()
    group = asked(page, 3).get_by_role("radiogroup")
    named = group.get_attribute("aria-labelledby")
    assert WHERE in page.locator(f"#{named}").inner_text()
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((one) => one.id)")
    assert len(ids) == len(set(ids))


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed: run `npm ci`")
def test_axe_finds_nothing_before_and_after_a_guess(page):
    page.evaluate(AXE.read_text(encoding="utf-8"))
    for guessed in (False, True):
        if guessed:
            by_mouse(page, 0, "10")
            by_mouse(page, 1, "many")
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        assert not [one["id"] for one in found["violations"]]


# --- The page reads and says what the library reads and says --------------------------


def test_page_and_library_read_guesses_alike(page):
    read = page.evaluate(
        "all => { const { parse } = document.querySelector('.dlp-predict').dlp; return "
        "all.map(([text, unit]) => { try { return parse(text, unit); } "
        "catch (word) { return String(word); } }); }",
        [[text, unit] for text, unit, _ in READ + UNREADABLE],
    )
    for (text, unit, value), got in zip(READ, read[: len(READ)], strict=True):
        assert got == pytest.approx(value, rel=1e-12), (text, unit)
    for (text, unit, _), got in zip(UNREADABLE, read[len(READ) :], strict=True):
        with pytest.raises(ValueError) as word:
            room.guesses.parse(text, unit)
        assert got == str(word.value)


GUESSES = ["13", "10", "6.5", "26", "1e6", "-2", "0", "77", "1e99", "2e-99"]
SAY = """
all => all.map(([k, text]) => {
  const root = document.querySelectorAll(".dlp-predict")[k], { understood, sentence,
      axis, near } = root.dlp;
  const q = JSON.parse(root.querySelector("script").textContent);
  try { const guess = understood(q, text); return [sentence(q, text, guess), axis(q,
      guess), near(q, guess)]; }
  catch (word) { return String(word); }
})
"""


def test_page_and_library_say_and_draw_alike(page):
    pairs = [[k, text] for k in range(3) for text in GUESSES]
    with (
        mock.patch.object(predicting, "_asked", {}),
        mock.patch.object(predicting, "display"),
    ):
        for question, options in ASKED:
            predict(question, **options)
        questions = list(predicting._asked.values())
    for (k, text), got in zip(pairs, page.evaluate(SAY, pairs), strict=True):
        asked = questions[k]
        try:
            guess = asked.understood(text)
        except ValueError as word:
            assert got == str(word)
            continue
        assert got[0] == asked.sentence(text, guess) and got[2] is asked.near(guess)
        ours, theirs = (parts(one) for one in (predicting.axis(asked, guess), got[1]))
        assert ours[0] == theirs[0]
        assert ours[1] == pytest.approx(theirs[1], abs=0.11)


def parts(svg: str) -> tuple[str, list[float]]:
    """Return an axis without its places, and its places."""
    return re.sub(r"[\d.]+%", "%", svg), list(map(float, re.findall(r"([\d.]+)%", svg)))
