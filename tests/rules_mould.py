"""Rules of the mould that every lecture is poured into: each function takes a notebook
and returns the problems it finds, as sentences.
"""

import ast
import re
from collections.abc import Iterator
from itertools import pairwise
from statistics import median

from nbformat import NotebookNode
from rules_notebooks import code_cells, parsed

WIDEST, MEDIAN_LINES = 79, 4
FEWEST_PREDICTIONS, FEWEST_EXPLORERS = 4, 2
SENTENCES = {"say", "predict", "predictions", "solution"}
QUIET_TAG = "remove-input"
BAR_TAG = "hide-input"
VERDICTS = re.compile(
    r"\b(more|less|fewer|best|worst|every|only|none|never|survives|agrees|faster|"
    r"slower|larger|smaller|wins|loses|beats)\b",
    flags=re.I,
)
MYST = {
    "a role": r"(?<!`)\{[a-z][\w:.-]*\}`",
    "a fence of colons": r"^\s*:{3,}",
    "a directive": r"^\s*`{3,}\s*\{",
    "a link without text": r"(?<!!)\[\]\(",
    "a target": r"^\([\w-]+\)=\s*$",
    "a comment of MyST": r"^% ",
    "a substitution": r"\{\{.*?\}\}",
}
NAMED = re.compile(  # numbers that are no results: they stay what they are
    r"\b(1[5-9]|20)\d\d(s|er)?\b"  # years
    r"|\d+ ?[×x] ?\d+( ?[×x] ?\d+)*"  # 3 × 3
    r"|\b[A-Za-z]+[-–]?\d[\w.]*(-\d+)?"  # ResNet-50, int8, fp16, conv2d, top-5, GPT-3
    r"|\b\d+-?[dD]\b|\b\d+-bit\b"  # 2-D, 8-bit
    r"|\b[A-Za-z]+\(\d[^)]*\)"  # F(2, 3)
)
EXERCISE = re.compile(r"^#+ [\w -]*\b\d+\. ")
DIRECT = re.compile(r"\[([^\]]+)\]\((https?://(?:[^()\s]|\([^()]*\))+)\)")


def visible(book: NotebookNode) -> list[NotebookNode]:
    """Return the code cells whose code stands open on the page."""
    closed = {QUIET_TAG, BAR_TAG}
    return [c for c in code_cells(book) if not closed & set(c.metadata.get("tags", []))]


def wide_lines(book: NotebookNode) -> list[str]:
    """Return the lines of code that a column of the page cannot hold."""
    return [
        f"code cell {number} has a line of {len(line)} characters, at most {WIDEST}: "
        f"{line.strip()[:40]!r}"
        for number, cell in enumerate(code_cells(book), start=1)
        if QUIET_TAG not in cell.metadata.get("tags", [])
        for line in cell.source.splitlines()
        if len(line) > WIDEST
    ]


def heavy_cells(book: NotebookNode) -> list[str]:
    """Return a problem if half of the visible cells have more than four lines."""
    lines = [sum(map(bool, c.source.split("\n"))) for c in visible(book)]
    middle = median(lines) if lines else 0
    if middle <= MEDIAN_LINES:
        return []
    return [f"the median visible cell has {middle} lines, at most {MEDIAN_LINES}"]


def too_few(book: NotebookNode) -> list[str]:
    """Return what a lecture has too little of: predictions, and explorers."""
    predictions = sum(
        called(call) == "predict" for cell in code_cells(book) for call in calls(cell)
    )
    explorers = sum(
        'class="dlp-explore"' in "".join(output.get("data", {}).get("text/html", ""))
        for cell in code_cells(book)
        for output in cell.outputs
    )
    counts = {
        "predictions": (predictions, FEWEST_PREDICTIONS),
        "explorers": (explorers, FEWEST_EXPLORERS),
    }
    return [
        f"{count} {what}, at least {fewest}"
        for what, (count, fewest) in counts.items()
        if count < fewest
    ]


def calls(cell: NotebookNode) -> Iterator[ast.Call]:
    """Yield the calls in a code cell."""
    for node in ast.walk(parsed(cell.source)):
        if isinstance(node, ast.Call):
            yield node


def called(call: ast.Call) -> str:
    """Return the name that is called, without the module's.

    >>> called(ast.parse("show.say('x')", mode="eval").body)
    'say'
    """
    return getattr(call.func, "attr", getattr(call.func, "id", ""))


def headings(book: NotebookNode) -> list[str]:
    """Return the headings of a notebook, with their marks."""
    found = []
    for cell in book.cells:
        if cell.cell_type == "markdown":
            code_left_out = re.sub(r"```.*?```", "", cell.source, flags=re.S)
            found += re.findall(r"^#{1,6} .*$", code_left_out, flags=re.M)
    return found


def missing_sections(book: NotebookNode) -> list[str]:
    """Return a problem for a lecture without a check against the world, or that attacks
    nothing it concluded.
    """
    text = "\n".join(headings(book))
    wanted = {
        "A check against the world": r"A check against the world",
        "An attack on ...": r"(?i)\battack",
    }
    return [
        f"no section {name!r}"
        for name, pattern in wanted.items()
        if not re.search(pattern, text)
    ]


