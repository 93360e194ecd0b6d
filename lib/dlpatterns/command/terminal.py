"""The command: `python -m dlpatterns count resnet50 --batch 8`.

An .onnx file's open axes get their sizes with `--axis NAME=SIZE`, conditions known only
while it runs their answer with `--branch NAME=yes`.

Exit codes: 0 counted, 1 a file that cannot be read or counted, 2 a wrong use, among it
a network, machine or format that is not known.
"""

import argparse
import csv
import io
import json
import os
import shutil
import sys
import textwrap
from collections.abc import Iterable, Sequence

from .. import formats, models
from ..hardware import machines
from . import answering, texts
from .finding import BadFile, Found, is_onnx, network

EXAMPLES = """examples:
  python -m dlpatterns count resnet50 --batch 8
  python -m dlpatterns count gpt2 --tokens 512 --by layer
  python -m dlpatterns count llama2_7b --machine H100 --weights int4
  python -m dlpatterns count path/to/config.json --tokens 4096
  python -m dlpatterns count path/to/model.onnx --axis batch=8
  python -m dlpatterns count efficientnet_b0 --machine H100 --fused
  python -m dlpatterns count vgg16 --by layer --csv > vgg16.csv
  python -m dlpatterns compare resnet50 mobilenet_v2 --machine T4
  python -m dlpatterns --list
"""
COMPARED = (
    *("params", "active_params", "macs", "operations", "activations"),
    *("weight_bytes", "peak_bytes", "bytes_once", "cache_bytes_per_token"),
    *("seconds_overlapped", "seconds_one_by_one", "energy_pj"),
)
LABELS = {"params": "parameters", "active_params": "active parameters", "macs": "MACs"}
LABELS |= {"operations": "other operations", "activations": "values written"}
LABELS |= {"weight_bytes": "bytes of weights", "peak_bytes": "bytes at the fullest"}
LABELS |= {"bytes_once": "bytes, each tensor once", "energy_pj": "energy at 45 nm, pJ"}
LABELS |= {"cache_bytes_per_token": "KV cache, bytes a token"}
LABELS |= {"seconds_overlapped": "time at least, s"}
LABELS |= {"seconds_one_by_one": "time one by one, s"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the words of a command line say and return its exit code."""
    if hasattr(sys.stdout, "reconfigure"):  # a terminal without ×, → or µ
        sys.stdout.reconfigure(errors="replace")
    try:
        code = _run(arguments)
        sys.stdout.flush()
        return code
    except BrokenPipeError:  # who reads has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except KeyboardInterrupt:
        return 130


def _run(arguments: Sequence[str] | None) -> int:
    parser = _parser()
    chosen = parser.parse_args(arguments)
    if chosen.list:
        print(listing())
        return 0
    if chosen.command is None:
        parser.error("say what to do: count, compare or --list; --help has examples")
    try:
        print(chosen.do(chosen))
    except BadFile as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 1
    except ValueError as error:
        print(f"{parser.prog} {chosen.command}: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    """Return the parser of all words."""
    how = {"formatter_class": argparse.RawDescriptionHelpFormatter}
    parser = argparse.ArgumentParser(
        prog="python -m dlpatterns",
        description="Count parameters, MACs, other operations and bytes of a network.",
        epilog=EXAMPLES,
        **how,
    )
    parser.add_argument(
        "--list", action="store_true", help="list networks, machines and formats"
    )
    commands = parser.add_subparsers(dest="command", metavar="count | compare")
    one = commands.add_parser("count", help="count one network", epilog=EXAMPLES, **how)
    one.add_argument(
        "network",
        help="a name, an .onnx file, a config.json, or - for one that comes in",
    )
    one.add_argument(
        "--by", choices=("kind", "layer"), default="kind", help="a row each (kind)"
    )
    several = commands.add_parser(
        "compare", help="count networks side by side", epilog=EXAMPLES, **how
    )
    several.add_argument("networks", nargs="+", metavar="network", help="two or more")
    for command, do in ((one, counted), (several, compared)):
        _options(command)
        command.set_defaults(do=do)
    return parser


def _options(command: argparse.ArgumentParser) -> None:
    """Add the words that both commands understand."""
    command.add_argument(
        "--batch", type=whole, default=1, metavar="N", help="examples at once (1)"
    )
    command.add_argument(
        "--tokens", type=whole, metavar="N", help="tokens of a sequence"
    )
    command.add_argument(
        "--format", default="fp16", metavar="NAME", help="format of values (fp16)"
    )
    command.add_argument(
        "--weights", default="", metavar="NAME", help="format of weights in memory"
    )
    command.add_argument(
        "--machine",
        default="",
        metavar="NAME",
        help='least time, energy and memory on a machine, as "H100"',
    )
    command.add_argument(
        "--fused",
        action="store_true",
        help="on that machine, layers without MACs work on what is not yet written",
    )
    _options_of_files(command)
    shape = command.add_mutually_exclusive_group()
    shape.add_argument("--csv", action="store_true", help="rows as CSV, exact numbers")
    shape.add_argument("--json", action="store_true", help="everything as JSON")


def _options_of_files(command: argparse.ArgumentParser) -> None:
    """Add the words for what an .onnx file leaves open."""
    command.add_argument(
        "--axis",
        type=sized,
        action="append",
        default=[],
        metavar="NAME=SIZE",
        help="size of an axis that an .onnx file leaves open; repeat for more",
    )
    command.add_argument(
        "--branch",
        type=decided,
        action="append",
        default=[],
        metavar="NAME=yes|no",
        help="whether the condition of an If in an .onnx file holds; repeat for more",
    )


def sized(text: str) -> tuple[str, int]:
    """Return name and size of an axis, written `NAME=SIZE`.

    Raises: ArgumentTypeError for what is not written so.
    """
    name, _, size = text.rpartition("=")
    if not name:
        raise argparse.ArgumentTypeError(f"NAME=SIZE is wanted, got {text[:40]!r}")
    return name, whole(size)


def decided(text: str) -> tuple[str, bool]:
    """Return name and condition of an If, written `NAME=yes` or `NAME=no`.

    Raises: ArgumentTypeError for what is not written so.
    """
    name, _, said = text.rpartition("=")
    if not name or said not in ("yes", "no"):
        wanted = f"NAME=yes or NAME=no is wanted, got {text[:40]!r}"
        raise argparse.ArgumentTypeError(wanted)
    return name, said == "yes"


def whole(text: str) -> int:
    """Return a number of the command line, which may have separators.

    Raises: ArgumentTypeError for what is no whole number of at least 1.
    """
    bare = text.replace(",", "").replace("_", "")
    if not (bare.isascii() and bare.isdigit() and len(bare) <= 12 and int(bare)):
        raise argparse.ArgumentTypeError(
            f"a whole number of at least 1 is wanted, got {text[:40]!r}"
        )
    return int(bare)


def listing() -> str:
    """Return all names that the command knows, as text that fits the terminal."""
    width = width_of_output() or 88
    known = {"networks": models.ZOO, "machines": machines.known()}
    known |= {"formats": formats.FORMATS}
    return "\n".join(f"{word}:\n{_filled(known[word], width)}" for word in known)


def _filled(names: Iterable[str], width: int) -> str:
    """Return names with commas between them, no name broken, in lines of a width."""
    joined = ", ".join(name.replace(" ", "\0") for name in names)
    indent = {"initial_indent": "  ", "subsequent_indent": "  "}
    text = textwrap.fill(joined, max(width, 24), break_on_hyphens=False, **indent)
    return text.replace("\0", " ")


def width_of_output() -> int | None:
    """Return the columns of the terminal, or those that COLUMNS says; None where the
    output goes to a file or a program.
    """
    if os.environ.get("COLUMNS", "").isdigit() or sys.stdout.isatty():
        return shutil.get_terminal_size().columns
    return None


def strong(text: str) -> str:
    """Return a text that a terminal shows in bold, and a file or a program as it is."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM", "dumb") == "dumb"
    return text if plain or not sys.stdout.isatty() else f"\x1b[1m{text}\x1b[0m"


