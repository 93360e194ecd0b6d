"""A convolution made ready: filters laid out and buffers allocated once, then only the
maps change.

This is what an inference library does when it loads a model; the plain functions do it
anew at every call.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from . import blocked, winograd
from ._door import door, require_array, require_kind
from ._plan import checked_geometry, plan
from ._windows import Pair, sides
from .blocked import Columns, conv2d_blocked, conv2d_depthwise, conv2d_pointwise
from .winograd import Buffers, conv2d_winograd, winograd_filters

# input channels below which Winograd's transforms cost more than the products they save
FEW = 16
TINY, SMALL = (
    7,
    16,
    # output rows up to which Winograd does not pay, and up to which tiles of 2 x 2
    # leave less unused
)


FLOATING = (np.float32, np.float64)  # formats in which a convolution is computed
Four = tuple[int, int, int, int]


@door()
def rung(x: Four, weight: Four, **geometry: Pair | str) -> str:
    """Name the rung that is fastest for these shapes: "pointwise", "depthwise",
    "winograd" or "blocked".

    >>> rung((1, 64, 56, 56), (64, 64, 3, 3), padding=1)
    'winograd'
    >>> rung((1, 64, 56, 56), (64, 64, 3, 3), stride=2)
    'blocked'
    """
    how = checked_geometry("rung", geometry)
    stride, dilation = how["stride"], how["dilation"]
    around = sides(how["padding"], x[2:], weight[2:], stride=stride, dilation=dilation)
    if how["groups"] == x[1] == weight[0] > 1:
        return "depthwise"
    if weight[2:] == (1, 1) and around == ((0, 0), (0, 0)):
        return "pointwise"
    plain = stride == dilation == (1, 1)
    large = min(n + sum(side) - 2 for n, side in zip(x[2:], around, strict=True)) > TINY
    return (
        "winograd"
        if weight[2:] == (3, 3) and plain and large and weight[1] >= FEW
        else "blocked"
    )


class Workspace:
    """Buffers that the layers of a network use one after another, in one thread: those
    of one shape share theirs, so that they stay in the cache.
    """

    def __init__(self) -> None:
        self._buffers: dict[tuple, Buffers | Columns] = {}

    def __len__(self) -> int:
        return len(self._buffers)

    def buffers(self, key: tuple, make: Callable[[], Buffers | Columns]) -> Any:
        """Return the buffers of that key, made when they are first asked for."""
        if key not in self._buffers:
            self._buffers[key] = make()
        return self._buffers[key]


class Ready:
    """Filters that wait for maps: `Ready(weight, padding=1)(x)` is a convolution by the
    fastest rung.

    The filters are copied: what happens to `weight` and `bias` afterwards does not
    matter. The buffers are kept from call to call, so one `Ready` serves one thread;
    layers that run one after another may share a `workspace`.
    """

    def __init__(
        self,
        weight: np.ndarray,
        bias: np.ndarray | None = None,
        *,
        workspace: Workspace | None = None,
        **geometry: Pair | str,
    ) -> None:
        self.weight = require_array("Ready: weight", weight, "M C R S").copy("C")
        self.bias = (
            None if bias is None else require_array("Ready: bias", bias, "M").copy()
        )
        self.geometry = checked_geometry("Ready", geometry)
        self.workspace = Workspace() if workspace is None else workspace
        require_kind("Ready: workspace", self.workspace, Workspace)
        self.rung, self._filters, self._work, self._shape = "", None, None, None

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Convolve the maps. Shapes: N C H W -> N M P Q."""
        x = require_array("Ready: x", x, "N C H W")
        if self._shape != (x.shape, x.dtype):
            self._prepare(x)
        out = self._run(x)
        half = np.result_type(x.dtype, self.weight.dtype) == np.float16
        return out.astype(np.float16) if half else out

    def _run(self, x: np.ndarray) -> np.ndarray:
        if self.rung == "winograd":
            padding = self.geometry["padding"]
            return conv2d_winograd(
                x, self._filters, self.bias, padding=padding, work=self._work
            )
        if self.rung == "pointwise":
            options = {key: self.geometry[key] for key in ("stride", "groups")}
            return conv2d_pointwise(x, self.weight, self.bias, **options)
        if self.rung == "depthwise":
            options = {k: v for k, v in self.geometry.items() if k != "groups"}
            return conv2d_depthwise(x, self.weight, self.bias, **options)
        return conv2d_blocked(
            x, self.weight, self.bias, **self.geometry, work=self._work
        )

    def _prepare(self, x: np.ndarray) -> None:
        how = plan("Ready", x, self.weight, self.bias, self.geometry)
        self.rung, self._work = self._fastest(x), None
        if self.rung == "winograd":
            tile = 2 if min(how.output[2:]) <= SMALL else 4
            self._filters = winograd_filters(self.weight, tile, groups=how.groups)
            self._work = self.workspace.buffers(
                winograd.made_for(self._filters, x, how.around),
                lambda: Buffers(self._filters, x, how.around),
            )
        elif self.rung == "blocked" and x.dtype == self.weight.dtype in FLOATING:
            self._work = self.workspace.buffers(
                blocked.made_for(x, self.weight, how),
                lambda: Columns(x, self.weight, how),
            )
        self._shape = (x.shape, x.dtype)

    def _fastest(self, x: np.ndarray) -> str:
        name = rung(
            x.shape if len(x) else (1, *x.shape[1:]), self.weight.shape, **self.geometry
        )
        whole = x.dtype.kind in "biu" and self.weight.dtype.kind in "biu"
        return "blocked" if whole and name == "winograd" else name
