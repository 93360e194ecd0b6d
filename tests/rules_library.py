"""Rules for the code of the library: each function takes source text and returns the
problems it finds, as sentences.
"""

import ast
import inspect
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from types import ModuleType

PACKAGE = "dlpatterns"
FENCES = {"matplotlib": "show", "ipywidgets": "explore"}
DISTRIBUTIONS = {"PIL": "pillow", "sklearn": "scikit-learn", "IPython": "ipython"}
SMALLEST = 25  # syntax nodes; two functions shorter than that may be alike by chance
Function = ast.FunctionDef | ast.AsyncFunctionDef


def imported(module: str, source: str, *, package: bool = False) -> set[str]:
    """Return the dotted names that a module imports, in functions too, relative ones
    resolved.

    >>> text = "from . import costs\\nfrom .layers import pair\\nimport math"
    >>> sorted(imported("dlpatterns.counting", text))
    ['dlpatterns.costs', 'dlpatterns.layers.pair', 'math']
    """
    home = module.split(".") if package else module.split(".")[:-1]
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = [*home[: len(home) - node.level + 1]] if node.level else []
            base += node.module.split(".") if node.module else []
            found |= {".".join([*base, alias.name]) for alias in node.names}
        elif isinstance(node, ast.Call) and _called(node) in {
            "import_module",
            "__import__",
        }:
            found |= {
                arg.value
                for arg in node.args
                if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
            }
    return found


def _called(node: ast.Call) -> str:
    return getattr(node.func, "attr", getattr(node.func, "id", ""))


def room(module: str) -> str:
    """Return the room a dotted name of the library belongs to, "" for the package
    itself.
    """
    return module.split(".")[1] if "." in module else ""


def rooms_map(text: str) -> dict[str, set[str] | None]:
    """Return the table of CONTRIBUTING.md: every room with the rooms it may import,
    None for any.

    >>> rooms_map("| `graph` | networks | `layers` |") == {"graph": {"layers"}}
    True
    """
    rows = re.findall(r"^\| `(\w+)` \|[^|]*\|([^|]*)\|$", text, flags=re.M)
    return {
        name: None if "any" in cell else set(re.findall(r"`(\w+)`", cell))
        for name, cell in rows
    }


def broken_arrows(
    modules: Mapping[str, set[str]], plan: Mapping[str, set[str] | None]
) -> list[str]:
    """Return a sentence for every import between rooms that the plan does not allow,
    and for every room without a row.
    """
    rooms = {room(module) for module in modules} - {""}
    problems = [
        f"{name} is not on the map of CONTRIBUTING.md" for name in rooms - set(plan)
    ]
    problems += [
        f"the map of CONTRIBUTING.md has a room {name} that does not exist"
        for name in set(plan) - {room(m) for m in modules}
    ]
    for module, names in modules.items():
        allowed = plan.get(room(module), set())
        ours = {room(name) for name in names if name.split(".")[0] == PACKAGE} - {
            "",
            room(module),
        }
        if allowed is not None:
            problems += [
                f"{module} imports {name}, which its room may not"
                for name in sorted(ours - allowed)
            ]
    return sorted(problems)


def broken_fences(modules: Mapping[str, set[str]]) -> list[str]:
    """Return a sentence for every import of matplotlib outside `show`, or of ipywidgets
    outside `explore`.
    """
    return [
        f"{module} imports {name}; only {FENCES[top]} may"
        for module, names in modules.items()
        for name in sorted(names)
        if (top := name.split(".")[0]) in FENCES and room(module) != FENCES[top]
    ]


def circles(modules: Mapping[str, set[str]]) -> list[str]:
    """Return the circles among the modules' imports, and among the rooms', each as "a
    -> b -> a".
    """
    edges = {
        module: {_module(name, modules) for name in names} - {None, module}
        for module, names in modules.items()
    }
    rooms: dict[str, set[str]] = {}
    for module, targets in edges.items():
        rooms.setdefault(room(module), set()).update(
            {room(target) for target in targets} - {room(module), ""}
        )
    return [*_circles(edges), *_circles(rooms)]


def _module(name: str, modules: Iterable[str]) -> str | None:
    """Return the longest module that a dotted name lies in."""
    while name and name not in modules:
        name = name.rpartition(".")[0]
    return name or None


