"""Matplotlib's own SVG, made small: text as text, colours as variables, nothing twice.

The page's style gives each variable a light and a dark value, so that a chart belongs
to the page in both. Pictures inside keep their colours, and so does what is drawn on
them.
"""

import base64
import colorsys
import io
import math
import re
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape
from itertools import groupby
from xml.etree import ElementTree

from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure
from PIL import Image

from ._style import DARK, FAINT, INK, PALETTE, PAPER, plt

FONT = 11  # points; the size of most labels stands at the root
KEEP = "as-drawn"  # the id of groups whose colours are data
CRISP = 128  # pixels; a smaller picture is drawn as squares when enlarged
LARGEST = 1_000_000  # pixels; a larger one is drawn at the size it has on the page
NAMES = {hex: name for name, hex in PALETTE.items()} | {
    INK: "ink",
    FAINT: "faint",
    PAPER: "paper",
    "#000000": "ink",
}
SHOWN = ("stroke-width", "stroke-linecap", "stroke-dasharray", "stroke-dashoffset")
SHOWN += ("opacity", "fill-opacity", "stroke-opacity", "stroke-linejoin")
USUAL = {
    ("stroke-linejoin", "round"),
    ("stroke-linecap", "butt"),
    ("stroke-width", "1"),
    ("opacity", "1"),
    ("stroke-dashoffset", "0"),
}
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
POWER = re.compile(r"\s*\$\\mathdefault\{(.*?)(?:\\times)?(10|2)\^\{(-?\d+)\}\}\$\s*")


@dataclass(frozen=True)
class Drawing:
    """What lies inside an <svg>, how large that is in points, and its smallest text
    (infinite if it has none).

    Ids begin with §, for whoever puts it on a page to replace.
    """

    inside: str
    width: float
    height: float
    smallest: float


def drawing(fig: Figure, *, photo: bool = False) -> Drawing:
    """Return a figure as compact SVG, and close it; pictures may lose what the eye does
    not miss if they are photos.
    """
    _prepare(fig)
    text = io.StringIO()
    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    with warnings.catch_warnings():
        # the browser has the glyphs that Matplotlib's font lacks
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        fig.savefig(text, format="svg", facecolor="none", metadata=nothing)
    plt.close(fig)
    builder = ElementTree.TreeBuilder(insert_comments=True)
    parser = ElementTree.XMLParser(target=builder)
    root = ElementTree.fromstring(text.getvalue(), parser)
    return _Compact(root, photo).drawing()


def _prepare(fig: Figure) -> None:
    """Let small pictures travel with the pixels they have, and mark what is drawn on
    them.
    """
    for axes in fig.axes:
        for picture in axes.images:
            if picture.get_size()[0] * picture.get_size()[1] <= LARGEST:
                picture.set_interpolation("none")
        meshes = [one for one in axes.collections if isinstance(one, QuadMesh)]
        if axes.images or meshes:
            drawn = [*axes.texts, *axes.lines, *axes.patches, *axes.collections]
            arrows = [getattr(text, "arrow_patch", None) for text in axes.texts]
            for artist in filter(None, [*drawn, *arrows]):
                artist.set_gid(KEEP)


def number(text: str | float, digits: int = 1) -> str:
    """Return a number with few decimals, and no more characters than it needs.

    >>> number("12.0401"), number("-0.5"), number("-0.01"), number(0.04, 2)
    ('12', '-.5', '0', '.04')
    """
    short = f"{float(text):.{digits}f}"
    short = short.rstrip("0").rstrip(".") if "." in short else short
    return "0" if short in ("-0", "0") else re.sub(r"^(-?)0\.", r"\1.", short)


Points = list[tuple[str, list[float]]]


def steps(path: str, dx: float = 0, dy: float = 0) -> Points:
    """Return the steps of a path, each a letter and its coordinates, moved."""
    found = re.findall(r"([MLCQzZ])([^MLCQzZ]*)", path)
    return [
        (
            letter,
            [float(x) + (dy if i % 2 else dx) for i, x in enumerate(rest.split())],
        )
        for letter, rest in found
    ]


