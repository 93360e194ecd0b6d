"""Every rule of the house finds what breaks it, in small inputs made for the purpose,
and lets the rest pass.
"""

import sys
from types import ModuleType

import pytest
import rules_library
import rules_notebooks
import rules_tree
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

PLAN = {"layers": set(), "show": set(), "counting": {"layers"}, "exercises": None}
EXPLORER = {"text/html": '<div class="dlp-explore"></div>'}


def module_graph(**sources: str) -> dict[str, set[str]]:
    """Return the imports of a made-up library, from sources by room."""
    return {
        f"dlpatterns.{name}": rules_library.imported(f"dlpatterns.{name}", text)
        for name, text in sources.items()
    }


def code(source: str, count: int | None, *outputs: dict):
    """Return a code cell whose outputs hold the given data."""
    stored = [new_output("display_data", data=data) for data in outputs]
    return new_code_cell(source, execution_count=count, outputs=stored)


def book(*cells):
    return new_notebook(cells=list(cells))


# --- The library ----------------------------------------------------------------------


def test_arrows():
    rest = dict.fromkeys(("show", "exercises"), "")
    assert not rules_library.broken_arrows(
        module_graph(layers="", counting="from .layers import x", **rest), PLAN
    )
    wrong = rules_library.broken_arrows(
        module_graph(layers="from . import counting", counting="", **rest), PLAN
    )
    assert wrong == ["dlpatterns.layers imports counting, which its room may not"]
    anything = module_graph(
        layers="", counting="", show="", exercises="import dlpatterns.show"
    )
    assert not rules_library.broken_arrows(anything, PLAN)


def test_arrows_inside_a_function_count():
    graph = module_graph(
        layers="def f():\n    from .show import table",
        counting="",
        show="",
        exercises="",
    )
    assert rules_library.broken_arrows(graph, PLAN)


def test_rooms_and_map_agree():
    both = rules_library.broken_arrows(
        module_graph(attic="", layers="", counting="", exercises=""), PLAN
    )
    assert ["attic is not" in both[0], "a room show that" in both[1]] == [True, True]


def test_map_is_read():
    text = (
        "| room | duty | may import |\n|---|---|---|\n| `a` | x | |\n| `b` | `a` "
        "again | `a`, `c` |\n| `d` | y | *any* |\n"
    )
    assert rules_library.rooms_map(text) == {"a": set(), "b": {"a", "c"}, "d": None}


@pytest.mark.parametrize(
    "source",
    [
        "import matplotlib",
        "def f():\n    from matplotlib import pyplot",
        "__import__('matplotlib')",
        "import ipywidgets as w",
    ],
)
def test_fences(source):
    assert rules_library.broken_fences(module_graph(counting=source))
    assert not rules_library.broken_fences(
        module_graph(show="import matplotlib.pyplot", explore="import ipywidgets")
    )


def test_circles_of_modules_and_of_rooms():
    line = module_graph(a="from .b import x", b="from . import c", c="")
    assert not rules_library.circles(line)
    ring = module_graph(
        a="from .b import x", b="from . import c", c="import dlpatterns.a"
    )
    assert (
        "dlpatterns.a -> dlpatterns.b -> dlpatterns.c -> dlpatterns.a"
        in rules_library.circles(ring)
    )
    sources = {"dlpatterns.a.z": set(), "dlpatterns.b.y": set()}
    sources |= {
        "dlpatterns.a.x": {"dlpatterns.b.y"},
        "dlpatterns.b.w": {"dlpatterns.a.z"},
    }
    assert rules_library.circles(sources) == ["a -> b -> a"]


def test_undeclared_packages():
    graph = module_graph(
        a="import numpy, os\nfrom PIL import Image\ndef f():\n    import torch"
    )
    assert rules_library.undeclared(graph, ["numpy>=2", "pillow"]) == [
        "torch is imported and not required"
    ]


