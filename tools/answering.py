"""Run the cells of a submission in a process of their own, and tell what the answer is:
a value, or for a function what it returns for each call. `judging` starts this file.

Nothing here decides anything. Requests come pickled from the judge; replies are lines
of plain data, for a student may write them: reading one never runs code.
"""

import base64
import contextlib
import json
import os
import pickle
import sys
from decimal import Decimal
from fractions import Fraction
from typing import BinaryIO

import numpy as np

BYTES = 4 * 2**30  # of address space, for all that a student makes
GROUPS = {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset}
NUMBERS = "biufc"  # the kinds of dtypes that are passed on


def encode(value: object) -> list:
    """Return a value as plain lists and texts.

    >>> encode((3, 0.5))
    ['tuple', [['int', '0x3'], ['float', '0x1.0000000000000p-1']]]

    Raises: TypeError for what is no value that a task asks for.
    """
    if value is ...:
        return ["dots"]
    if value is None or isinstance(value, (bool, str)):
        return ["same", value if value is None or type(value) is bool else str(value)]
    if isinstance(value, (np.ndarray, np.generic)):
        return _encoded_array(np.asarray(value), isinstance(value, np.generic))
    if isinstance(value, int):
        return ["int", hex(int(value))]
    if isinstance(value, float):
        return ["float", float(value).hex()]
    if isinstance(value, complex):
        return ["complex", value.real.hex(), value.imag.hex()]
    if isinstance(value, (Fraction, Decimal)):
        return ["ratio", *map(hex, value.as_integer_ratio())]
    return _encoded_group(value)


def _encoded_array(array: np.ndarray, scalar: bool) -> list:
    if array.dtype.kind not in NUMBERS:
        raise TypeError(f"an array of {array.dtype} is no answer")
    data = base64.b64encode(array.tobytes()).decode()
    return ["scalar" if scalar else "array", array.dtype.str, list(array.shape), data]


def _encoded_group(value: object) -> list:
    if isinstance(value, dict):
        return ["dict", [[encode(key), encode(item)] for key, item in value.items()]]
    for name, kind in GROUPS.items():
        if isinstance(value, kind):
            return [name, [encode(item) for item in value]]
    raise TypeError(f"{type(value).__name__} is no kind of answer")


def decode(told: list) -> object:
    """Return the value that `encode` wrote.

    >>> decode(encode({"a": {1, 2}}))
    {'a': {1, 2}}
    """
    kind, *rest = told
    if kind == "dots":
        return ...
    if kind in ("array", "scalar"):
        return _decoded_array(kind, *rest)
    if kind == "dict":
        return {decode(key): decode(item) for key, item in rest[0]}
    if kind in GROUPS:
        return GROUPS[kind](decode(item) for item in rest[0])
    return _decoded_number(kind, rest)


def _decoded_array(kind: str, code: str, shape: list, data: str) -> object:
    dtype = np.dtype(str(code))
    if dtype.kind not in NUMBERS:
        raise ValueError(f"an array of {dtype} is no answer")
    array = np.frombuffer(base64.b64decode(data), dtype).reshape(shape).copy()
    return array[()] if kind == "scalar" else array


def _decoded_number(kind: str, rest: list) -> object:
    if kind == "same" and (rest[0] is None or isinstance(rest[0], (bool, str))):
        return rest[0]
    if kind == "int":
        return int(rest[0], 16)
    if kind == "float":
        return float.fromhex(rest[0])
    if kind == "complex":
        return complex(*map(float.fromhex, rest))
    if kind == "ratio":
        return Fraction(*(int(part, 16) for part in rest))
    raise ValueError(f"there is no kind of value {kind!r}")


def serve(inlet: BinaryIO, outlet: BinaryIO) -> None:
    """Run the cells, tell what the answer is, and call it as often as asked."""
    from dlpatterns.exercises._functions import attempt

    cells, expression = pickle.load(inlet)
    try:
        answer = _answer(cells, expression)
    except BaseException as error:  # whatever a student's cell leaves behind
        _reply(outlet, _failed(error))
        return
    if not callable(answer):
        _reply(outlet, _value(answer))
        return
    _reply(outlet, ["callable"])
    while True:
        outcome = attempt(answer, pickle.load(inlet), watched=True)
        failed = outcome.error is not None
        _reply(outlet, _failed(outcome.error) if failed else _value(outcome.value))


def _answer(cells: list[str], expression: str) -> object:
    """Run the cells as a notebook does, without the checks in them, and return what is
    to be judged.
    """
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    from dlpatterns import exercises

    exercises.check = exercises.require = exercises.solution = _silent
    quiet = Config(HistoryManager={"enabled": False})
    shell = InteractiveShell.instance(config=quiet)
    shell.enable_gui = _silent  # there is no window for %matplotlib
    results = [shell.run_cell(cell) for cell in cells]
    try:
        return eval(expression, shell.user_ns)
    except NameError as missing:  # the cell that should define it says why it did not
        last = results[-1]
        raise last.error_before_exec or last.error_in_exec or missing from None


def _silent(*_: object, **__: object) -> None:
    pass


def _value(answer: object) -> list:
    try:
        return ["value", encode(answer)]
    except Exception as error:  # a hostile object may raise anything
        return _failed(error)


def _failed(error: BaseException) -> list:
    names = [kind.__name__ for kind in type(error).__mro__]
    said = ""
    with contextlib.suppress(Exception):
        said = str(error)[:400]
    return ["error", names, said]


def _reply(outlet: BinaryIO, told: list) -> None:
    outlet.write(json.dumps(told).encode() + b"\n")
    outlet.flush()


def main() -> None:
    """Serve on standard input and output, which the cells do not see, in a copy of this
    process: whoever kills its parent kills this one, not the judge.
    """
    if os.fork():
        os.close(0)
        os.close(1)
        os.wait()
        return
    inlet, outlet = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(null, descriptor)
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource  # there is none on Windows

        resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    serve(inlet, outlet)


if __name__ == "__main__":
    sys.path.pop(0)  # this folder is the teacher's
    main()
