"""Makes the finished book light: one script and one style sheet for all pages, only the
rules and icons that a page uses, nothing that keeps a page from being painted.
"""

import hashlib
import os
import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

import tinycss2

BUNDLED = (  # in the order in which they stood in the pages
    "documentation_options.js",
    "doctools.js",
    "sphinx_highlight.js",
    "clipboard.min.js",
    "copybutton.js",
    "scripts/sphinx-book-theme.js",
    "togglebutton.js",
    "print.js",
    "maths.js",
    "exercises.js",
    "scripts/bootstrap.js",
    "scripts/pydata-sphinx-theme.js",
)
SEARCHING = ("searchtools.js", "language_data.js", "searchindex.js")
SETTINGS = """
DOCUMENTATION_OPTIONS.search_as_you_type = false;
if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
var toggleHintShow = "Click to show", toggleHintHide = "Click to hide";
var toggleOpenOnPrint = "true", togglebuttonSelector = ".toggle, .admonition.dropdown";
"""
MODE = (  # before the first paint, so that a dark page is dark from the start
    "(() => { const page = document.documentElement.dataset; let mode = 'auto'; "
    "try { mode = localStorage.getItem('mode') || mode; } catch {} "
    "const dark = matchMedia('(prefers-color-scheme: dark)').matches; "
    "page.mode = mode; "
    "page.theme = mode === 'auto' ? (dark ? 'dark' : 'light') : mode; })();"
)
LEFT_OUT = (  # parts of the theme that no page of this book uses
    r'<script[^>]*type="text/x-thebe-config">.*?</script>',
    r"<script>kernelName = .*?</script>",
    r'<link rel="preload" as="script"[^>]*>',
)
NAMES = re.compile(r"[.#]((?:[\w-]|\\.)+)")
ICON = r'[{,]"?%s"?:\[(\d+),(\d+),\[[^\]]*\],"\w+","([^"]+)"\]'
IMPORT = re.compile(r'@import +(?:url\()?"([^"]+)"\)?;')
ADDRESS = re.compile(r"url\((['\"]?)(?!data:|#|https?:|['\"])([^)'\"]+)")
EMPTY = re.compile(r"\([^()]*\)")


def lighten(book: Path) -> None:
    """Bundle scripts and styles of a built book, and rewrite its pages to use them."""
    static = book / "_static"
    pages = {path: path.read_text(encoding="utf-8") for path in sorted(pages_of(book))}
    script = bundle_scripts(static)
    style = bundle_styles(static, pages.values(), script)
    for path, html in pages.items():
        html = rewritten(html, named(script, "pages.js"), named(style, "pages.css"))
        path.write_text(html, encoding="utf-8")
    (static / "pages.js").write_text(script, encoding="utf-8")
    (static / "pages.css").write_text(style, encoding="utf-8")
    clear(static)


def pages_of(book: Path) -> Iterable[Path]:
    """Yield the pages of a built book that have a style, which one that only leads to
    another has not.
    """
    for path in book.rglob("*.html"):
        if "_static" not in path.parts and 'rel="stylesheet"' in path.read_text(
            "utf-8"
        ):
            yield path


def named(text: str, name: str) -> str:
    """Return a file's name with a digest of its text, so that no browser keeps an old
    one.
    """
    return f"{name}?v={hashlib.sha256(text.encode()).hexdigest()[:8]}"


def bundle_scripts(static: Path) -> str:
    """Return the scripts of the pages one after the other, with their settings behind
    the first.
    """
    texts = [
        (static / name).read_text(encoding="utf-8")
        for name in BUNDLED
        if (static / name).exists()
    ]
    texts.insert(1, SETTINGS)
    bare = [re.sub(r"^//# sourceMappingURL=.*$", "", t, flags=re.M) for t in texts]
    return ";\n".join(bare)


def bundle_styles(static: Path, pages: Iterable[str], script: str) -> str:
    """Return the rules of all style sheets that some page or the script can use, and
    the icons behind them.
    """
    pages = list(pages)
    words = set(re.findall(r"[\w-]+", script)).union(
        *(re.findall(r"[\w-]+", without_data(page)) for page in pages)
    )
    sheets = dict.fromkeys(
        match.removeprefix("_static/")
        for page in pages
        for match in re.findall(
            r'<link[^>]*href="(?:\.\./)*(_static/[^"?]+\.css)', page
        )
    )
    texts = [moved(static, sheet) for sheet in sheets if (static / sheet).exists()]
    icons = icon_rules(
        (static / "scripts" / "fontawesome.js").read_text(encoding="utf-8"), words
    )
    return used("\n".join(texts), words) + icons


def without_data(html: str) -> str:
    """Return a page without the pictures that lie in it."""
    return re.sub(r"data:image/[^\"'\\)\s]+", "", html)


def moved(static: Path, sheet: str) -> str:
    """Return a style sheet with what it imports, its addresses as they are from the
    folder of all.
    """
    folder = Path(sheet).parent

    def place(given: str) -> str:
        return os.path.normpath(folder / given).replace(os.sep, "/")

    def address(match: re.Match) -> str:
        return f"url({match[1]}{place(match[2])}"

    text = (static / sheet).read_text(encoding="utf-8")
    own, *imported = IMPORT.split(text)
    found = [ADDRESS.sub(address, own)]
    for name, rest in zip(imported[::2], imported[1::2], strict=True):
        found += [moved(static, place(name)), ADDRESS.sub(address, rest)]
    return "".join(found)


