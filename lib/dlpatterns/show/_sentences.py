"""Sentences with computed numbers, and the library's own code, as Markdown."""

import ast
import inspect
import textwrap

import numpy as np
from IPython.display import Markdown, display


def say(markdown: str, *, holds: bool = True) -> None:
    """Show a sentence with computed numbers as Markdown, unless its condition fails.

    A sentence that judges (more, best, every, only, agrees) passes as `holds` the
    condition under which it is true. Raises: ValueError that quotes the sentence, if
    the condition is false; TypeError if it is no truth value.
    """
    text = textwrap.dedent(markdown).strip()
    if not isinstance(holds, bool | np.bool_):
        raise TypeError(f"holds must be True or False, got {holds!r}")
    if not holds:
        raise ValueError(f"the numbers no longer bear this sentence out: {text}")
    display(Markdown(text))


def source(thing: object, *, doc: bool = True) -> None:
    """Show the code of a function or class of the library; `doc=False` leaves out its
    docstring.
    """
    code = textwrap.dedent(inspect.getsource(thing)).rstrip()
    definition = ast.parse(code).body[0]
    if not doc and ast.get_docstring(definition) is not None:
        lines, text = code.splitlines(), definition.body[0]
        code = "\n".join(lines[: text.lineno - 1] + lines[text.end_lineno :])
    say(f"```python\n{code}\n```")
