"""Measure every page of the built book with Lighthouse, as on a phone and on a desktop,
and print a table. The book is served from this machine, compressed.

Needs Chromium and npm, which fetches Lighthouse; no part of the tests:
python tools/lighthouse.py                    all pages, phone and desktop
python tools/lighthouse.py intro sources      some of them
"""

import gzip
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "_build" / "html"
VERSION = "13.5.0"
TEXT = {".html", ".css", ".js", ".svg", ".json", ".txt"}
FORMS = {"phone": ["--form-factor=mobile"], "desktop": ["--preset=desktop"]}
WANTED = {"phone": 90, "desktop": 98}
TIMES = ("first-contentful-paint", "largest-contentful-paint", "total-blocking-time")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


class Compressing(SimpleHTTPRequestHandler):
    """Sends text compressed and lets browsers keep it, as servers of pages do."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path.partition("?")[0]))
        if not path.is_file():
            return self.send_error(404)
        text = path.suffix in TEXT
        data = gzip.compress(path.read_bytes(), 6) if text else path.read_bytes()
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(path))
        self.send_header("Cache-Control", "max-age=604800")
        if text:
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on a free port of this machine, and give its address."""
    handler = partial(Compressing, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def measured(address: str, form: str) -> dict:
    """Return what Lighthouse says of the speed of a page."""
    flags = "--headless=new --no-sandbox --disable-gpu --disable-quic --disable-sync"
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [shutil.which("npx"), "--yes", f"lighthouse@{VERSION}", address]
        command += ["--only-categories=performance", "--output=json", "--quiet"]
        command += [f"--output-path={report}", f"--chrome-flags={flags}", *FORMS[form]]
        subprocess.run(command, check=True, env=os.environ | {"CHROME_PATH": browser()})
        return json.loads(report.read_text(encoding="utf-8"))


def browser() -> str:
    """Return the path of an installed Chromium, or "" for Lighthouse's own search."""
    return next(filter(None, map(shutil.which, BROWSERS)), "")


def row(page: str, form: str, report: dict) -> str:
    """Return a line of the table: the score out of a hundred, times in seconds, the
    shift of the layout, and kilobytes.
    """
    audits = report["audits"]
    score = round(100 * report["categories"]["performance"]["score"])
    seconds = [audits[name]["numericValue"] / 1000 for name in TIMES]
    shift = audits["cumulative-layout-shift"]["numericValue"]
    weight = audits["total-byte-weight"]["numericValue"] / 1000
    mark = "" if score >= WANTED[form] else f"  (wanted: {WANTED[form]})"
    numbers = " ".join(f"{number:6.2f}" for number in [*seconds, shift])
    return f"{page:28} {form:8} {score:5} {numbers} {weight:7.0f}{mark}"


def main(names: list[str]) -> None:
    """Print the table of the named pages, or of all."""
    if not (PAGES / "index.html").exists() or shutil.which("npx") is None:
        sys.exit("Build the book first (`make book`), and install npm.")
    print(f"{'page':28} {'form':8} score    FCP    LCP    TBT    CLS      KB")
    with served(PAGES) as address:
        for page in names or pages():
            for form in FORMS:
                report = measured(f"{address}/{page}.html", form)
                print(row(page, form, report), flush=True)


def pages() -> list[str]:
    """Return the pages of the table of contents."""
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    chapters = (one["file"] for part in contents["parts"] for one in part["chapters"])
    return [contents["root"], *chapters]


if __name__ == "__main__":
    main(sys.argv[1:])
