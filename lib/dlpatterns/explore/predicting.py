"""Predictions that a reader commits to: a question, a guess, and only then the answer.

The page takes guesses with `predicting.js`; with a kernel ipywidgets take them by the
same rules. Nothing is locked: who skips unfolds the answer.
"""

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from hashlib import sha1
from html import escape
from importlib.resources import files
from numbers import Integral, Real

from IPython.display import display

from ..show import number, si
from . import guesses

WIDGET = "application/vnd.jupyter.widget-view+json"
NEAR = 2  # a guess within this factor counts as near
LONG = 10_000_000  # from here on a number is also said with its SI prefix
BLUE, ORANGE = "var(--dlp-blue, #2b69d3)", "var(--dlp-orange, #ab6506)"


@dataclass(frozen=True)
class Question:
    """A question with its answer: a number on an axis, or one of several choices."""

    question: str
    answer: float | str
    unit: str = ""
    scale: str = "linear"
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] | None = None

    @property
    def key(self) -> str:
        """Return the name under which a guess is kept: a digest of what is asked."""
        asked = f"{self.question}|{self.unit}|{self.scale}|{self.choices}"
        return sha1(asked.encode()).hexdigest()[:12]

    @property
    def said(self) -> str:
        """Return the answer as readers write it, with its unit."""
        if self.choices:
            return str(self.answer)
        text = f"{number(self.answer)} {self.unit}".strip()
        return text if abs(self.answer) < LONG else f"{text} ({si(self.answer)})"

    def understood(self, text: str) -> float | str:
        """Return the guess that a text means.

        Raises: ValueError with a kind word if it means none.
        """
        if self.choices:
            if text not in self.choices:
                raise ValueError("Choose one first; a hunch is enough.")
            return text
        value = guesses.parse(text, self.unit)
        if self.scale == "log" and value <= 0:
            raise ValueError(
                "On this axis every number is above zero. Try a positive one."
            )
        return value

    def near(self, guess: float | str) -> bool:
        """Tell whether a guess is right, or within a factor of two."""
        if self.choices or not self.answer:
            return guess == self.answer
        return 1 / NEAR <= guess / self.answer <= NEAR

    def sentence(self, text: str, guess: float | str) -> str:
        """Return what was said, what it is, and how far apart the two are."""
        return f"You said {text}. It is {self.said}: {self._verdict(guess)}"

    def _verdict(self, guess: float | str) -> str:
        if guess == self.answer:
            return "right." if self.choices else "exactly right."
        if self.choices:
            return "not what you said."
        side = "low" if guess < self.answer else "high"
        if not self.answer or guess / self.answer <= 0:
            return f"your guess is too {side}."
        factor = max(guess / self.answer, self.answer / guess)
        if factor < 1.05:
            return "within five per cent."
        return f"your guess is a factor of {_counted(factor)} too {side}."

    def data(self) -> dict:
        """Return what the page's script needs."""
        return asdict(self) | {"key": self.key, "said": self.said}


def _counted(factor: float) -> str:
    if factor < 9.95:
        return f"{factor:.1f}"
    return f"{factor:,.0f}" if factor < 1e6 else f"10^{round(math.log10(factor))}"


def predict(
    question: str,
    *,
    answer: Real | str,
    unit: str = "",
    scale: str = "linear",
    low: float | None = None,
    high: float | None = None,
    choices: Sequence[str] | None = None,
) -> None:
    """Ask for the reader's guess, a number or one of several choices, and show it
    beside the answer once it is committed.

    `low` and `high` fix the ends of the axis; without them it holds both numbers.
    Raises: ValueError if the answer is none of the choices or no number of that axis;
    TypeError if it is neither number nor text.
    """
    asked = _question(question, answer, choices)
    if not choices:
        asked = _on_axis(asked, unit=unit, scale=scale, low=low, high=high)
    _asked[asked.key] = asked
    _show(_form(asked), page(asked), f"{asked.question}\n→ {asked.said}")


def _question(question: str, answer: object, choices: Sequence[str] | None) -> Question:
    if not question.strip():
        raise ValueError(f"a prediction needs a question, got {question!r}")
    if choices is not None:
        names = tuple(map(str, choices))
        if len(set(names)) != len(names) or len(names) < 2:
            raise ValueError(
                f"choices must be two or more different texts, got {names}"
            )
        if str(answer) not in names:
            raise ValueError(f"the answer {answer!r} is none of the choices {names}")
        return Question(question.strip(), str(answer), choices=names)
    if isinstance(answer, bool) or not isinstance(answer, Real):
        raise TypeError(
            f"the answer must be a number, or one of choices=[...], got {answer!r}"
        )
    if not math.isfinite(answer):
        raise ValueError(f"the answer must be a finite number, got {answer!r}")
    whole = isinstance(answer, Integral)
    return Question(question.strip(), int(answer) if whole else float(answer))


