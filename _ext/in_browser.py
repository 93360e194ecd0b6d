"""Puts the library into the reader's browser: Pyodide's core, which npm brings, the
rooms that count as one zip, and the form of the page *Count your own model*.
"""

import hashlib
import io
import shutil
from collections.abc import Iterable
from html import escape
from importlib.util import find_spec
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

from downloads import add
from sphinx.application import Sphinx

from dlpatterns import models
from dlpatterns.command.finding import network
from dlpatterns.hardware import machines

CORE = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip")
CORE += ("pyodide-lock.json", "package.json", "README.md")
ROOMS = ("datasets", "formats", "layers", "graph", "models", "counting", "hardware")
ROOMS += ("command", "design")
MEASURED = ("fewer_bits_convolutional.json",)  # what the page of designs says of it
PLACE = '<div class="dlp-count"></div>'
USUAL_FORMATS = ("fp32", "bf16", "fp16", "fp8_e4m3", "fp8_e5m2", "fp4_e2m1", "int8")
STORED = (*USUAL_FORMATS, "int4", "int4_g128", "mxfp4_e2m1", "nvfp4")
COMMAND = "<code>python -m dlpatterns count resnet50</code>"


def core(start: Path) -> Path | None:
    """Return the folder of Pyodide that npm has installed for a folder or for one above
    it, None if there is none.
    """
    for folder in (start, *start.parents):
        found = folder / "node_modules" / "pyodide"
        if all((found / name).is_file() for name in CORE):
            return found
    return None


def library_zip() -> bytes:
    """Return a zip of the rooms that run without NumPy, with their tables."""
    home = Path(find_spec("dlpatterns").origin).parent
    packed = io.BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as into:
        for path in sorted(home.rglob("*")):
            if wanted(path.relative_to(home)):
                add(into, path.relative_to(home.parent).as_posix(), path.read_bytes())
    return packed.getvalue()


def wanted(path: Path) -> bool:
    """Tell whether the browser needs a file of the library.

    >>> wanted(Path("models/vgg.py")), wanted(Path("train/loop.py"))
    (True, False)
    """
    if path.parts[0] == "data":
        return path.suffix == ".csv" or path.name in MEASURED
    room = path.parts[0].removesuffix(".py")
    return path.suffix == ".py" and room in {*ROOMS, "__init__"}


def version() -> str:
    """Return a digest of the library's zip, so that no browser keeps an old one."""
    return hashlib.sha256(library_zip()).hexdigest()[:8]


def place_form(
    app: Sphinx, page: str, template: str, context: dict, doctree: object
) -> None:
    """Put the form into the page that has a place for it."""
    if PLACE in context.get("body", ""):
        source = Path(app.srcdir)
        context["body"] = context["body"].replace(PLACE, form(source))


def form(source: Path) -> str:
    """Return the form, its style and its scripts, as HTML."""
    static = source / "_static"
    style, general, own = (
        (static / name).read_text(encoding="utf-8")
        for name in ("count.css", "in_browser.js", "count.js")
    )
    ready = "yes" if core(source) else "no"
    return (
        f"<style>{style}</style>"
        f'<div class="dlp-count" data-folder="_static/" data-version="{version()}" '
        f'data-ready="{ready}"><form>{fields()}</form>'
        f"<noscript><p>Without JavaScript the terminal counts: {COMMAND}</p></noscript>"
        '<p data-part="status" role="status" aria-live="polite"></p>'
        '<div data-part="answer"></div></div>'
        f"<script>{general}</script><script>{own}</script>"
    )


def fields() -> str:
    """Return the controls of the form."""
    asked = [network(name) for name in models.ZOO]
    groups = {
        "Networks for images and others": [f.name for f in asked if not f.takes_tokens],
        "Networks that read tokens": [f.name for f in asked if f.takes_tokens],
    }
    number = 'type="number" min="1" max="999999999999" inputmode="numeric"'
    return "".join(
        [
            labelled("Network", menu("network", groups, "resnet50", "a config.json …")),
            '<label data-part="config" hidden>config.json'
            '<textarea name="config" spellcheck="false" data-usual=""></textarea>'
            "</label>",
            labelled(
                "Batch", f'<input name="batch" {number} value="1" data-usual="1">'
            ),
            labelled("Tokens", f'<input name="tokens" {number} placeholder="usual">'),
            labelled("Format", menu("format", {"": USUAL_FORMATS}, "fp16")),
            labelled("Weights", menu("weights", {"": STORED}, "", "in that format")),
            labelled("Machine", menu("machine", {"": machines.known()}, "", "none")),
            labelled("Layers there", menu("layers", {"": ["fused"]}, "", "one by one")),
            '<button type="submit">Count</button>',
            '<button type="button" data-part="stop" hidden>Stop</button>',
            '<button type="button" data-part="share" hidden>Copy the link</button>',
            "<small>The first count loads Python, about 6.5 MB, from this book's own "
            "folder.</small>",
        ]
    )


def labelled(name: str, control: str) -> str:
    """Return a control in its label."""
    return f"<label>{name}{control}</label>"


def menu(
    name: str, groups: dict[str, Iterable[str]], usual: str, empty: str = ""
) -> str:
    """Return a menu whose choices stand in groups, with one for nothing if it has a
    text.
    """
    parts = [f'<option value="">{escape(empty)}</option>' if empty else ""]
    for label, choices in groups.items():
        chosen = "".join(
            f"<option{' selected' if one == usual else ''}>{escape(one)}</option>"
            for one in choices
        )
        parts.append(
            f'<optgroup label="{label}">{chosen}</optgroup>' if label else chosen
        )
    return f'<select name="{name}" data-usual="{usual}">{"".join(parts)}</select>'


def lay_in(pages: Path, source: Path) -> None:
    """Write the library's zip and, if npm has brought it, Pyodide into a built book."""
    static = pages / "_static"
    static.mkdir(exist_ok=True)
    (static / "library.zip").write_bytes(library_zip())
    shutil.rmtree(static / "pyodide", ignore_errors=True)
    found = core(source)
    if found:
        (static / "pyodide").mkdir()
        for name in CORE:
            shutil.copyfile(found / name, static / "pyodide" / name)
