"""Answers as texts: numbers with a unit, facts with a note, tables that fit a width."""

import textwrap
from collections.abc import Callable, Sequence

PREFIXES = ((1e18, "E"), (1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
SMALL = ((1, ""), (1e-3, "m"), (1e-6, "µ"), (1e-9, "n"), (1e-12, "p"))
LEAST_NAME = 8  # letters of a name that is cut
# what a narrow table does without, the first first
SPARED = (
    "intensity",
    "activations",
    "other",
    "output",
    "bytes_once",
    "waits_for",
    "layers",
    "kind",
)
HEADS = {"macs": "MACs", "bytes_once": "bytes once", "waits_for": "waits for"}
HEADS |= {"seconds": "time", "intensity": "FLOP a byte"}

Cell = Callable[[str, object], str]


def short(value: float, unit: str = "") -> str:
    """Return a number in three digits with the prefix of its size.

    >>> short(4089184256), short(0.000123, "s"), short(12, "B")
    ('4.09 G', '123 µs', '12 B')
    """
    if not value:
        return f"0 {unit}".strip()
    steps = PREFIXES if value >= 999.5 else SMALL
    scale, prefix = next((one for one in steps if value >= one[0] * 0.9995), steps[-1])
    if float(value).is_integer() and value < 1000:
        return f"{int(value)} {unit}".strip()
    scaled = value / scale
    digits = 2 if scaled < 9.995 else 1 if scaled < 99.95 else 0
    return f"{scaled:.{digits}f} {prefix}{unit}".strip()


def shape(sizes: Sequence[int]) -> str:
    """Return the sizes of an array with crosses between them."""
    return " × ".join(f"{size:,}" for size in sizes)


def heading(answer: dict) -> str:
    """Return a line that says what is counted, and with what."""
    parts = [f"{shape(answer['input'])} → {shape(answer['output'])}"]
    parts += [f"batch {answer['batch']:,}", answer["format"]]
    if answer["weight_format"] != answer["format"]:
        parts.append(f"weights in {answer['weight_format']}")
    return f"{answer['title']}: {', '.join(parts)}"


def facts(answer: dict) -> list[tuple[str, str, str]]:
    """Return the sums of an answer: what, how much, and a note on it."""
    batch = answer["batch"]
    each = f"{short(answer['macs'] // batch)} an example" if batch > 1 else ""
    sizes = f"{short(answer['weight_bytes'], 'B')} in {answer['weight_format']}"
    found = [("parameters", f"{answer['params']:,}", sizes)]
    if answer["active_params"] != answer["params"]:
        share = answer["active_params"] / answer["params"]
        note = f"{share:.0%} of them meet one token"
        found.append(("active parameters", f"{answer['active_params']:,}", note))
    once = answer["bytes_once"]
    intensity = f"{answer['macs'] / once:.1f} MACs a byte" if once else ""
    intensity += ", fused" if answer.get("fused") else ""
    return [
        *found,
        ("MACs", f"{answer['macs']:,}", each or short(answer["macs"])),
        ("other operations", f"{sum(answer['other'].values()):,}", _kinds(answer)),
        ("values written", f"{answer['activations']:,}", _peak(answer)),
        ("bytes, each tensor once", f"{once:,}", intensity),
        *_cached(answer),
        *_timed(answer),
    ]


def _kinds(answer: dict) -> str:
    names = list(answer["other"])
    return ", ".join(names[:2]) + (" and others" if len(names) > 2 else "")


def _peak(answer: dict) -> str:
    return f"{short(answer['peak_bytes'], 'B')} at the fullest moment"


def _cached(answer: dict) -> list[tuple[str, str, str]]:
    """Return the fact on keys and values, none for a network without."""
    cache = answer["cache"]
    if cache is None:
        return []
    whole = f"{short(cache['bytes'], 'B')} for {answer['tokens']:,} tokens"
    if answer["batch"] > 1:
        whole += f" of {answer['batch']:,} sequences"
    return [("KV cache, bytes a token", f"{cache['bytes_per_token']:,}", whole)]


def _timed(answer: dict) -> list[tuple[str, str, str]]:
    """Return the facts on a machine, none without one."""
    if "machine" not in answer:
        return []
    apart = f"{short(answer['seconds_one_by_one'], 's')} if nothing overlaps"
    how = ", fused" if answer["fused"] else ""
    where = f"on {answer['machine']}{how}; {apart}"
    return [
        ("time at least", short(answer["seconds_overlapped"], "s"), where),
        ("bound by arithmetic", f"{answer['arithmetic_bound']:.0%}", "of that time"),
        *_energy(answer),
        ("memory held", short(answer["held_bytes"], "B"), _room(answer)),
        *_next(answer),
    ]


def _energy(answer: dict) -> list[tuple[str, str, str]]:
    spent = answer["energy_pj"]
    if spent is None:
        note = f"no MAC in {answer['format']} was measured at 45 nm"
        return [("energy", "unknown", note)]
    total = short(sum(spent.values()) * 1e-12, "J")
    parts = ", ".join(f"{short(pj * 1e-12, 'J')} {k}" for k, pj in spent.items())
    return [("energy at 45 nm", total, parts)]


def _room(answer: dict) -> str:
    """Return whether what is held finds room in the machine's memory."""
    if answer["memory_bytes"] is None:
        return "the machine's memory is not published"
    fits = answer["held_bytes"] <= answer["memory_bytes"]
    return f"{'fits' if fits else 'does not fit'} {short(answer['memory_bytes'], 'B')}"


def _next(answer: dict) -> list[tuple[str, str, str]]:
    """Return the fact on one more token, none for a network that writes none."""
    token = answer["next_token"]
    if token is None:
        return []
    pace = f"at most {token['tokens_per_s']:,.1f} tokens/s, {short(token['macs'])} MACs"
    return [("one more token, at least", short(token["seconds"], "s"), pace)]


def aligned(rows: Sequence[Sequence[str]], width: int | None) -> str:
    """Return facts as lines in columns; a note that does not fit is broken."""
    label = max(len(row[0]) for row in rows)
    value = max(len(row[1]) for row in rows)
    lines = []
    for name, text, note in rows:
        line = f"{name.ljust(label)}  {text.rjust(value)}"
        if note and width and len(line) + 2 + len(note) > width:
            lines += [line, *_broken(note, width)]
        else:
            lines.append(f"{line}  {note}".rstrip())
    return "\n".join(lines)


def _broken(note: str, width: int) -> list[str]:
    """Return a note in lines of its own, moved in."""
    return textwrap.wrap(
        note, max(width, 24), initial_indent="    ", subsequent_indent="    "
    )


def table(rows: Sequence[dict], width: int | None = None) -> str:
    """Return rows as lines that fit a width: exact numbers if they do, else short ones,
    else without the columns that matter least, which are then named.

    >>> print(table([{"layer": "fc", "macs": 4096000}], width=13))
    layer    MACs
    fc     4.10 M
    """
    kept, left = list(rows[0]), []
    for cell in (_exact, _brief):
        lines = _lines(rows, kept, cell)
        if width is None or _wide(lines) <= width:
            return "\n".join(lines)
    for column in SPARED:
        if _wide(lines) > width and column in kept and kept[0] != column:
            kept.remove(column)
            left.append(HEADS.get(column, column))
            lines = _lines(rows, kept, _brief)
    if _wide(lines) > width:
        lines = _lines(_cut(rows, _wide(lines) - width), kept, _brief)
    note = f"(no room for {', '.join(left)}: --csv has all)" if left else ""
    return "\n".join([*lines, *(_broken(note, width) if note else ())])


def cells(rows: Sequence[dict]) -> list[list[str]]:
    """Return rows as texts with exact numbers, a head first."""
    head = [HEADS.get(column, column) for column in rows[0]]
    return [head, *([_exact(*item) for item in row.items()] for row in rows)]


def _cut(rows: Sequence[dict], excess: int) -> list[dict]:
    """Return rows whose names are shorter by so much, their middle left out."""
    column = next(iter(rows[0]))
    most = max(max(len(str(row[column])) for row in rows) - excess, LEAST_NAME)
    return [row | {column: middle_cut(str(row[column]), most)} for row in rows]


def middle_cut(text: str, most: int) -> str:
    """Return a text of at most so many letters, its middle left out.

    >>> middle_cut("layer4.block3.convolution", 11)
    'layer…ution'
    """
    if len(text) <= most:
        return text
    front = most // 2
    return f"{text[:front]}…{text[len(text) - (most - front - 1) :]}"


def _exact(column: str, value: object) -> str:
    if column == "seconds":
        return short(value, "s")
    if isinstance(value, float):
        return f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _brief(column: str, value: object) -> str:
    return short(value) if isinstance(value, int) else _exact(column, value)


def _lines(
    rows: Sequence[dict], columns: list[str], cell: Callable[[str, object], str]
) -> list[str]:
    """Return a head and a line a row, numbers to the right, texts to the left."""
    cells = [[HEADS.get(column, column) for column in columns]]
    cells += [[cell(column, row[column]) for column in columns] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    left = [isinstance(rows[0][column], str) for column in columns]
    return [
        "  ".join(
            text.ljust(width) if to_left else text.rjust(width)
            for text, width, to_left in zip(line, widths, left, strict=True)
        ).rstrip()
        for line in cells
    ]


def _wide(lines: list[str]) -> int:
    return max(map(len, lines))
