"""Lays beside the finished pages what is large in them, or stands in them many times.

A notebook carries its pictures and scripts inside its outputs, so that it is whole
wherever it is read. On a built page a picture of more than 40 kB becomes a file of its
own, fetched when it is shown, and a script of the library a file that is fetched once
for all pages. Both work from disk as from a server.
"""

import base64
import hashlib
import os
import re
from pathlib import Path

LARGE = 40_000  # bytes of a picture
# in HTML and, with quotes escaped, in the data of an explorer
PICTURE = re.compile(
    r'(?P<quote>\\?")data:image/(?P<kind>[a-z]+);base64,(?P<data>[\w+/=]+)(?P=quote)'
)
SCRIPT = re.compile(r"<script>(// [A-Z][^\n]*\n\(\(\) => \{\n.*?)</script>", re.DOTALL)


def lay_beside(book: Path) -> None:
    """Move large pictures and the library's scripts out of a built book's pages."""
    for page in sorted(book.rglob("*.html")):
        html = page.read_text(encoding="utf-8")
        if (lighter := moved(html, page.parent, book / "_static" / "beside")) != html:
            page.write_text(lighter, encoding="utf-8")


def moved(html: str, here: Path, folder: Path) -> str:
    """Return a page that refers to files in a folder, which are written, for its large
    pictures and its scripts.
    """

    def picture(found: re.Match) -> str:
        data = base64.b64decode(found["data"])
        if len(data) <= LARGE:
            return found[0]
        quote = found["quote"]
        return f"{quote}{stored(data, found['kind'], here, folder)}{quote}"

    def script(found: re.Match) -> str:
        address = stored(found[1].encode(), "js", here, folder)
        return f'<script src="{address}"></script>'

    return SCRIPT.sub(script, PICTURE.sub(picture, html))


def stored(data: bytes, kind: str, here: Path, folder: Path) -> str:
    """Write a file named after its content; return where it is, seen from a page."""
    path = folder / f"{hashlib.sha256(data).hexdigest()[:16]}.{kind}"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return Path(os.path.relpath(path, here)).as_posix()
