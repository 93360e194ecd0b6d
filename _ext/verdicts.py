"""The page of verdicts: written by the lectures when the book is built, with a filter
that needs no script; and a line at the end of each lecture that was asked.
"""

from pathlib import Path

from sphinx.application import Sphinx

from dlpatterns.lectures.claims import gathered, page

PAGE = "verdicts"


def write_page(app: Sphinx, name: str, source: list[str]) -> None:
    """Fill the page's places with the verdicts, computed now, and give it its style."""
    if name == PAGE:
        style = Path(app.srcdir) / "_static" / "verdicts.css"
        head = f"<style>\n{style.read_text(encoding='utf-8').strip()}\n</style>"
        source[0] = f"{page.written(source[0])}\n\n{head}\n"


def point_to_page(
    app: Sphinx, name: str, template: str, context: dict, doctree: object
) -> None:
    """Say at the end of a lecture how many claims it tests, with a link."""
    lecture = name.removeprefix("chapters/")
    module = gathered.MODULES.get(lecture)
    if module and PAGE in app.env.found_docs and "body" in context:
        context["body"] += line(lecture, len(module.VERDICTS), len(module.SLIPS))


def line(lecture: str, claims: int, slips: int) -> str:
    """Return the line: what this lecture has on the page of verdicts."""
    said = []
    if claims:
        said.append(f"{claims} claim{'s' * (claims > 1)} of the course")
    if slips:
        said.append(f"{slips} figure{'s' * (slips > 1)} printed elsewhere")
    title = gathered.TITLES[lecture]
    return (
        f'<p class="dlp-judged">{title} judges {" and ".join(said)}: see <a '
        f'href="../{PAGE}.html">What the slides claim, and what we found</a>.</p>'
    )
