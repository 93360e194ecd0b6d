"""Every public function refuses what makes no sense in words of its own."""

import traceback
from pathlib import Path

import bad_calls
import numpy as np
import pytest

import dlpatterns

LIBRARY = Path(dlpatterns.__file__).parent
CASES = list(bad_calls.cases())


def answered(function, given):
    """Call the function; what another call would fill is made anew."""
    made = {
        key: value() if value is bad_calls.cache else value
        for key, value in given.items()
    }
    with np.errstate(all="ignore"):
        return function(**made)


def problem(case):
    """Return what is wrong with how a wrong call ends, or None."""
    shown = f"{case.name}({case.parameter}={case.bad!r:.60})"
    try:
        answer = answered(case.function, case.given | {case.parameter: case.bad})
    except (ValueError, TypeError) as error:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        if LIBRARY not in Path(frame.filename).parents:
            return f"{shown} leaks {type(error).__name__}: {error!s:.90}"
        if "raise" not in (frame.line or "raise"):
            return f"{shown} leaves it to Python: {error!s:.90} ({frame.line})"
    except Exception as error:
        return f"{shown} ends in {type(error).__name__}: {error!s:.90}"
    else:
        if not case.may_answer:
            return f"{shown} is answered: {answer!r:.60}"
        finite = isinstance(case.bad, np.ndarray) and np.isfinite(case.bad).all()
        if finite and not all(np.isfinite(part).all() for part in arrays(answer)):
            return f"{shown} makes NaN or infinity of finite numbers"
    return None


def arrays(answer):
    if isinstance(answer, np.ndarray):
        yield answer
    elif isinstance(answer, tuple):
        for part in answer:
            yield from arrays(part)


def test_every_public_function_is_called_here():
    missing = [
        name
        for name, function in bad_calls.functions().items()
        if not bad_calls.exempt(name, function) and name not in bad_calls.CALLS
    ]
    assert not missing
    assert len(CASES) > 1000


@pytest.mark.parametrize("name", bad_calls.CALLS)
def test_the_right_call_is_answered(name):
    function, given = bad_calls.functions()[name], bad_calls.CALLS[name]
    assert answered(function, given) is not None


@pytest.mark.parametrize("name", sorted({case.name for case in CASES}))
def test_wrong_calls_are_refused_in_words_of_our_own(name):
    problems = [problem(case) for case in CASES if case.name == name]
    assert not [each for each in problems if each]
