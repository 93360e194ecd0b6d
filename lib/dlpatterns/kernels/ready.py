"""A convolution made ready: filters laid out and buffers allocated once, then only the
maps change.

This is what an inference library does when it loads a model; the plain functions do it
anew at every call.
"""

import numpy as np

from ._windows import Pair, pair, sides
from .blocked import Columns, conv2d_blocked, conv2d_depthwise, conv2d_pointwise
from .convolution import _plan
from .winograd import Buffers, conv2d_winograd, winograd_filters

# input channels below which Winograd's transforms cost more than the products they save
FEW = 16
TINY, SMALL = (
    7,
    16,
    # output rows up to which Winograd does not pay, and up to which tiles of 2 x 2
    # leave less unused
)


def rung(x: tuple[int, ...], weight: tuple[int, ...], **geometry: Pair | str) -> str:
    """Name the rung that is fastest for these shapes: "pointwise", "depthwise",
    "winograd" or "blocked".

    >>> maps, filters = (1, 64, 56, 56), (64, 64, 3, 3)
    >>> rung(maps, filters, padding=1), rung(maps, filters, stride=2)
    ('winograd', 'blocked')
    """
    around = sides(
        geometry.get("padding", 0), x[2:], weight[2:], stride=geometry.get("stride", 1)
    )
    if geometry.get("groups", 1) == x[1] == weight[0] > 1:
        return "depthwise"
    if weight[2:] == (1, 1) and around == ((0, 0), (0, 0)):
        return "pointwise"
    plain = {pair(geometry.get(name, 1)) for name in ("stride", "dilation")} == {(1, 1)}
    large = min(n + sum(side) - 2 for n, side in zip(x[2:], around, strict=True)) > TINY
    return (
        "winograd"
        if weight[2:] == (3, 3) and plain and large and weight[1] >= FEW
        else "blocked"
    )


class Ready:
    """Filters that wait for maps: `Ready(weight, padding=1)(x)` is a convolution by the
    fastest rung.

    The buffers are kept from call to call, so one `Ready` serves one thread.
    """

    def __init__(
        self, weight: np.ndarray, bias: np.ndarray | None = None, **geometry: Pair | str
    ) -> None:
        self.weight, self.bias, self.geometry = (
            np.ascontiguousarray(weight),
            bias,
            geometry,
        )
        self.rung, self._filters, self._work, self._shape = "", None, None, None

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Convolve the maps. Shapes: N C H W -> N M P Q."""
        if self._shape != (x.shape, x.dtype):
            self._prepare(x)
        if self.rung == "winograd":
            padding = self.geometry.get("padding", 0)
            return conv2d_winograd(
                x, self._filters, self.bias, padding=padding, work=self._work
            )
        if self.rung == "pointwise":
            options = {
                key: value
                for key, value in self.geometry.items()
                if key in ("stride", "groups")
            }
            return conv2d_pointwise(x, self.weight, self.bias, **options)
        if self.rung == "depthwise":
            options = {
                key: value for key, value in self.geometry.items() if key != "groups"
            }
            return conv2d_depthwise(x, self.weight, self.bias, **options)
        return conv2d_blocked(
            x, self.weight, self.bias, **self.geometry, work=self._work
        )

    def _prepare(self, x: np.ndarray) -> None:
        options = {
            "stride": 1,
            "padding": 0,
            "dilation": 1,
            "groups": 1,
        } | self.geometry
        plan = _plan(x, self.weight, self.bias, **options)
        self.rung = rung(x.shape, self.weight.shape, **self.geometry)
        if self.rung == "winograd":
            tile = 2 if min(plan.output[2:]) <= SMALL else 4
            self._filters = winograd_filters(self.weight, tile, groups=plan.groups)
            self._work = Buffers(
                self._filters, x, sides(options["padding"], x.shape[2:], 3)
            )
        elif self.rung == "blocked":
            self._work = Columns(x, self.weight, plan)
        self._shape = (x.shape, x.dtype)