def unheld(book: NotebookNode) -> list[str]:
    """Return the computed sentences that judge and carry no condition, and a problem
    for a lecture in which no sentence carries one.
    """
    said = [
        (number, call)
        for number, cell in enumerate(code_cells(book), start=1)
        for call in calls(cell)
        if called(call) == "say"
    ]
    problems = [
        f"code cell {number} judges ({word[0]!r}) without holds="
        for number, call in said
        if not holds(call) and computed(call) and (word := VERDICTS.search(words(call)))
    ]
    if not any(holds(call) for _, call in said):
        problems.append("no sentence carries holds=")
    return problems


def holds(call: ast.Call) -> bool:
    """Tell whether a call carries a condition."""
    return any(keyword.arg == "holds" for keyword in call.keywords)


def computed(node: ast.AST) -> bool:
    """Tell whether a piece of code puts values into a text."""
    return any(isinstance(part, ast.FormattedValue) for part in ast.walk(node))


def words(node: ast.AST) -> str:
    """Return the text that stands in a piece of code, values left out.

    >>> words(ast.parse("f'{n} layers' + 'x'"))
    ' layers x'
    """
    inside = {
        id(part)
        for value in ast.walk(node)
        if isinstance(value, ast.FormattedValue)
        for part in ast.walk(value)
    }
    found = [
        part
        for part in ast.walk(node)
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
    ]
    found.sort(key=lambda part: (part.lineno, part.col_offset))
    return " ".join(part.value for part in found if id(part) not in inside)


def typed_numbers(book: NotebookNode) -> list[str]:
    """Return the numbers that were typed into a heading, a caption or an alt text."""
    problems = [
        f"the heading {heading!r} has the number {number}"
        for heading in headings(book)
        if not EXERCISE.match(heading)
        for number in literal_numbers(heading)
    ]
    for number, cell in enumerate(code_cells(book), start=1):
        found = typed_numbers_in(parsed(cell.source))
        problems += [f"code cell {number}: {problem}" for problem in found]
    return problems


def typed_numbers_in(tree: ast.AST) -> list[str]:
    """Return the numbers typed into the captions and alt texts of a piece of code."""
    return [
        f"the {keyword.arg} {words(keyword.value)[:50]!r} has the number {number}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg in {"alt", "caption"}
        for number in literal_numbers(words(keyword.value))
    ]


def literal_numbers(text: str) -> list[str]:
    """Return the numbers in a text, but for years, sizes and names.

    >>> literal_numbers("In 2012 ResNet-50 did 3 × 3 in int8, 97 % of 4.1 G")
    ['97', '4.1']
    """
    return re.findall(r"\d+(?:[.,]\d+)*", NAMED.sub(" ", text))


def leftover_syntax(book: NotebookNode) -> list[str]:
    """Return what JupyterLab, GitHub and Colab would show as bare marks: the syntax of
    MyST in Markdown cells and in sentences that are outputs.
    """
    problems = []
    for number, cell in enumerate(book.cells, start=1):
        texts = [cell.source] if cell.cell_type == "markdown" else said_by(cell)
        problems += [
            f"cell {number} has {what}: {found[0].strip()!r}"
            for text in texts
            for what, pattern in MYST.items()
            for found in re.finditer(pattern, without_maths(text), flags=re.M)
        ]
    return problems


def said_by(cell: NotebookNode) -> list[str]:
    """Return the Markdown among a cell's outputs."""
    data = [output.get("data", {}) for output in cell.outputs]
    return ["".join(one["text/markdown"]) for one in data if "text/markdown" in one]


def without_maths(text: str) -> str:
    """Return a text without its formulas, whose braces mean something else.

    >>> without_maths("so $a_{i}$ and $$x^{2}$$ hold")
    'so  and  hold'
    """
    return re.sub(r"\$\$.*?\$\$|\$[^$\n]+\$", "", text, flags=re.S)


def stacked_bars(book: NotebookNode) -> list[str]:
    """Return the cells whose folded code stands right behind another's: bar on bar."""
    folded = [
        cell.cell_type == "code" and BAR_TAG in cell.metadata.get("tags", [])
        for cell in book.cells
    ]
    return [
        f"cells {number} and {number + 1} both show a bar"
        for number, pair in enumerate(pairwise(folded), start=1)
        if all(pair)
    ]


def open_sentences(book: NotebookNode) -> list[str]:
    """Return the cells of sentences whose code is not taken off the page, or not
    collapsed in JupyterLab and Colab; tools/outputs.py does both.
    """
    problems = []
    for number, cell in enumerate(code_cells(book), start=1):
        quiet = QUIET_TAG in cell.metadata.get("tags", [])
        folded = cell.metadata.get("jupyter", {}).get("source_hidden") is True
        form = cell.metadata.get("cellView") == "form"
        if only_says(cell.source) and not quiet:
            problems.append(f"code cell {number} is not tagged {QUIET_TAG}")
        if quiet and not (folded and form):
            problems.append(f"code cell {number} is not collapsed in Lab and Colab")
    return problems