def _on_axis(asked: Question, *, unit: str, scale: str, low, high) -> Question:
    """Return a question with its axis, checked."""
    if scale not in ("linear", "log"):
        raise ValueError(f"scale must be 'linear' or 'log', got {scale!r}")
    ends = [float(end) for end in (low, high) if end is not None]
    if scale == "log" and min([asked.answer, *ends]) <= 0:
        raise ValueError(
            f"a log axis holds numbers above zero; answer {asked.answer!r}, "
            f"low {low!r}, high {high!r}"
        )
    lowest = -math.inf if low is None else low
    highest = math.inf if high is None else high
    if not lowest <= asked.answer <= highest or lowest >= highest:
        raise ValueError(
            f"the answer {asked.answer!r} must lie between low {low!r} and high "
            f"{high!r}"
        )
    low, high = (None if end is None else float(end) for end in (low, high))
    return Question(asked.question, asked.answer, unit.strip(), scale, low, high)


def predictions() -> None:
    """Show how many of the guesses so far were within a factor of two, or right."""
    asked = list(_asked.values())
    if not asked:
        raise ValueError("no prediction has been asked yet; call predict(...) first")
    listed = [f"{one.question} → {one.said}" for one in asked]
    _show(_summary(asked), _summary_page(asked), "\n".join(listed))


def _show(widget, html: str, text: str) -> None:
    view = {"version_major": 2, "version_minor": 0, "model_id": widget.model_id}
    display({WIDGET: view, "text/html": html, "text/plain": text}, raw=True)


# --- On a static page -----------------------------------------------------------------


@cache
def _script() -> str:
    """Return the page's script, with the tables by which guesses are read put in."""
    text = files(__package__).joinpath("predicting.js").read_text(encoding="utf-8")
    for name in ("SCALES", "MILLI", "BYTES", "CANNOT_READ"):
        value = json.dumps(getattr(guesses, name), ensure_ascii=False)
        text = text.replace(f'"{name}"', value)
    for name in ("UNIT", "GUESS"):
        value = json.dumps(f"^{getattr(guesses, name)}$", ensure_ascii=False)
        text = text.replace(f'"{name}"', value)
    return text


