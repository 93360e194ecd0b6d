"""The form of the page *Design your own chip*, made of the controls that the library
knows.
"""

from html import escape
from pathlib import Path

from in_browser import core, labelled, version
from sphinx.application import Sphinx

from dlpatterns.design import asking
from dlpatterns.design.asking import Knob

PLACE = '<div class="dlp-designer"></div>'
FILES = ("count.css", "design.css", "in_browser.js", "design.js")
GROUPS = {
    "The chip": asking.SLIDERS | asking.MENUS,
    "Your budget": asking.BUDGET,
    "What is assumed": asking.ASSUMED,
}
WITHOUT = (
    "Without JavaScript this page cannot weigh. Design a chip in the exercise “Your "
    'chip” of the <a href="chapters/design_a_chip.html#design-a-chip-4-your-chip">'
    "lecture</a>, in its notebook: it scores the same chips."
)


def place_form(
    app: Sphinx, page: str, template: str, context: dict, doctree: object
) -> None:
    """Put the form into the page that has a place for it."""
    if PLACE in context.get("body", ""):
        context["body"] = context["body"].replace(PLACE, form(Path(app.srcdir)))


def form(source: Path) -> str:
    """Return the form, its styles and its scripts, as HTML."""
    static = source / "_static"
    style, own, general, script = (
        (static / name).read_text(encoding="utf-8") for name in FILES
    )
    ready = "yes" if core(source) else "no"
    return (
        f"<style>{style}{own}</style>"
        '<div class="dlp-count dlp-designer" data-folder="_static/" '
        f'data-version="{version()}" data-ready="{ready}">'
        f'<p data-part="without">{WITHOUT}</p><form hidden>{fields()}</form>'
        '<p data-part="status" role="status" aria-live="polite"></p>'
        '<div data-part="answer"></div></div>'
        f"<script>{general}</script><script>{script}</script>"
    )


def fields() -> str:
    """Return the controls in their groups, and the buttons."""
    groups = "".join(
        f"<fieldset><legend>{label}</legend>"
        + "".join(control(name, knob) for name, knob in knobs.items())
        + "</fieldset>"
        for label, knobs in GROUPS.items()
    )
    return (
        f'{groups}<button type="submit" data-part="weigh">Weigh it</button>'
        '<button type="button" data-part="share" hidden>Copy the link</button>'
        "<small>The first time loads Python, about 6.5 MB, from this book's own "
        "folder; then every change is weighed at once.</small>"
    )


def control(name: str, knob: Knob) -> str:
    """Return a slider for sizes, a menu for kinds."""
    if name in asking.SLIDERS | asking.BUDGET:
        return labelled(escape(knob.label), slider(name, knob))
    options = "".join(
        f'<option value="{value}"{" selected" * (value == knob.usual)}>'
        f"{escape(text)}</option>"
        for value, text in knob.settings.items()
    )
    menu = f'<select name="{name}" data-usual="{knob.usual}">{options}</select>'
    return labelled(escape(knob.label), menu)


def slider(name: str, knob: Knob) -> str:
    """Return a slider over the places of a knob's settings, in order, and what it is
    at.
    """
    values, words = list(knob.settings), list(knob.settings.values())
    place, said = values.index(knob.usual), escape(knob.settings[knob.usual])
    return (
        f'<input type="range" name="{name}" min="0" max="{len(values) - 1}" step="1" '
        f'value="{place}" data-usual="{knob.usual}" autocomplete="off" '
        f'data-settings="{" ".join(values)}" data-words="{escape("|".join(words))}" '
        f'aria-valuetext="{said}"><output>{said}</output>'
    )