def short_path(path: Points) -> str:
    """Return a path in few characters: one decimal, straight steps as H and V."""
    said, at, start, before = "", ("", ""), ("", ""), ""
    for k, (letter, coordinates) in enumerate(path):
        if letter in "zZ":
            said, before = said + "z", "z"
            continue
        xy = [number(x) for x in coordinates]
        end = (xy[-2], xy[-1])
        closes = k + 1 < len(path) and path[k + 1][0] in "zZ"
        if letter == "M":
            start = end
        elif letter == "L" and (end == at or (end == start and closes)):
            continue
        elif letter == "L" and end[1] == at[1]:
            letter, xy = "H", [end[0]]
        elif letter == "L" and end[0] == at[0]:
            letter, xy = "V", [end[1]]
        said += (" " if letter == before else letter) + " ".join(xy)
        at, before = end, letter
    return said


class _Compact:
    """Walks Matplotlib's SVG once, and gathers what is to be seen as few elements."""

    def __init__(self, root: ElementTree.Element, photo: bool) -> None:
        self.root, self.photo = root, photo
        self.markers: dict[str, tuple[str, dict[str, str]]] = {}
        self.ids: dict[str, str] = {}
        self.used: set[str] = set()
        self.sizes: list[float] = []
        for one in root.iter():
            if _tag(one) == "path" and "id" in one.attrib:
                self.markers[one.get("id")] = (one.get("d"), _style(one))
            if _tag(one) in ("clipPath", "pattern"):
                self.ids[one.get("id")] = f"§{len(self.ids)}"

    def drawing(self) -> Drawing:
        """Return the whole."""
        width, height = map(float, self.root.get("viewBox").split()[2:])
        inside = "".join(_merged(self.children(self.root, False)))
        inside = self.definitions() + inside
        return Drawing(inside, width, height, min(self.sizes, default=math.inf))

    def definitions(self) -> str:
        """Return the clip paths and hatchings that something refers to."""
        found = []
        for one in self.root.iter():
            if one.get("id") in self.used and _tag(one) == "clipPath":
                box = one[0]
                sides = "".join(
                    f' {side}="{number(box.get(side))}"'
                    for side in ("x", "y", "width", "height")
                    if box.get(side)
                )
                shape = f"<rect{sides}/>"
                if _tag(box) == "path":
                    shape = f'<path d="{short_path(steps(box.get("d")))}"/>'
                name = self.ids[one.get("id")]
                found.append(f'<clipPath id="{name}">{shape}</clipPath>')
            if one.get("id") in self.used and _tag(one) == "pattern":
                found.append(self.hatching(one))
        return f"<defs>{''.join(found)}</defs>" if found else ""

    def hatching(self, pattern: ElementTree.Element) -> str:
        """Return a pattern of hatching lines."""
        lines = [
            f'<path d="{short_path(steps(one.get("d")))}"{self.look(one, False)}/>'
            if _tag(one) == "path"
            else f'<rect width="72" height="72"{self.look(one, False)}/>'
            for one in pattern
            if one.get("fill", _style(one).get("fill")) != "none" or _tag(one) == "path"
        ]
        return (
            f'<pattern id="{self.ids[pattern.get("id")]}" '
            'patternUnits="userSpaceOnUse" x="0" y="0" width="72" height="72">'
            f"{''.join(lines)}</pattern>"
        )

    def children(self, parent: ElementTree.Element, keep: bool) -> Iterator:
        """Yield the elements below one: text, or for a path its look and its steps."""
        note = ""
        for one in parent:
            tag = _tag(one)
            if tag == "":
                note = one.text or ""
            elif tag == "g":
                yield from self.group(one, keep or one.get("id") == KEEP, note)
            elif tag == "path":
                yield from self.path(one, keep)
            elif tag == "use":
                yield from self.marker(one, keep)
            elif tag == "image":
                yield self.image(one)
            elif tag == "text":
                yield self.text(one, keep)

    def group(self, one: ElementTree.Element, keep: bool, note: str) -> Iterator:
        """Yield a group's elements, inside a group only where that does something."""
        power = POWER.fullmatch(note)
        if power and "rotate" not in one.get("transform", ""):
            yield self.power(one, power, keep)
            return
        inside = list(self.children(one, keep))
        if one.get("id", "").startswith("matplotlib.axis"):
            inside = _together(inside)
        attributes = self.clip(one)
        if transform := one.get("transform"):
            attributes += f' transform="{_rounded(transform, 2)}"'
        if "opacity" in _style(one):
            attributes += f' opacity="{_style(one)["opacity"]}"'
        if attributes and inside:
            yield f"<g{attributes}>{''.join(_merged(inside))}</g>"
        else:
            yield from inside

    def clip(self, one: ElementTree.Element) -> str:
        """Return the reference to a clip path, if there is one."""
        if not (found := re.search(r"#([\w.-]+)", one.get("clip-path", ""))):
            return ""
        self.used.add(found[1])
        return f' clip-path="url(#{self.ids[found[1]]})"'

    def inside(self, one: ElementTree.Element, path: Points) -> bool:
        """Tell whether a path lies within its clip path, so that it needs none."""
        found = re.search(r"#([\w.-]+)", one.get("clip-path", ""))
        clip = next((it for it in self.root.iter() if it.get("id") == found[1]), None)
        if clip is None or _tag(clip[0]) != "rect":
            return False
        x, y, width, height = (
            float(clip[0].get(side)) for side in ("x", "y", "width", "height")
        )
        return all(
            x - 0.5 <= at[0] <= x + width + 0.5 and y - 0.5 <= at[1] <= y + height + 0.5
            for _, xy in path
            for at in zip(xy[::2], xy[1::2], strict=True)
        )

    def path(self, one: ElementTree.Element, keep: bool) -> Iterator:
        """Yield a path, unless it paints nothing."""
        path, look = steps(one.get("d", "")), self.look(one, keep)
        if not path or (' fill="none"' in look and " stroke=" not in look):
            return
        clip = (
            self.clip(one)
            if one.get("clip-path") and not self.inside(one, path)
            else ""
        )
        yield (look + clip, short_path(path))

    def marker(self, one: ElementTree.Element, keep: bool) -> Iterator:
        """Yield a tick or a point where it stands: a circle, or its path there."""
        href = one.get("{http://www.w3.org/1999/xlink}href").removeprefix("#")
        path, style = self.markers[href]
        look = self.look(one, keep, style)
        x, y = float(one.get("x", 0)), float(one.get("y", 0))
        if path.count("C") == 8 and path.startswith("M 0 "):
            radius = number(path.split()[2], 2)
            yield (look, f'<circle cx="{number(x)}" cy="{number(y)}" r="{radius}"/>')
        else:
            yield (look, short_path(steps(path, x, y)))

    def image(self, one: ElementTree.Element) -> str:
        """Return a picture, as WebP where that is smaller."""
        uri = one.get("{http://www.w3.org/1999/xlink}href")
        raw = base64.b64decode(uri.partition(",")[2])
        picture = Image.open(io.BytesIO(raw))
        packed = [("png", raw), ("webp", _webp(picture, lossless=True, quality=40))]
        if self.photo:
            packed.append(("webp", _webp(picture, quality=85)))
        kind, data = min(packed, key=lambda it: len(it[1]))
        small = max(picture.size) <= CRISP
        sides = "".join(
            f' {name}="{number(one.get(name), 2)}"'
            for name in ("x", "y", "width", "height")
            if one.get(name)
        )
        transform = one.get("transform")
        return (
            f'<image href="data:image/{kind};base64,{base64.b64encode(data).decode()}"'
            f'{sides} preserveAspectRatio="none"'
            + (f' transform="{_rounded(transform, 4)}"' if transform else "")
            + (' style="image-rendering:pixelated"' if small else "")
            + "/>"
        )

    def text(self, one: ElementTree.Element, keep: bool) -> str:
        """Return a line of text in the page's own font."""
        style, parts = _style(one), []
        size = float(style.get("font-size", f"{FONT}px").removesuffix("px"))
        if len(one):
            parts = [self.part(each) for each in one]
        else:
            self.sizes.append(size)
        at = "".join(
            f' {name}="{number(one.get(name))}"' for name in "xy" if one.get(name)
        )
        turned = re.match(r"rotate\((-?[\d.]+)", one.get("transform", ""))
        if turned and float(turned[1]):
            at += f' transform="{_rounded(one.get("transform"), 1)}"'
        words = escape(one.text or "", quote=False) if not parts else "".join(parts)
        return f"<text{at}{self.type(style, size)}{self.look(one, keep)}>{words}</text>"

    def part(self, one: ElementTree.Element) -> str:
        """Return a glyph of a formula where it stands."""
        style = _style(one)
        size = float(style.get("font-size", f"{FONT}px").removesuffix("px"))
        places = "".join(
            f' {name}="{" ".join(number(x) for x in one.get(name).split())}"'
            for name in "xy"
            if one.get(name)
        )
        words = escape(one.text or "", quote=False)
        return f"<tspan{places}{self.type(style, size)}>{words}</tspan>"

    def power(self, one: ElementTree.Element, found: re.Match, keep: bool) -> str:
        """Return a power of ten, as a logarithmic axis has it, as one line of text."""
        moved = re.search(r"translate\((\S+) (\S+)\)", one.get("transform"))
        first = next(it for it in one.iter() if _tag(it) == "tspan")
        style = _style(first)
        size = float(style["font-size"].removesuffix("px"))
        self.sizes.append(size)
        y = float(moved[2]) + float(first.get("y").split()[0])
        factor = f"{found[1]}×" if found[1] else ""
        words = f"{factor}{found[2]}{found[3].translate(SUPERSCRIPTS)}"
        return (
            f'<text x="{number(moved[1])}" y="{number(y)}"'
            f"{self.type(style, size)}{self.look(one, keep)}>{words}</text>"
        )

    def type(self, style: dict[str, str], size: float) -> str:
        """Return the attributes of a text's type that differ from the root's."""
        said = "" if size == FONT else f' font-size="{number(size)}"'
        for name in ("text-anchor", "font-weight", "font-style"):
            if style.get(name, "start") not in ("start", "normal", "400"):
                said += f' {name}="{style[name]}"'
        return said

    def look(
        self, one: ElementTree.Element, keep: bool, below: dict[str, str] | None = None
    ) -> str:
        """Return the attributes of an element's colours and lines."""
        given = {name: one.get(name) for name in ("fill", "stroke") if one.get(name)}
        style, said = (below or {}) | given | _style(one), ""
        for name in ("fill", "stroke"):
            paint = self.paint(
                style.get(name, "#000000" if name == "fill" else ""), keep
            )
            if paint and (name, paint) != ("fill", "var(--ink)"):
                said += f' {name}="{paint}"'
        for name in SHOWN:
            if name in style and (name, style[name]) not in USUAL:
                plain = re.sub(r"-?\d+\.\d+", lambda it: number(it[0], 2), style[name])
                said += f' {name}="{plain}"'
        return said

    def paint(self, value: str, keep: bool) -> str:
        """Return a colour as a variable with a light and a dark value, or as it is."""
        if found := re.match(r"url\(#([\w.-]+)\)", value):
            self.used.add(found[1])
            return f"url(#{self.ids[found[1]]})"
        if not value.startswith("#") or keep:
            return value
        return f"var(--{NAMES.get(value, 'c' + value[1:])})"


