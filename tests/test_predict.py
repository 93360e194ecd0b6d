"""Tests of predictions: how guesses are read, what is refused, what one call carries,
and its live half.
"""

from unittest import mock

import pytest
from bs4 import BeautifulSoup
from guesses_for_tests import READ, UNREADABLE

from dlpatterns.explore import guesses, predict, predicting, predictions

SIXTEEN = "How many of VGG-16's sixteen layers are convolutions?"


def shown(call, *args, **options) -> dict:
    """Return the MIME bundle that a call displays."""
    with mock.patch.object(predicting, "display") as display:
        assert call(*args, **options) is None
    ((data,), given) = display.call_args
    assert given == {"raw": True}
    return data


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """Let every test begin with nothing asked and nothing guessed."""
    for name, empty in (("_asked", {}), ("_taken", {}), ("_followers", [])):
        monkeypatch.setattr(predicting, name, empty)


def question(**options) -> predicting.Question:
    return predicting.Question(SIXTEEN, **{"answer": 13, "unit": "layers"} | options)


# --- Guesses --------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "unit", "value"), READ)
def test_a_guess_is_read(text, unit, value):
    assert guesses.parse(text, unit) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(("text", "unit", "word"), UNREADABLE)
def test_what_cannot_be_read_gets_a_kind_word(text, unit, word):
    with pytest.raises(ValueError, match=word):
        guesses.parse(text, unit)


def test_a_log_axis_takes_no_guess_of_zero_or_less():
    for text in ("0", "-3"):
        with pytest.raises(ValueError, match="above zero"):
            question(scale="log").understood(text)
    assert question().understood("-3") == -3


# --- Verdicts -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("guess", "end", "near"),
    [
        (13, "exactly right.", True),
        (13.5, "within five per cent.", True),
        (10, "a factor of 1.3 too low.", True),
        (6.5, "a factor of 2.0 too low.", True),
        (26, "a factor of 2.0 too high.", True),
        (26.1, "a factor of 2.0 too high.", False),
        (1300, "a factor of 100 too high.", False),
        (13_000_000, "a factor of 10^6 too high.", False),
        (0, "your guess is too low.", False),
        (-13, "your guess is too low.", False),
    ],
)
def test_the_factor_between_guess_and_answer(guess, end, near):
    assert question().sentence(str(guess), guess).endswith(end)
    assert question().near(guess) is near


def test_a_choice_is_right_or_says_what_was_right():
    asked = question(answer="b", unit="", choices=("a", "b"))
    assert asked.sentence("b", "b") == "You said b. It is b: right."
    assert asked.sentence("a", "a") == "You said a. It is b: not what you said."


def test_a_large_answer_is_also_said_with_its_prefix():
    said = question(answer=15_470_264_320, unit="MAC").said
    assert said == "15,470,264,320 MAC (15.5 G)"


@pytest.mark.parametrize(
    ("options", "guess", "low", "high", "marks"),
    [
        ({}, 10, 0, 14.3, ["0", "5", "10"]),
        ({"low": 0, "high": 16}, 99, 0, 16, ["0", "5", "10", "15"]),
        ({"scale": "log"}, 2000, 10, 10_000, ["10", "100", "1 k", "10 k"]),
        (
            {"scale": "log"},
            1e100,
            10,
            1e100,
            ["100 E", "1e40", "1e60", "1e80", "1e100"],
        ),
        ({"scale": "log", "low": 12, "high": 20}, 14, 12, 20, ["12", "20"]),
        ({"answer": 0}, 0, 0, 1, ["0", "0.2", "0.4", "0.6", "0.8", "1"]),
    ],
)
def test_the_axis_holds_both_numbers_and_few_round_ones(
    options, guess, low, high, marks
):
    asked = question(**options)
    assert predicting.ends(asked, guess) == pytest.approx((low, high))
    found = [predicting.short(x) for x in predicting.ticks(asked, low, high)]
    assert found == marks
    drawn = BeautifulSoup(predicting.axis(asked, guess), "html.parser")
    places = [float(one["cx"].rstrip("%")) for one in drawn.find_all("circle")]
    assert len(places) == 2 and all(4 <= place <= 96 for place in places)


