"""Repairs in the finished pages what the theme and the extensions leave: names of
controls that say other than is seen.
"""

import re
from pathlib import Path

REPAIRS = (
    # a control's name holds the text that it shows (WCAG 2.5.3): "Search Ctrl+K", "Show
    # the code"
    (
        r'(<button class="btn search-button-field[^>]*?) title="Search" '
        r'aria-label="Search"',
        r"\1",
    ),
    (r'<summary aria-label="Toggle hidden content">', "<summary>"),
    # an entry of a bibliography is an item of its list; its old role of its own is
    # deprecated
    (r'role="doc-biblioentry"', 'role="listitem"'),
)


def repaired(html: str) -> str:
    """Return a page with every repair made."""
    for pattern, better in REPAIRS:
        html = re.sub(pattern, better, html)
    return html


def repair(pages: Path) -> None:
    """Repair every page under a folder in place."""
    for path in pages.rglob("*.html"):
        html = path.read_text(encoding="utf-8")
        if (better := repaired(html)) != html:
            path.write_text(better, encoding="utf-8")
