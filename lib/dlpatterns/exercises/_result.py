"""What a check answers: a verdict, a counter-example, a hint; as text, as HTML, and as
true or false.
"""

import html
import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass

SIGNS = {"correct": "✓", "wrong": "✗", "open": "○", "close": "≈"}
HEADS = {
    "correct": "Correct.",
    "wrong": "Not right yet.",
    "open": "Not answered yet.",
    "close": "Right, but give more digits.",
}
COLOURS = {
    "correct": "#2e8b57",
    "wrong": "#d1495b",
    "open": "#808080",
    "close": "#b5720d",
}


MOST = 400  # characters of a message or a row


@dataclass(frozen=True, repr=False)
class Result:
    """The answer of a check: a status, a sentence, rows of (label, value) and a hint;
    true if the answer was correct.
    """

    status: str
    message: str
    rows: tuple[tuple[str, str], ...] = ()
    hint: str = ""
    page: str = ""

    def __bool__(self) -> bool:
        return self.status == "correct"

    def __repr__(self) -> str:
        width = max((len(label) for label, _ in self.rows), default=0)
        lines = [f"{SIGNS[self.status]} {HEADS[self.status]} {self.message}"]
        lines += [f"  {label:<{width}}  {value}" for label, value in self.rows]
        return "\n".join(lines + [f"  Hint: {self.hint}"] * bool(self.hint))

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<div>{html.escape(label)}: <code>{html.escape(value)}</code></div>"
            for label, value in self.rows
        )
        hint = (
            f"<div><strong>Hint:</strong> {inline(self.hint)}</div>"
            if self.hint
            else ""
        )
        head = (
            f"<div><strong>{SIGNS[self.status]} {HEADS[self.status]}</strong> "
            f"{inline(self.message)}</div>"
        )
        style = (
            f"border-left: .3rem solid {COLOURS[self.status]}; padding: .2rem "
            ".8rem; overflow-wrap: anywhere"
        )
        return f'<div style="{style}">{head}{rows}{hint}</div>{self.page}'

    @classmethod
    def cleaned(
        cls,
        status: str,
        message: str,
        rows: Iterable[tuple[str, str]] = (),
        hint: str = "",
    ) -> "Result":
        """Return a result whose texts, which may quote a student, are short and can be
        printed.
        """
        return cls(
            status,
            _clean(message),
            tuple((_clean(a), _clean(b)) for a, b in rows),
            _clean(hint),
        )

    def to_json(self) -> str:
        """Return the result as one line of text."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Result":
        """Return the result that `to_json` wrote."""
        fields = json.loads(text)
        return cls(**fields | {"rows": tuple(map(tuple, fields["rows"]))})


def _clean(text: str) -> str:
    """Return the text in one line of at most `MOST` characters, all of which can be
    printed.

    >>> _clean("a\\n\\x1b[31m\\ud800b")
    'a [31mb'
    """
    flat = " ".join(text[: 4 * MOST].split())
    kept = "".join(character for character in flat if character.isprintable())
    return kept if len(kept) <= MOST else kept[: MOST - 1] + "…"


def inline(text: str) -> str:
    """Escape text for HTML and set what stands between backticks as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text))