# --- What is refused ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"answer": "13"}, TypeError, "must be a number.*'13'"),
        ({"answer": True}, TypeError, "must be a number.*True"),
        ({"answer": float("nan")}, ValueError, "finite"),
        ({"answer": "c", "choices": ["a", "b"]}, ValueError, "'c' is none of"),
        ({"answer": "a", "choices": ["a"]}, ValueError, "two or more"),
        ({"answer": "a", "choices": ["a", "a"]}, ValueError, "two or more"),
        ({"answer": 3, "scale": "ln"}, ValueError, "'linear' or 'log', got 'ln'"),
        ({"answer": 0, "scale": "log"}, ValueError, "above zero"),
        ({"answer": 3, "scale": "log", "low": 0}, ValueError, "above zero"),
        ({"answer": 3, "low": 4}, ValueError, "3 must lie between low 4"),
        ({"answer": 3, "low": 3, "high": 3}, ValueError, "must lie between"),
    ],
)
def test_an_answer_that_does_not_fit_is_refused(options, error, message):
    with pytest.raises(error, match=message):
        predict("How many?", **options)


def test_an_empty_question_and_an_early_sum_are_refused():
    with pytest.raises(ValueError, match="needs a question"):
        predict(" ", answer=3)
    with pytest.raises(ValueError, match="no prediction has been asked"):
        predictions()


# --- What one call carries ------------------------------------------------------------


def test_one_bundle_carries_widget_page_and_text_that_can_be_compared():
    data = shown(predict, SIXTEEN, answer=13, unit="layers")
    assert set(data) == {predicting.WIDGET, "text/html", "text/plain"}
    assert data["text/plain"] == f"{SIXTEEN}\n→ 13 layers"
    page = BeautifulSoup(data["text/html"], "html.parser")
    assert "13 layers" in page.details.get_text() and not page.details.has_attr("open")
    page.details.extract()
    [script.extract() for script in page.find_all("script")]
    assert "13" not in page.get_text(), "the answer is read before a guess is made"


def test_what_a_reader_sees_is_escaped():
    data = shown(predict, "Is <b> & </script>?", answer="<i>", choices=["<i>", "x"])
    page = BeautifulSoup(data["text/html"], "html.parser")
    assert len(page.find_all("script")) == 2 and not page.find_all(["b", "i"])
    assert "Is <b> & </script>?" in page.find(class_="dlp-question").get_text()


def test_the_sum_lists_the_questions_in_order_and_each_once():
    for answer in (12, 13):  # a cell that is run again asks again
        shown(predict, SIXTEEN, answer=answer, unit="layers")
    shown(predict, "Which?", answer="a", choices=["a", "b"])
    text = shown(predictions)["text/plain"]
    assert text == f"{SIXTEEN} → 13 layers\nWhich? → a"


# --- With a kernel --------------------------------------------------------------------


def parts_of(asked: predicting.Question) -> tuple:
    """Return the entry, the button and the view of a live question."""
    _, row, view = predicting._form(asked).children
    return (*row.children, view)


def submit(entry) -> None:
    entry._handle_custom_msg({"event": "submit"}, [])


def test_a_live_guess_is_committed_by_button_or_enter_and_taken_back():
    entry, button, view = parts_of(question())
    assert view.value == '<p role="status"></p>' and not entry.disabled
    entry.value = "１０"
    submit(entry)
    assert "You said １０. It is 13 layers: your guess is a factor of 1.3" in view.value
    assert "<svg" in view.value and entry.disabled
    submit(entry)  # Enter takes nothing back
    assert entry.disabled and button.description == "Guess again"
    button.click()
    assert not entry.disabled and entry.value == "" and "You said" not in view.value
    entry.value = "13"
    button.click()
    assert "exactly right." in view.value


@pytest.mark.parametrize(
    ("text", "word"),
    [("", "Type a number"), ("many", "not a number"), ("<b>", "not a")],
)
def test_a_live_guess_that_is_none_gets_a_kind_word(text, word):
    entry, button, view = parts_of(question())
    entry.value = text
    button.click()
    assert word in view.value and not entry.disabled and "<b>" not in view.value


def test_a_live_choice():
    asked = question(answer="b", unit="", choices=("a", "b"))
    entry, button, view = parts_of(asked)
    button.click()
    assert "Choose one first" in view.value
    entry.value = "a"
    button.click()
    assert "It is b: not what you said." in view.value and "<svg" not in view.value


def test_the_live_sum_counts_after_each_guess():
    number, choice = question(), question(answer="b", unit="", choices=("a", "b"))
    line = predicting._summary([number, choice])
    assert "You committed 0 of 2 predictions." in line.value
    for asked, guess in ((number, "20"), (choice, "a")):
        entry, button, _ = parts_of(asked)
        entry.value = guess
        button.click()
    assert (
        "2 of 2 predictions. Within a factor of two: 1 of 1. Right choices: 0 of 1."
        in (line.value)
    )


def test_a_question_asked_again_keeps_its_guess():
    entry, button, _ = parts_of(question())
    entry.value = "8"
    button.click()
    again, _, view = parts_of(question())
    assert again.value == "8" and again.disabled and "You said 8." in view.value
