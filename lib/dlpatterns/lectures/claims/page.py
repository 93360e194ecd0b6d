"""The page of verdicts in Markdown: totals, filters, a card for each claim, a card for
each slip.
"""

from collections import Counter
from collections.abc import Iterable

from . import gathered
from .kinds import CERTAIN, KINDS, Part, Slip, Verdict, slug

MARKS = {"holds": "✓", "if": "≈", "fails": "✗", "open": "?"}
MANY = {
    "holds": "hold",
    "if": "hold if …",
    "fails": "do not hold",
    "open": "cannot be tested here",
}


def verdicts() -> str:
    """Return the totals, the filter, and all cards of claims, by lecture."""
    parts = [totals(), choices()]
    for name, found in gathered.verdicts().items():
        if found:
            parts += [f"### {gathered.TITLES[name]}", *(card(name, v) for v in found)]
    return "\n\n".join(parts + later())


def tally() -> Counter:
    """Return how many claims have each kind of verdict."""
    return Counter(v.kind for found in gathered.verdicts().values() for v in found)


def totals() -> str:
    """Return the totals in a sentence."""
    found, rows = tally(), gathered.claims().values()
    marked = sum(row["dagger"] == "†" for row in rows)
    said = ", ".join(f"**{found[kind]}** {MANY[kind]}" for kind in KINDS)
    judged = f"Of the {found.total()} judged so far" if gathered.waiting() else "Of all"
    return (
        f"{len(rows)} claims; {marked} are those of the slides that the book set out "
        f"to test (†), the others stand beside them. {judged} {said}. Folded "
        f"below them are {cells()} single cells and printed numbers, each with its own "
        "line."
    )


def cells() -> int:
    """Return how many lines the tables below the verdicts have."""
    every = (v for found in gathered.verdicts().values() for v in found)
    return sum(len(part.rows) for one in every for part in one.parts)


def choices() -> str:
    """Return the buttons of the filter, which works by style alone."""
    found = tally()
    labels = {"all": f"all {found.total()}"} | {
        kind: f"{MARKS[kind]} {MANY[kind]} ({found[kind]})" for kind in KINDS
    }
    buttons = "".join(
        f'<label><input type="radio" name="verdict" id="show-{kind}"'
        f"{' checked' if kind == 'all' else ''}> {label}</label>"
        for kind, label in labels.items()
    )
    legend = "<legend>Show the claims that</legend>"
    return f'<fieldset class="dlp-filter">{legend}{buttons}</fieldset>'


def card(lecture: str, one: Verdict) -> str:
    """Return the card of a claim."""
    row = gathered.claims()[one.claim]
    label = KINDS[one.kind] + (f" {one.when}" if one.when else "")
    against = "Attacked" if one.attack != one.section else "Against it"
    chinese = f" {row['chinese']}" if row["chinese"] else ""
    lines = [
        f'<span class="claim">{one.claim}{" †" if row["dagger"] else ""}</span> '
        f"*{row['claim']}*{chinese}",
        f"**{MARKS[one.kind]} {label}.** {one.number[0].upper()}{one.number[1:]}.",
        f"{one.found} {link(lecture, one.section)}",
        f"*{against}:* {one.survived} {link(lecture, one.attack)}",
        *map(folded, one.parts),
    ]
    return boxed(f"dlp-verdict dlp-{one.kind}", f"claim-{one.claim}", lines)


def link(lecture: str, heading: str) -> str:
    """Return a link to a section of a lecture, in the words of its heading."""
    return f"([{heading}](chapters/{lecture}.ipynb#{slug(heading)}))"


def boxed(classes: str, name: str, lines: Iterable[str]) -> str:
    """Return Markdown in a box of those classes, with a name to link to."""
    inside = "\n\n".join(lines)
    return f"::::{{container}} {classes}\n:name: {name}\n\n{inside}\n::::"


def folded(part: Part) -> str:
    """Return a table that the reader can unfold."""
    columns = list(part.rows[0])
    rows = [columns, ["---"] * len(columns)]
    rows += [[escaped(row[column]) for column in columns] for row in part.rows]
    grid = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    inside = [grid, "\n".join(f"- {note}" for note in part.notes)]
    body = "\n\n".join(filter(None, inside))
    return f"<details><summary>{part.title}</summary>\n\n{body}\n\n</details>"


def escaped(value: object) -> str:
    """Return a value as a cell of a Markdown table.

    >>> escaped(True), escaped("# of weights | all")
    ('yes', '# of weights \\\\| all')
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value).replace("|", "\\|").replace("_", "\\_")


def later() -> list[str]:
    """Return the claims whose lecture is still to come."""
    rows = gathered.waiting()
    if not rows:
        return []
    listed = "\n".join(
        f"- {row['number']}{' †' if row['dagger'] else ''} *{row['claim']}* "
        f"({gathered.TITLES[row['lecture']]})"
        for row in rows
    )
    return ["### To come", listed]


def slips() -> str:
    """Return all cards of slips, by lecture."""
    listed = "\n".join(f"- **{name}**: {said}." for name, said in CERTAIN.items())
    parts = ["How certain we are has three words:", listed]
    for name, found in gathered.slips().items():
        if found:
            parts.append(f"### {gathered.TITLES[name]}: elsewhere in print")
            parts += [slip_card(name, i, one) for i, one in enumerate(found, start=1)]
    return "\n\n".join(parts)


def slip_card(lecture: str, number: int, one: Slip) -> str:
    """Return the card of a slip, in words that its author could be sent."""
    name = f"{lecture.replace('_', '-')}-slip-{number}"
    work = f"[{one.work}]({one.link})" if one.link else one.work
    lines = [
        f"**{work}**, {one.place}. Printed: {one.printed}. We find: **{one.ours}**.",
        f"{one.how} {link(lecture, one.section)}",
        f"*What else could explain it:* {one.doubt} *Certainty:* {one.certainty}.",
        *map(folded, one.parts),
    ]
    return boxed(f"dlp-slip dlp-{one.certainty}", name, lines)


def written(text: str) -> str:
    """Return a page with its two places filled in."""
    return text.replace("<!-- verdicts -->", verdicts()).replace(
        "<!-- slips -->", slips()
    )