def _packed(data: dict) -> str:
    """Return data and script for the end of an element."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    text = text.replace("</", "<\\/").replace("<!--", "\\u003c!--")
    return (
        f'<script type="application/json">{text}</script><script>{_script()}</script>'
    )


def page(asked: Question) -> str:
    """Return a question as HTML with its answer folded, and a script that takes a guess
    before it is unfolded.
    """
    return (
        '<div class="dlp-predict"><p class="dlp-question"><strong>Your '
        f"prediction.</strong> {escape(asked.question)}</p>{_choices_listed(asked)}"
        "<details><summary>The answer</summary>"
        f"<p>{escape(asked.said)}</p></details>{_packed(asked.data())}</div>"
    )


def _choices_listed(asked: Question) -> str:
    items = "".join(f"<li>{escape(choice)}</li>" for choice in asked.choices or ())
    return f'<ul class="dlp-choices">{items}</ul>' if items else ""


def _summary_page(asked: Sequence[Question]) -> str:
    items = "".join(
        f"<li>{escape(one.question)} <strong>{escape(one.said)}</strong></li>"
        for one in asked
    )
    return (
        f'<div class="dlp-predictions"><p role="status">{len(asked)} predictions stand '
        "above.</p><details><summary>All questions and answers</summary>"
        f"<ol>{items}</ol></details>"
        f"{_packed({'questions': [one.data() for one in asked]})}</div>"
    )


# --- The axis -------------------------------------------------------------------------


def axis(asked: Question, guess: float) -> str:
    """Return an axis as SVG with the guess above it and the answer below it."""
    low, high = ends(asked, guess)

    def at(x: float) -> float:
        f = math.log10 if asked.scale == "log" else float
        # what lies beyond an end of the axis stands at that end
        share = (f(min(high, max(low, x))) - f(low)) / (f(high) - f(low))
        return 4 + 92 * share

    beyond = "your guess"
    beyond = f"{beyond} →" if guess > high else f"← {beyond}" * (guess < low) or beyond
    marks = "".join(
        f'<line x1="{at(x):.1f}%" x2="{at(x):.1f}%" y1="26" y2="34" '
        f'stroke="currentColor"/>{_word(at(x), 68, short(x), "currentColor")}'
        for x in ticks(asked, low, high)
    )
    return (
        '<svg class="dlp-axis" width="100%" height="74" font-size="12" '
        'aria-hidden="true"><line x1="4%" x2="96%" y1="30" y2="30" '
        f'stroke="currentColor"/>{marks}{_point(at(guess), 16, beyond, ORANGE)}'
        f"{_point(at(asked.answer), 51, 'the answer', BLUE)}</svg>"
    )


def _point(x: float, y: int, word: str, colour: str) -> str:
    circle = f'<circle cx="{x:.1f}%" cy="30" r="6" fill="{colour}"/>'
    return circle + _word(x, y, word, colour)


def _word(x: float, y: int, word: str, colour: str) -> str:
    anchor = "start" if x < 14 else "end" if x > 86 else "middle"
    return (
        f'<text x="{x:.1f}%" y="{y}" text-anchor="{anchor}" '
        f'fill="{colour}">{word}</text>'
    )


def ends(asked: Question, guess: float) -> tuple[float, float]:
    """Return the ends of the axis: those given, or wide enough for both numbers."""
    least, most = sorted((guess, asked.answer))
    if asked.scale == "log":
        low = 10.0 ** math.floor(math.log10(least)) if asked.low is None else asked.low
        high = 10.0 ** math.ceil(math.log10(most)) if asked.high is None else asked.high
        return low, high if high > low else low * 10
    low = min(0, 1.1 * least) if asked.low is None else asked.low
    high = max(0, 1.1 * most) if asked.high is None else asked.high
    return low, high if high > low else low + 1


def ticks(asked: Question, low: float, high: float) -> list[float]:
    """Return at most six round numbers between the ends of an axis."""
    log = asked.scale == "log"
    start, stop = (math.log10(low), math.log10(high)) if log else (low, high)
    step = (stop - start) / 5
    power = 10.0 ** math.floor(math.log10(step))
    round_steps = (
        it * power for it in (1, 2, 5, 10) if step <= it * power * (1 + 1e-9)
    )
    step = max(1, math.ceil(step)) if log else next(round_steps)
    first, last = math.ceil(start / step - 1e-9), math.floor(stop / step + 1e-9)
    inside = range(first, last + 1)
    found = [10.0 ** (k * step) if log else k * step for k in inside]
    return found if len(found) > 1 else [low, high]


def short(x: float) -> str:
    """Return a tick's number in a few characters.

    >>> short(2000), short(0.25), short(1e-6), short(3e21)
    ('2 k', '0.25', '1e-6', '3e21')
    """
    if x and not 1e-3 <= abs(x) < 1e21:
        digits, power = f"{x:.0e}".split("e")
        return f"{digits}e{int(power)}"
    sizes = zip((1e18, 1e15, 1e12, 1e9, 1e6, 1e3), "EPTGMk", strict=True)
    by, prefix = next((pair for pair in sizes if abs(x) >= pair[0]), (1, ""))
    return f"{x / by:.3g} {prefix}".strip()


# --- With a kernel --------------------------------------------------------------------

_asked: dict[str, Question] = {}
_taken: dict[str, str] = {}
_followers: list[Callable[[], None]] = []


def _form(asked: Question):
    """Return ipywidgets that take a guess and show it beside the answer."""
    import ipywidgets

    question = ipywidgets.HTML(
        f"<p><strong>Your prediction.</strong> {escape(asked.question)}</p>"
    )
    if asked.choices:
        entry = ipywidgets.RadioButtons(options=asked.choices, value=None)
    else:
        entry = ipywidgets.Text(
            placeholder="your guess", description=asked.unit and f"in {asked.unit}"
        )
        entry.on_msg(lambda _, content, __: enter(content))
    button, view = ipywidgets.Button(), ipywidgets.HTML()

    def show(word: str = "") -> None:
        text = _taken.get(asked.key)
        entry.disabled = text is not None
        button.description = "Commit" if text is None else "Guess again"
        view.value = f'<p role="status">{escape(word)}</p>'
        if text is not None:
            view.value = _outcome(asked, text)
            entry.value = text

    def enter(content: dict) -> None:
        if content.get("event") == "submit" and asked.key not in _taken:
            press()

    def press(*_: object) -> None:
        if asked.key in _taken:
            del _taken[asked.key]
            entry.value = None if asked.choices else ""
            word = ""
        else:
            word = _commit(asked, entry.value or "")
        show(word)
        for follower in _followers:
            follower()

    button.on_click(press)
    show()
    return ipywidgets.VBox([question, ipywidgets.HBox([entry, button]), view])


def _commit(asked: Question, text: str) -> str:
    """Keep a guess that can be understood, or return the kind word why not."""
    text = text.strip()
    try:
        asked.understood(text)
    except ValueError as word:
        return str(word)
    _taken[asked.key] = text
    return ""


def _outcome(asked: Question, text: str) -> str:
    guess = asked.understood(text)
    drawn = "" if asked.choices else axis(asked, guess)
    return f'<p role="status">{escape(asked.sentence(text, guess))}</p>{drawn}'


def _summary(asked: Sequence[Question]):
    """Return a line that counts the guesses, and counts again after each."""
    import ipywidgets

    line = ipywidgets.HTML()

    def count() -> None:
        line.value = f'<p role="status">{escape(summed(asked, _taken))}</p>'

    _followers.append(count)
    count()
    return line


def summed(asked: Sequence[Question], taken: dict[str, str]) -> str:
    """Return how many questions have guesses, and how many of these are near."""
    known = [(one, one.understood(taken[one.key])) for one in asked if one.key in taken]
    said = [f"You committed {len(known)} of {len(asked)} predictions."]
    for choice, words in ((False, "Within a factor of two"), (True, "Right choices")):
        near = [one.near(guess) for one, guess in known if bool(one.choices) is choice]
        if near:
            said.append(f"{words}: {sum(near)} of {len(near)}.")
    return " ".join(said)