def counted(chosen: argparse.Namespace) -> str:
    """Return the counts of one network as text, CSV or JSON."""
    found = network(chosen.network, **_left_open(chosen))
    answer = answering.answer(found, _question(chosen))
    rows = answer[f"by_{chosen.by}"]
    if chosen.json:
        return json.dumps(answer, indent=1, ensure_ascii=False)
    if chosen.csv:
        return as_csv(rows)
    width = width_of_output()
    head, *lines = texts.table(rows, width).split("\n")
    title = texts.heading(answer)
    if width:
        title = textwrap.fill(title, max(width, 24))
    summary = texts.aligned(texts.facts(answer), width)
    return "\n".join([strong(title), "", summary, "", strong(head), *lines])


def _question(chosen: argparse.Namespace) -> answering.Question:
    return answering.Question(
        batch=chosen.batch,
        tokens=chosen.tokens,
        dtype=chosen.format,
        weight_dtype=chosen.weights,
        machine=chosen.machine,
        fused=chosen.fused,
    )


def _left_open(chosen: argparse.Namespace) -> dict:
    """Return axes and branches by name.

    Raises: ValueError for a name with two answers.
    """
    given = {"axes": chosen.axis, "branches": chosen.branch}
    for pairs in given.values():
        names = [name for name, _ in set(pairs)]
        twice = [name for name in names if names.count(name) > 1]
        if twice:
            raise ValueError(f"{twice[0]!r} is given twice, with different answers")
    return {word: dict(pairs) for word, pairs in given.items()}