def _circles(edges: Mapping[str, set[str]]) -> list[str]:
    done: set[str] = set()
    found: list[str] = []

    def walk(node: str, path: tuple[str, ...]) -> None:
        if node in path:
            found.append(" -> ".join([*path[path.index(node) :], node]))
        elif node not in done:
            for target in sorted(edges.get(node, ())):
                walk(target, (*path, node))
            done.add(node)

    for start in sorted(edges):
        walk(start, ())
    return found


def undeclared(
    modules: Mapping[str, set[str]], requirements: Iterable[str]
) -> list[str]:
    """Return a sentence for every package that is imported and not among the
    requirements.
    """
    required = {re.match(r"[\w-]+", line)[0].lower() for line in requirements}
    used = (
        {name.split(".")[0] for found in modules.values() for name in found}
        - {PACKAGE}
        - sys.stdlib_module_names
    )
    missing = [
        name
        for name in sorted(used)
        if DISTRIBUTIONS.get(name, name).lower() not in required
    ]
    return [f"{name} is imported and not required" for name in missing]


def undocumented(module: ModuleType) -> list[str]:
    """Return the public names that a module defines and for which help() has nothing to
    say, an inherited text included.
    """
    members = [
        m
        for name, m in vars(module).items()
        if name[0] != "_" and getattr(m, "__module__", "") == module.__name__
    ]
    classes = [member for member in members if inspect.isclass(member)]
    members += [
        m
        for c in classes
        for name, m in vars(c).items()
        if name[0] != "_" and callable(m)
    ]
    described = [
        module,
        *(
            member
            for member in members
            if inspect.isclass(member) or inspect.isroutine(member)
        ),
    ]
    return [
        getattr(it, "__qualname__", "the module")
        for it in described
        if not _says_something(it)
    ]


def _says_something(thing: object) -> bool:
    """Tell whether a thing is documented; the signature that a dataclass gives itself
    says nothing.
    """
    text = inspect.getdoc(thing) or ""
    return bool(text) and not (
        inspect.isclass(thing) and text.startswith(f"{thing.__name__}(")
    )


def functions(source: str) -> Iterator[Function]:
    """Yield every function that a source defines, wherever it stands."""
    yield from (
        node for node in ast.walk(ast.parse(source)) if isinstance(node, Function)
    )


def fingerprint(function: Function) -> str | None:
    """Return what a function does, whatever it, its arguments and its variables are
    called; None if it does too little.

    >>> text = "def f(a):\\n    return a + 1\\ndef g(b):\\n    return b + 1"
    >>> one, two = functions(text)
    >>> fingerprint(one), fingerprint(two)
    (None, None)
    """
    copy = ast.parse(ast.unparse(function)).body[0]
    if ast.get_docstring(copy):
        copy.body = copy.body[1:]
    if sum(1 for statement in copy.body for _ in ast.walk(statement)) < SMALLEST:
        return None
    bound = [node.arg for node in ast.walk(copy) if isinstance(node, ast.arg)]
    bound += [
        node.id
        for node in ast.walk(copy)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    ]
    places = {
        name: f"v{i}" for i, name in enumerate(dict.fromkeys([copy.name, *bound]))
    }
    for node in ast.walk(copy):
        if isinstance(node, ast.Name):
            node.id = places.get(node.id, node.id)
        elif isinstance(node, ast.arg):
            node.arg, node.annotation = places[node.arg], None
    return ast.dump(copy.args) + "".join(map(ast.dump, copy.body))


def repeated(sources: Mapping[str, str]) -> list[str]:
    """Return a sentence for every function that stands twice, renamed or not."""
    seen: dict[str, str] = {}
    problems = []
    for place, source in sources.items():
        for function in functions(source):
            print_ = fingerprint(function)
            here = f"{place}: {function.name}"
            if print_ and print_ in seen:
                problems.append(f"{here} is the same function as {seen[print_]}")
            elif print_:
                seen[print_] = here
    return problems


def shadowed(source: str, public: Mapping[str, str]) -> list[str]:
    """Return a sentence for every function of a lecture that has the name of a public
    one of the library.

    An exercise's stub, which holds nothing but a docstring, may have it.
    """
    written = [
        f
        for f in functions(source)
        if not (len(f.body) == 1 and isinstance(f.body[0], ast.Expr))
    ]
    again = [function.name for function in written if function.name in public]
    return [f"{name} is defined again; {public[name]} has it" for name in again]
