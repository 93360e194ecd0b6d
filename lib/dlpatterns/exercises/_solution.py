"""The folded solution of a task: explanation, the reference's own code, why it
matters.
"""

import ast
import inspect
import sys
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import escape
from types import ModuleType

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from ._result import inline

PLAIN = {"numpy"}  # every lecture imports it


@dataclass(frozen=True, repr=False)
class Solution:
    """A solution as text, as Markdown and as HTML, each with the same words."""

    number: str
    explanation: str
    code: str
    why: str

    def __repr__(self) -> str:
        parts = [f"Solution of {self.number}.", self.explanation, self.code, self.why]
        return "\n\n".join(part for part in parts if part)

    def _repr_markdown_(self) -> str:
        code = f"```python\n{self.code}\n```" if self.code else ""
        parts = [self._summary(), self.explanation, code, self._why("*", "*")]
        return "\n\n".join(part for part in [*parts, "</details>"] if part)

    def _repr_html_(self) -> str:
        told = "".join(f"<p>{inline(p)}</p>" for p in self.explanation.split("\n\n"))
        code = highlight(self.code, PythonLexer(), HtmlFormatter()) if self.code else ""
        why = f"<p>{self._why('<em>', '</em>', inline)}</p>" if self.why else ""
        return f"{self._summary()}{told}{code}{why}</details>"

    def _summary(self) -> str:
        return (
            '<details class="dlp-solution">'
            f"<summary>Solution of {escape(self.number)}</summary>"
        )

    def _why(self, start: str, end: str, shown: Callable[[str], str] = str) -> str:
        return f"{start}Why it matters:{end} {shown(self.why)}" if self.why else ""


def code_of(function: Callable) -> str:
    """Return the source of a function and of what it uses of its own module, ready to
    run where NumPy is `np`.
    """
    module = sys.modules[function.__module__]
    parts = list(_needed(function, module, {}).values())
    return "\n\n\n".join([*_imports(parts, module), *parts])


def _needed(function: Callable, module: ModuleType, found: dict) -> dict[str, str]:
    """Return the sources of the functions of a module that one of them needs, in order
    of use, itself at the end.
    """
    source = textwrap.dedent(inspect.getsource(function)).strip()
    for name in _names(source):
        used = getattr(module, name, None)
        own = inspect.isfunction(used) and used.__module__ == module.__name__
        if own and used is not function and name not in found:
            _needed(used, module, found)
    found[function.__name__] = source
    return found


def _names(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Name):
            yield node.id


def _imports(parts: list[str], module: ModuleType) -> list[str]:
    """Return the imports of the module that the parts need, in one block."""
    used = {name for part in parts for name in _names(part)}
    lines = []
    for node in ast.parse(inspect.getsource(module)).body:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            node.names = [n for n in node.names if (n.asname or n.name) in used]
            plain = isinstance(node, ast.Import) and node.names[:1]
            if node.names and not (plain and node.names[0].name in PLAIN):
                lines.append(ast.unparse(node))
    return ["\n".join(lines)] if lines else []
