"""Read a formula written as text, with the usual operators, a few functions and given
names, and nothing else.
"""

import ast
import inspect
import math
import operator
import unicodedata
from collections.abc import Callable, Mapping

MOST_BITS = 14_000  # of a power of whole numbers; Python prints no more digits


def power(base: float, exponent: float) -> float:
    """Return the power, unless it is a whole number that fills the memory.

    Raises: OverflowError, as for a float that is too large.
    """
    whole = isinstance(base, int) and isinstance(exponent, int)
    if whole and abs(base) > 1 and base.bit_length() * exponent > MOST_BITS:
        raise OverflowError("this power is too large")
    return operator.pow(base, exponent)


OPERATORS: dict[type, Callable] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod, ast.Pow: power,
    ast.USub: operator.neg, ast.UAdd: operator.pos,
}  # fmt: skip
FUNCTIONS: dict[str, Callable] = {
    "max": max, "min": min, "abs": abs, "ceil": math.ceil, "floor": math.floor,
    "sqrt": math.sqrt,
    "log2": math.log2, "log": math.log, "exp": math.exp,
}  # fmt: skip
SYNTAX = (
    ast.BinOp, ast.UnaryOp, ast.Compare, ast.Call, ast.Name, ast.Load, ast.Constant,
    ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow,
    ast.BitXor, ast.BitAnd, ast.BitOr, ast.USub, ast.UAdd, ast.Invert,
    ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE,
)  # fmt: skip
NO_FORMULA = (
    "this is no formula: write products with *, powers with **, and close all brackets"
)
POWERS = str.maketrans({"²": "**2", "³": "**3"})
SIGNS = str.maketrans(
    dict.fromkeys("×⋅·∙•✕∗", "*")
    | dict.fromkeys("−–—‐‑‒", "-")
    | dict.fromkeys("÷∕⁄", "/")
    | {"、": ",", "【": "(", "】": ")", "〔": "(", "〕": ")"}
)


def tidied(text: str) -> str:
    """Return a text with the signs that Python knows, however a keyboard wrote them.

    >>> tidied("（Ｈ ＋ ２·P – 1）／ S²")
    '(H + 2*P - 1)/ S**2'
    """
    plain = unicodedata.normalize("NFKC", text.translate(POWERS))
    return plain.translate(SIGNS).strip()


def read(text: str, names: tuple[str, ...]) -> Callable:
    """Return the formula as a function of the names.

    >>> read("(H + 2×P - R) // S + 1", ("H", "P", "R", "S"))(H=224, P=3, R=7, S=2)
    112

    Raises: ValueError that says what cannot be read and which names may be used.
    """
    try:
        tree = ast.parse(tidied(text), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise ValueError(NO_FORMULA) from None
    if not all(map(_is_arithmetic, ast.walk(tree))):
        raise ValueError(NO_FORMULA)
    _must_be_plain(tree, names)

    def formula(*args: object, **values: object) -> object:
        return _value(tree, signature.bind(*args, **values).arguments)

    signature = inspect.Signature(
        [
            inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD)
            for name in names
        ]
    )
    formula.__signature__, formula.__name__ = signature, "<formula>"
    return formula


def _is_arithmetic(node: ast.AST) -> bool:
    """Return whether a page reads this part of a formula too: signs, numbers, names
    and calls, not Python's words and brackets.
    """
    if isinstance(node, ast.Constant):
        return type(node.value) in (int, float, str, bool, type(None))
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and not node.keywords
    return isinstance(node, SYNTAX)


def _must_be_plain(tree: ast.AST, names: tuple[str, ...]) -> None:
    """Raise ValueError unless the formula consists of numbers, names, operators and
    known functions.
    """
    if isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.BitXor):
        raise ValueError("^ is no power in Python: write **")
    if isinstance(tree, ast.Name) and tree.id not in names:
        raise ValueError(f"the name {tree.id[:40]} is unknown; use {', '.join(names)}")
    if not _is_plain(tree):
        raise ValueError(
            f"only numbers, {', '.join(names)}, + - * / // % ** and "
            f"{', '.join(FUNCTIONS)} may be used"
        )
    for part in _parts(tree):
        _must_be_plain(part, names)


def _is_plain(tree: ast.AST) -> bool:
    if isinstance(tree, ast.Call):
        return (
            isinstance(tree.func, ast.Name)
            and tree.func.id in FUNCTIONS
            and not tree.keywords
        )
    if isinstance(tree, (ast.BinOp, ast.UnaryOp)):
        return type(tree.op) in OPERATORS
    return isinstance(tree, ast.Name) or (
        isinstance(tree, ast.Constant) and type(tree.value) in (int, float)
    )


def _parts(tree: ast.AST) -> list[ast.AST]:
    if isinstance(tree, ast.BinOp):
        return [tree.left, tree.right]
    if isinstance(tree, ast.UnaryOp):
        return [tree.operand]
    return tree.args if isinstance(tree, ast.Call) else []


def _value(tree: ast.AST, values: Mapping[str, object]) -> object:
    if isinstance(tree, ast.Name):
        return values[tree.id]
    if isinstance(tree, ast.Constant):
        return tree.value
    parts = [_value(part, values) for part in _parts(tree)]
    return (
        FUNCTIONS[tree.func.id](*parts)
        if isinstance(tree, ast.Call)
        else OPERATORS[type(tree.op)](*parts)
    )