def test_undocumented(monkeypatch):
    module = ModuleType("made_up")
    monkeypatch.setitem(sys.modules, "made_up", module)
    exec(
        "from dataclasses import dataclass\n"
        "class A:\n    'A.'\n    def said(self): 'Say.'\n    def silent(self): pass\n "
        "   def _inner(self): pass\n"
        "class B(A):\n    def said(self): pass\n"
        "@dataclass\nclass C:\n    x: int\n"
        "def f(): pass\ndef g(): 'G.'\ndef _h(): pass\nNUMBER = 3",
        vars(module),
    )
    assert rules_library.undocumented(module) == ["the module", "C", "f", "A.silent"]


LONG = """def {}({a}, k: int = 2):
    'Doc.'
    {b} = [{a}[i] * k for i in range(len({a}))]
    if not {b}:
        raise ValueError({a})
    return sum({b}) / len({b})
"""


def test_repeated_functions():
    one, renamed = (
        LONG.format("f", a="x", b="y"),
        LONG.format("g", a="items", b="out").replace("'Doc.'", "'Other.'"),
    )
    assert rules_library.repeated({"m": one, "n": renamed}) == [
        "n: g is the same function as m: f"
    ]
    assert not rules_library.repeated({"m": one, "n": renamed.replace("sum", "max")})


def test_shadowed_functions():
    public = {"conv2d": "dlpatterns.kernels"}
    assert rules_library.shadowed("def conv2d(x):\n    'Doc.'\n    return x", public)
    assert not rules_library.shadowed("def conv2d(x):\n    'An exercise.'", public)


# --- Lectures -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "problem"),
    [
        ([code("x = 1", 2)], "executed as number 2"),
        ([code("x = 1", None)], "executed as number None"),
        ([code("x = 1", 1), code("x", 2)], "no output stored"),
        ([code("show.say('x')\ny = 2", 1)], "no output stored"),
        ([code("explore(draw, n=[1, 2])", 1)], "no output stored"),
        ([code("", 1)], "empty"),
    ],
)
def test_not_executed(cells, problem):
    assert problem in " ".join(rules_notebooks.not_executed(book(*cells)))


def test_executed():
    assert not rules_notebooks.not_executed(
        book(
            code("x = 1", 1), new_markdown_cell("."), code("x", 2, {"text/plain": "1"})
        )
    )


def test_stored_error():
    failed = new_code_cell(
        "1 / 0",
        execution_count=1,
        outputs=[new_output("error", ename="E", evalue="", traceback=[])],
    )
    assert rules_notebooks.not_executed(book(failed)) == ["code cell 1 stored an error"]


def test_empty_cells():
    assert not rules_notebooks.empty_cells(book(code("x = 1", 1)))
    assert rules_notebooks.empty_cells(book(code("x = 1", 1), code(" \n", 2))) == [
        "cell 2 is empty"
    ]


def test_long_cells():
    assert not rules_notebooks.long_cells(
        book(code("import a\n" * 6 + "\n" + "x = 1\n" * 8, 1))
    )
    assert not rules_notebooks.long_cells(
        book(code("import a", 1), code('x = """\nfrom here\n"""', 2))
    )
    assert "16 lines" in rules_notebooks.long_cells(book(code("x = 1\n" * 16, 1)))[0]
    assert (
        "7 lines of imports"
        in rules_notebooks.long_cells(book(code("import a\n" * 7, 1)))[0]
    )
    assert (
        "the first code cell"
        in rules_notebooks.long_cells(book(code("x = 1", 1), code("import a", 2)))[0]
    )


def test_missing_parts():
    sections = "\n".join(f"## {name}" for name in rules_notebooks.SECTIONS)
    cells = [
        new_markdown_cell("# Title"),
        new_markdown_cell(f"{sections}\nAgainst the world"),
    ]
    assert not rules_notebooks.missing_parts(
        book(*cells, code("explore(f)", 1, EXPLORER))
    )
    assert rules_notebooks.missing_parts(book(*cells)) == ["no explorer"]
    assert (
        len(rules_notebooks.missing_parts(book(code("x = 1", 1))))
        == len(rules_notebooks.SECTIONS) + 3
    )


def test_forbidden_tags_and_ignored_outputs():
    tagged = code("x", 1)
    tagged.metadata["tags"] = ["raises-exception", "nbval-ignore-output"]
    assert rules_notebooks.forbidden_tags(book(tagged)) == [
        "code cell 1 is tagged raises-exception"
    ]
    assert (
        rules_notebooks.not_compared(
            book(tagged, code("# NBVAL_IGNORE_OUTPUT\nx", 2), code("x", 3))
        )
        == 2
    )


