"""What a verdict on a claim is, and a slip in a published source."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

KINDS = {
    "holds": "Holds",
    "if": "Holds if",
    "fails": "Does not hold",
    "open": "Cannot be tested here",
}
CERTAIN = {
    "certain": "arithmetic, or the source contradicts itself",
    "likely": "our count, checked against others, says otherwise",
    "open": "the two differ, and we do not know why",
}


def slug(heading: str) -> str:
    """Return the anchor that the built page gives a heading.

    >>> slug("How many of VGG-16's layers are convolutions?")
    'how-many-of-vgg-16s-layers-are-convolutions'
    """
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


@dataclass(frozen=True)
class Part:
    """A table below a verdict: a title, rows with the same columns, and what has to be
    said of some of them.
    """

    title: str
    rows: Sequence[Mapping[str, object]]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What became of a claim, by its number in `slides_claims.csv`.

    `kind` is one of `KINDS`; `when` ends the sentence "Holds if ..."; `number` is the
    finding in a few figures, `found` in sentences; `section` and `attack` are headings
    of the lecture, where it was found and where it was attacked; `survived` says what
    was left. `holds` is the condition under which all of that is true.
    Raises: ValueError if it is false, if the kind is unknown, or if "Holds if" lacks
    its condition or another kind has one.
    """

    claim: int
    kind: str
    when: str = ""
    number: str
    found: str
    section: str
    attack: str
    survived: str
    holds: bool
    parts: tuple[Part, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what cannot be printed."""
        if self.kind not in KINDS:
            raise ValueError(f"the kind is one of {', '.join(KINDS)}, got {self.kind}")
        if (self.kind == "if") != bool(self.when):
            raise ValueError(
                "'when' ends the sentence 'Holds if ...' and belongs to the kind "
                f"'if'; got kind {self.kind!r} with when={self.when!r}"
            )
        borne_out(self.holds, f"{self.number}: {self.found}")


@dataclass(frozen=True, kw_only=True)
class Slip:
    """A figure of another work that we find otherwise.

    `work` and `link` (if there is one) cite it, `place` says where in it, `printed`
    what stands there, `ours` what we find, `how` how it was found, `doubt` what else
    could explain the difference; `certainty` is one of `CERTAIN`, `section` the heading
    in the lecture.
    Raises: ValueError if `holds` is false or the certainty is unknown.
    """

    work: str
    link: str = ""
    place: str
    printed: str
    ours: str
    how: str
    doubt: str
    certainty: str
    section: str
    holds: bool
    parts: tuple[Part, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what cannot be printed."""
        if self.certainty not in CERTAIN:
            raise ValueError(
                f"the certainty is one of {', '.join(CERTAIN)}, got {self.certainty}"
            )
        borne_out(self.holds, f"{self.work}: {self.printed}, {self.ours}")


def borne_out(holds: bool, text: str) -> None:
    """Raise ValueError that quotes a text whose condition is false, TypeError if the
    condition is no truth value.
    """
    if not isinstance(holds, bool | np.bool_):
        raise TypeError(f"holds must be True or False, got {holds!r}")
    if not holds:
        raise ValueError(f"the numbers no longer bear this out: {text}")