def only_says(source: str) -> bool:
    """Tell whether a cell does nothing but show sentences.

    >>> [only_says(text) for text in ("show.say('x')", "x = 1\\nshow.say('x')")]
    [True, False]
    """
    body = parsed(source).body
    return bool(body) and all(
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Call)
        and called(node.value) in SENTENCES
        for node in body
    )


def wrong_links(book: NotebookNode, bibliography: str) -> list[str]:
    """Return the links to works that references.bib lacks, or that it gives to another
    author or year.
    """
    known, problems = addresses(bibliography), []
    for number, cell in enumerate(book.cells, start=1):
        texts = [cell.source] if cell.cell_type == "markdown" else said_by(cell)
        for text, address in (m.groups() for t in texts for m in DIRECT.finditer(t)):
            entry = known.get(plain(address))
            if entry is None:
                problems.append(f"cell {number}: {address} is not in references.bib")
            elif not fits(text, entry):
                problems.append(
                    f"cell {number}: {text!r} links to {entry['author']} "
                    f"{entry['year']}"
                )
    return problems


def entries(bibliography: str) -> list[dict[str, str]]:
    """Return the entries of a bibliography as dictionaries of their fields, with the
    key under "key".

    >>> entries("@misc{a,\\n  author = {Ann},\\n  year = {1998}\\n}")
    [{'key': 'a', 'author': 'Ann', 'year': '1998'}]
    """
    found = re.findall(r"^@\w+\{([^,\s]+),\n(.*?)^\}", bibliography, flags=re.M | re.S)
    fields = r"^\s*(\w+)\s*=\s*\{(.*)\},?\s*$"
    return [
        {"key": key} | {n.lower(): v for n, v in re.findall(fields, body, flags=re.M)}
        for key, body in found
    ]


def addresses(bibliography: str) -> dict[str, dict[str, str]]:
    """Return the entries of a bibliography by their addresses: DOI, arXiv, or URL."""
    found = {}
    for entry in entries(bibliography):
        arxiv = entry.get("eprint") or "".join(
            re.findall(r"arXiv:(\d[\d.]+\d)", entry.get("howpublished", ""))
        )
        given = [entry.get("url"), entry.get("doi") and f"doi.org/{entry['doi']}"]
        given += [arxiv and f"arxiv.org/abs/{arxiv}"]
        found |= {plain(address): entry for address in given if address}
    return found


def plain(address: str) -> str:
    """Return an address without what two ways of writing it differ in.

    >>> plain("https://www.arxiv.org/pdf/1706.03762v5/")
    'arxiv.org/abs/1706.03762'
    """
    bare = re.sub(r"^https?://(www\.)?", "", address).rstrip("/").lower()
    bare = bare.replace("dx.doi.org", "doi.org")
    return re.sub(r"^(arxiv\.org/)(?:pdf|abs)/([\d.]+?)(v\d+)?$", r"\1abs/\2", bare)


def fits(text: str, entry: dict[str, str]) -> bool:
    """Tell whether a link's text names the first author and the year of an entry.

    >>> ann = {"author": "{\\\\'A}nn, Bea and Cid, Dan", "year": "1998"}
    >>> [fits(text, ann) for text in ("Ánn et al. 1998", "Ánn 1999", "Cid 1998")]
    [True, False, False]
    """
    return surname(entry["author"]) in folded(text) and entry["year"] in text


def surname(author: str) -> str:
    """Return the first author's surname, or a group's first word, in letters without
    marks.
    """
    first = re.split(r"\s+and\s+", author)[0]
    return folded(first.split(",")[0] if "," in first else first.split()[0])


def folded(text: str) -> str:
    """Return a text in small letters, without accents and TeX.

    >>> folded("L{\\\\'e}on {van der} Møller")
    'leon van der moller'
    """
    from unicodedata import combining, normalize

    bare = re.sub(r"\\['`\"^~cvuk]\s*|[{}\\]", "", text).replace("ø", "o")
    return "".join(c for c in normalize("NFKD", bare).lower() if not combining(c))


def lone_lectures(lectures: dict[str, NotebookNode]) -> list[str]:
    """Return the lectures that send no reader on, to two others at least, and those
    that fewer than two others send a reader to.
    """
    links = {name: links_of(book) & set(lectures) for name, book in lectures.items()}
    problems = []
    for name, book in lectures.items():
        onward = [c.source for c in book.cells if "**Read on.**" in c.source]
        ahead = set(re.findall(r"\]\((\w+)\.ipynb", "".join(onward))) - {name}
        if len(ahead) < 2:
            problems.append(f"{name} has no **Read on.** with two other lectures")
        from_others = sum(name in links[other] for other in set(lectures) - {name})
        if from_others < 2:
            problems.append(f"only {from_others} other lectures link to {name}")
    return problems


def links_of(book: NotebookNode) -> set[str]:
    """Return the lectures that a lecture links to."""
    return {
        name
        for cell in book.cells
        for name in re.findall(r"\]\((\w+)\.ipynb", cell.source)
    }