def used(css: str, words: set[str]) -> str:
    """Return the rules of a style sheet whose classes and ids are among the words.

    >>> used(".a, .b { x: y } @media print { .b { x: y } } p { z: 1 }", {"a"})
    '.a{x: y}p{z: 1}'
    """
    rules = tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True)
    return "".join(kept(rule, words) for rule in rules)


def kept(rule: object, words: set[str]) -> str:
    """Return what is used of one rule."""
    if rule.type == "qualified-rule":
        head = [one for one in parts(rule.prelude) if applies(one, words)]
        return f"{','.join(head)}{{{body(rule.content)}}}" if head else ""
    if rule.type != "at-rule":
        return ""
    head = f"@{rule.at_keyword}{tinycss2.serialize(rule.prelude)}".strip()
    if rule.content is None:
        return f"{head};"
    if rule.lower_at_keyword in {"media", "supports", "layer"}:
        inside = used(tinycss2.serialize(rule.content), words)
        return f"{head}{{{inside}}}" if inside else ""
    text = body(rule.content)
    return "" if "Font Awesome" in text else f"{head}{{{text}}}"


def parts(prelude: list) -> list[str]:
    """Return the selectors that a rule lists."""
    found: list[list] = [[]]
    for token in prelude:
        if token == ",":
            found.append([])
        else:
            found[-1].append(token)
    return [tinycss2.serialize(one).strip() for one in found]


def body(content: list) -> str:
    """Return the declarations of a rule without spaces around them."""
    text = re.sub(r"/\*.*?\*/", "", tinycss2.serialize(content), flags=re.S)
    return re.sub(r"\s*\n\s*", "", text).strip()


def applies(selector: str, words: set[str]) -> bool:
    """Tell whether a page with these words can hold what a selector means; what stands
    in parentheses is not looked at.
    """
    bare = re.sub(r"\[[^\]]*\]", "", selector)
    while (shorter := EMPTY.sub("", bare)) != bare:
        bare = shorter
    return all("\\" in name or name in words for name in NAMES.findall(bare))


def icon_rules(library: str, words: set[str]) -> str:
    """Return a rule for each icon among the words: its drawing as a mask, filled with
    the colour of the text.
    """
    icons = sorted(word[3:] for word in words if word.startswith("fa-"))
    drawn = {
        icon: found[-1] for icon in icons if (found := re.findall(ICON % icon, library))
    }
    rules = [
        f'.fa-{icon}::before{{--icon:url("data:image/svg+xml,{picture(*drawing)}");'
        f"aspect-ratio:{drawing[0]}/{drawing[1]}}}"
        for icon, drawing in drawn.items()
    ]
    every = ",".join(f".fa-{icon}::before" for icon in drawn)
    shape = (
        'content:"";display:inline-block;height:1em;vertical-align:-.125em;'
        "background:currentColor;mask:var(--icon) center/contain no-repeat;"
        "-webkit-mask:var(--icon) center/contain no-repeat"
    )
    return "".join([f"{every}{{{shape}}}", *rules]) if drawn else ""


def picture(width: str, height: str, path: str) -> str:
    """Return an icon as an SVG drawing in an address."""
    svg = f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {height}'>"
    return quote(f"{svg}<path d='{path}'/></svg>", safe="='/: ")


def rewritten(html: str, script: str, style: str) -> str:
    """Return a page with the one script and style sheet instead of its many, and
    without scripts that its reader does not need.
    """
    head, mark, rest = html.partition("</head>")
    root = re.search(r'data-content_root="([^"]*)"', head)
    place = f"{root[1] if root else './'}_static/"
    searching = "Search.setIndex" in html or 'id="search-results"' in rest
    for pattern in LEFT_OUT:
        head, rest = (re.sub(pattern, "", part, flags=re.S) for part in (head, rest))
    head = re.sub(r"<!--.*?-->", "", head, flags=re.S)
    head = re.sub(r"<script(?![^>]*src=).*?</script>", "", head, flags=re.S)
    head = re.sub(r'<link[^>]*rel="stylesheet"[^>]*>', "", head)
    head, rest = (
        re.sub(r"<script[^>]*src=[^>]*></script>", "", it) for it in (head, rest)
    )
    again = r'<meta name="viewport"[^>]*>(?=.*<meta name="viewport")'
    head = re.sub(again, "", head, flags=re.S)
    head = re.sub(r"\n\s*\n+", "\n", head)
    wanted = [
        f"<script>{MODE}</script>",
        f'<link rel="stylesheet" href="{place}{style}">',
    ]
    wanted += [f'<script defer src="{place}{script}"></script>']
    if searching:
        sources = (f"{place}{name}" for name in SEARCHING[:2])
        wanted += [f'<script defer src="{source}"></script>' for source in sources]
        index = f"{place.removesuffix('_static/')}{SEARCHING[2]}"
        wanted.append(f'<script defer src="{index}"></script>')
    return head + "\n".join(wanted) + "\n" + mark + rest


def clear(static: Path) -> None:
    """Remove from the finished book what the bundles have replaced."""
    keep = {"pages.css"}
    for path in [*static.rglob("*.map"), *static.rglob("*.css")]:
        if path.name not in keep:
            path.unlink()
    for name in (*BUNDLED, "scripts/fontawesome.js", "design-tabs.js"):
        (static / name).unlink(missing_ok=True)
    shutil.rmtree(static / "vendor", ignore_errors=True)