def _webp(picture: Image.Image, **options: object) -> bytes:
    packed = io.BytesIO()
    picture.save(packed, format="WEBP", method=3, **options)
    return packed.getvalue()


def _tag(one: ElementTree.Element) -> str:
    """Return an element's name, or "" for a comment."""
    return one.tag.rpartition("}")[2] if isinstance(one.tag, str) else ""


def _style(one: ElementTree.Element) -> dict[str, str]:
    pairs = (part.partition(":") for part in one.get("style", "").split(";"))
    found = {name.strip(): value.strip() for name, _, value in pairs if value}
    return _of_font(found.pop("font", "")) | found


def _of_font(short: str) -> dict[str, str]:
    """Return what CSS's short form says of a font, as older Matplotlibs write it.

    >>> _of_font("italic 700 12px 'DejaVu Sans', sans-serif")
    {'font-size': '12px', 'font-style': 'italic', 'font-weight': '700'}
    >>> _of_font("")
    {}
    """
    if not (size := re.search(r"[\d.]+px", short)):
        return {}
    found = {"font-size": size[0]}
    for word in short[: size.start()].split():
        bold = word.isdigit() or word == "bold"
        found["font-weight" if bold else "font-style"] = word
    return found


def _rounded(transform: str, digits: int) -> str:
    return re.sub(
        r"-?\d+\.?\d*(?:e-?\d+)?", lambda it: number(it[0], digits), transform
    )


