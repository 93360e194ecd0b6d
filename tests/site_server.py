"""A web server for a built book, which says what it sent and how many bytes that is
compressed, figures left out.
"""

import gzip
import re
import threading
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

COMPRESSED = {".html", ".css", ".js", ".json", ".svg", ".txt", ".inv", ".ipynb", ".xml"}
FIGURES = {".png", ".webp", ".jpg", ".jpeg", ".gif"}
DRAWN_IN_PLACE = re.compile(rb"data:image/[^\"'\\)<>\s]+")


@dataclass
class Site:
    """Where the server is, and what it has sent since `sent` was last cleared: path and
    bytes.
    """

    address: str
    sent: list[tuple[str, int]] = field(default_factory=list)

    def weight(self) -> int:
        """Return the bytes sent."""
        return sum(size for _, size in self.sent)


def weight(path: Path) -> int:
    """Return the bytes of a file as a server sends it: text compressed, pictures in its
    text left out, figures nothing.
    """
    if path.suffix in FIGURES:
        return 0
    data = path.read_bytes()
    return (
        len(gzip.compress(DRAWN_IN_PLACE.sub(b"", data), 6))
        if path.suffix in COMPRESSED
        else len(data)
    )


class _Handler(SimpleHTTPRequestHandler):
    """Sends files with permission to cache them, as servers of pages do, and notes each
    that it had to send.
    """

    def __init__(self, *args: object, site: Site, **options: object) -> None:
        self.site = site
        super().__init__(*args, **options)

    def do_GET(self) -> None:
        path = Path(self.translate_path(unquote(urlsplit(self.path).path)))
        if path.is_file():
            self.site.sent.append((self.path, weight(path)))
        super().do_GET()

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "max-age=600")
        super().end_headers()

    def log_message(self, *args: object) -> None:
        """Say nothing."""


class Serving:
    """Serves a folder on a free port of this machine, in a thread of its own, inside a
    with-block.
    """

    def __init__(self, folder: Path) -> None:
        self.site = Site("")
        handler = partial(_Handler, site=self.site, directory=str(folder))
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.site.address = f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self) -> Site:
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self.site

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()