GOOD = "five words are just enough"


@pytest.mark.parametrize(
    ("cell", "problems"),
    [
        (code("f()", 1, {"image/png": "abc", "text/plain": "<Figure>"}), 1),
        (code("f()", 1, {"text/html": "<p><img src='x'></p>"}), 1),
        (code("f()", 1, {"text/html": "<img src='x' alt='A plot.'>"}), 1),
        (code("f()", 1, {"text/html": f"<img src='x' alt='{GOOD}'>"}), 0),
        (new_markdown_cell("![a plot](x.png)"), 1),
        (new_markdown_cell(f"![{GOOD}](x.png) <img src='y'>"), 1),
    ],
)
def test_missing_alt(cell, problems):
    assert len(rules_notebooks.missing_alt(book(cell))) == problems


def test_missing_alt_in_a_frame_of_an_explorer():
    frames = (
        '[{"svg": "0-3", "alt": "short"}, {"svg": "", "alt": ""}, {"svg": "1 2", '
        '"alt": "five words are just enough"}]'
    )
    html = (
        f'<script type="application/json">{{"frames": {frames}, "pieces": []}}</script>'
    )
    assert rules_notebooks.missing_alt(
        book(code("explore(f)", 1, {"text/html": html}))
    ) == ["cell 1: a picture says only 'short'"]


def test_citations():
    assert rules_notebooks.bib_problems(
        "@misc{a,\n}\n@book{b,\n}\n@misc{b,\n}", {"a", "c"}
    ) == [
        "c is cited and not in references.bib",
        "b is in references.bib twice",
    ]


# --- The tree -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "open('/" + "home/ann/data.csv')",
        '"/' + 'tmp/x"',
        r"C:" + r"\Users\ann",
        "pip install --index-" + "url x",
        "https://py" + "pi.org/x",
        "10 GFLOP" + "S",
    ],
)
def test_foreign(text):
    assert rules_tree.foreign(f"fine\n{text}")[0].startswith("line 2 has ")


def test_not_foreign():
    assert not rules_tree.foreign(
        "#!/usr/bin/env python\nFLOPs, FLOP/s, lib/home/x, "
        "https://site.org/work/x, "
        "_build/tmp/"
    )


def test_made_up_addresses():
    text = "see https://github.com/nobody/nothing"
    assert rules_tree.made_up("intro.md", text, "") == [
        "intro.md has the address of a repository, nobody/nothing"
    ]
    assert not rules_tree.made_up("intro.md", text, "https://github.com/nobody/nothing")
    assert not rules_tree.made_up("references.bib", text, "")


def test_long_files():
    assert rules_tree.too_long("a.py", "x\n" * 501) and not rules_tree.too_long(
        "a.py", "x\n" * 500
    )
    assert not rules_tree.too_long("a.csv", "x\n" * 501)


def test_contents():
    toc = (
        "root: intro\nparts:\n- chapters:\n  - file: chapters/a\n  - file: "
        "chapters/a\n  - file: chapters/b\n"
    )
    assert rules_tree.toc_pages(toc) == [
        "intro",
        "chapters/a",
        "chapters/a",
        "chapters/b",
    ]
    assert rules_tree.toc_problems(
        toc, ["intro.md", "chapters/a.ipynb", "chapters/c.ipynb"]
    ) == [
        "_toc.yml names chapters/b, which does not exist",
        "chapters/c has no place in _toc.yml",
        "_toc.yml names chapters/a twice",
    ]


def test_pins():
    assert not rules_tree.pin_problems(
        "numpy==2.4.6\n.", "-r requirements.txt\npytest==9.2.0", ["numpy>=2,<3"]
    )
    problems = rules_tree.pin_problems(
        "numpy>=2\nscipy==1.0", "scipy==1.0", ["numpy>=2", "scipy>=1.5", "tqdm"]
    )
    assert [problem.split()[0] for problem in problems] == ["numpy", "scipy"] + [
        "pyproject.toml"
    ] * 3