def _together(elements: list) -> list:
    """Return elements with all paths of one look joined into one, where the first
    stood.
    """
    joined: dict[str, str] = {}
    for one in elements:
        if isinstance(one, tuple):
            joined[one[0]] = joined.get(one[0], "") + one[1]
    first = dict.fromkeys(one[0] if isinstance(one, tuple) else one for one in elements)
    return [(one, joined[one]) if one in joined else one for one in first]


def _merged(elements: Iterable) -> Iterator[str]:
    """Yield elements as text; neighbouring points of one look share a group."""
    for (look, are_shapes), some in groupby(elements, key=_kind):
        inside = list(some)
        if look is False:
            yield from inside
        elif are_shapes:
            yield f"<g{look}>{''.join(shape for _, shape in inside)}</g>"
        else:
            yield from (f'<path d="{shape}"{look}/>' for _, shape in inside)


def _kind(one: str | tuple[str, str]) -> tuple[str | bool, bool]:
    """Return the look of an element, False if it is text already, and whether it is a
    shape such as a circle and no path.
    """
    return (
        (one[0], one[1].startswith("<")) if isinstance(one, tuple) else (False, False)
    )


def variables(svg: str) -> str:
    """Return a style with the light and the dark value of every colour that is used."""
    names = sorted(set(re.findall(r"var\(--([\w-]+)\)", svg)) | {"ink"})
    light = {name: hex for hex, name in NAMES.items() if hex != "#000000"}
    pairs = [(name, light.get(name, f"#{name[1:]}")) for name in names]
    lights = ";".join(f"--{name}:{hex}" for name, hex in pairs)
    darks = ";".join(f"--{name}:{dark(name, hex)}" for name, hex in pairs)
    themes = ("[data-theme=dark]", "[data-jp-theme-light=false]", "[theme=dark]")
    where = ",".join(f"{theme} .dlp-svg" for theme in themes)
    return f"<style>.dlp-svg{{{lights}}}{where}{{{darks}}}</style>"


def dark(name: str, colour: str) -> str:
    """Return a colour's value on the dark page: the house's own, and of another colour
    that is nearly black or nearly white the opposite.

    >>> dark("blue", "#2b69d3"), dark("cfff8e1", "#fff8e1"), dark("cff0000", "#ff0000")
    ('#4581fa', '#3e2f00', '#ff0000')
    """
    if name in DARK:
        return DARK[name]
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    hue, light, rich = colorsys.rgb_to_hls(red, green, blue)
    if 0.3 < light < 0.75:
        return colour
    turned = colorsys.hls_to_rgb(hue, 0.07 + 0.86 * (1 - light), rich)
    return "#" + "".join(f"{round(255 * part):02x}" for part in turned)
