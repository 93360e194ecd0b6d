"""Tallies: what a program multiplies, adds, compares, looks up, reads and writes while
it runs.

Give a kernel traced arrays instead of plain ones, inside a `tally`, and read afterwards
what it did:

>>> import numpy as np
>>> from dlpatterns.kernels.linear import linear
>>> with tally() as t:
...     y = linear(trace(np.ones((1, 3)), "x"), trace(np.ones((2, 3)), "weight"))
>>> t.macs, t.read["weight"], t.written["new"]
(6, 24, 8)
>>> plain(y)
array([[3., 3.]])

A traced array holds `Value`s, which tally every operation they take part in; the array
tallies every element that is read from it or written to it. A program without arrays
wraps its numbers or symbols with `Value` and its tables with `Table`. What has no tally
raises TypeError: nothing is done in silence.

* A **MAC** is a product added to (or subtracted from) a running sum: a zero, or what
  another addition gave. So a b + c d, and a product to which a value from memory is
  added, are plain multiplications and additions, as in `costs`.
* **Levels.** `read` and `written` count bytes by the name of the array; "new" are the
  arrays that the program itself makes, "register" the operands and results of all
  operations, "untraced" plain arrays that meet traced ones.
* Indices and loop counters are not counted, nor is a view; a copy is (reshape where it
  must, pad, fancy indexing).
* `np.asarray` strips the tracing of reads and writes, not of operations; kernels pass
  `subok=True` where they must.
"""

from ._arrays import Traced, plain, tally, trace
from ._tally import Tally
from ._values import Table, Value

__all__ = ["Table", "Tally", "Traced", "Value", "plain", "tally", "trace"]