def compared(chosen: argparse.Namespace) -> str:
    """Return the sums of several networks side by side, as text, CSV or JSON; of two,
    how many times the first is in the second.
    """
    if len(chosen.networks) < 2:
        raise ValueError("compare takes two networks or more; count takes one")
    asked = _networks(chosen)
    answers = [
        answering.answer(found, _fitting(chosen, found.takes_tokens)) for found in asked
    ]
    if chosen.json:
        return json.dumps([sums(one) for one in answers], indent=1, ensure_ascii=False)
    rows = _side_by_side(answers)
    if chosen.csv:
        return as_csv(rows)
    head, *lines = texts.table(rows, width_of_output()).split("\n")
    return "\n".join([strong(head), *lines])


def _networks(chosen: argparse.Namespace) -> list[Found]:
    """Return the networks, axes and branches given to those from .onnx files."""
    left_open = _left_open(chosen)
    if any(left_open.values()) and not any(map(is_onnx, chosen.networks)):
        raise ValueError("--axis and --branch are for .onnx files; there is none here")
    return [
        network(name, **(left_open if is_onnx(name) else {}))
        for name in chosen.networks
    ]


def _fitting(chosen: argparse.Namespace, takes_tokens: bool) -> answering.Question:
    """Return the question, without tokens for a network that reads none."""
    given = {**vars(chosen), "tokens": chosen.tokens if takes_tokens else None}
    return _question(argparse.Namespace(**given))


def sums(answer: dict) -> dict:
    """Return an answer without its rows."""
    return {key: value for key, value in answer.items() if not key.startswith("by_")}


def _side_by_side(answers: list[dict]) -> list[dict]:
    """Return a row a sum that at least one network has."""
    rows = []
    for key in COMPARED:
        values = [_compared(answer, key) for answer in answers]
        if any(value is not None for value in values):
            row = {"": LABELS[key]} | _columns(answers, values)
            if len(answers) == 2:
                row["second / first"] = _ratio(*values)
            rows.append(row)
    return rows


def _columns(answers: list[dict], values: list) -> dict:
    """Return values under the names of their networks, a name that comes twice with its
    place.
    """
    names = [answer["network"] for answer in answers]
    heads = [
        f"{name} ({place})" if names.count(name) > 1 else name
        for place, name in enumerate(names, start=1)
    ]
    return {
        head: "" if value is None else value
        for head, value in zip(heads, values, strict=True)
    }


def _compared(answer: dict, key: str) -> float | None:
    """Return one sum of an answer, None where it has none."""
    if key == "operations":
        return sum(answer["other"].values())
    if key == "cache_bytes_per_token":
        return answer["cache"] and answer["cache"]["bytes_per_token"]
    value = answer.get(key)
    return sum(value.values()) if isinstance(value, dict) else value


def _ratio(first: float | None, second: float | None) -> str:
    return f"{second / first:.3g}" if first and second is not None else ""


def as_csv(rows: list[dict]) -> str:
    """Return rows as CSV, with a head."""
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().rstrip("\n")
