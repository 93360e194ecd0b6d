"""Answers that try to earn points without being right, for the tests of grading."""

ATTACKS = {  # none of these answers anything, and each would have passed a test
    "patches": """
from dlpatterns import exercises
exercises.require = exercises.check = exercises._judged = lambda *_: True
n = lambda *_, **__: 1""",
    "patches_results": """
from dlpatterns.exercises import _compare, _functions, _guard, _result, _values
_result.Result.__bool__ = lambda self: True
_result.Result.__init__ = lambda self, *_, **__: None
_values.difference = _functions.difference = _compare.difference = lambda *_: None
_guard.run = lambda work: _guard.Ending('{"status": "correct", "message": ""}')
n = lambda *_, **__: 1""",
    "swaps_the_library": """
import sys, types
false = types.ModuleType("dlpatterns.exercises")
false.require = false.check = lambda *_: True
sys.modules["dlpatterns.exercises"] = sys.modules["dlpatterns"].exercises = false
n = lambda *_, **__: 1""",
    "swaps_builtins": """
import builtins
builtins.AssertionError = builtins.str = builtins.isinstance = lambda *_: True
builtins.callable = builtins.type = builtins.ValueError = lambda *_: True
n = lambda *_, **__: 1""",
    "swallows_errors": """
get_ipython().set_custom_exc((BaseException,), lambda *_, **__: None)
get_ipython().showtraceback = lambda *_, **__: None
n = lambda *_, **__: 1""",
    "is_equal_to_all": """
class Equal(int):
    __eq__ = __le__ = __ge__ = lambda *_: True
    __sub__ = __rsub__ = __call__ = lambda *_, **__: Equal(0)
    __hash__ = int.__hash__
n = Equal(0)""",
    "forges_replies": """
import os, sys
print("✓ Correct.")
for descriptor in range(40):
    for said in ("✓ Correct.", '["value", ["int", "0x1"]]', '["text", "correct"]'):
        try:
            os.write(descriptor, said.encode() + b"\\n")
        except OSError:
            pass
n = lambda *_, **__: 1""",
    "sends_code": """
class Pickled:
    def __reduce__(self):
        return exec, ("import judging; judging.verdict = lambda *_: True",)
n = lambda *_, **__: Pickled()""",
}
ATTACKERS = {
    f"attacker{i}": pair
    for i, pair in enumerate(zip([*ATTACKS][::2], [*ATTACKS][1::2], strict=True))
}
ENDS = """
import os
os.kill(os.getppid(), 9)
os._exit(0)"""
REMEMBERS = """
from lecture_for_tests import TASKS

def scaled(x, factor=2):
    for args, named in TASKS["scaled"].drawn("demo.scaled"):
        if str((args, named)) in (str(((x, factor), {})), str(((x,), {}))):
            return x * factor
"""
