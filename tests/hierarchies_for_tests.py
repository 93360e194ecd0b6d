"""Random works and mappings for the tests of memory hierarchies."""

import numpy as np
from hypothesis import strategies as st

from dlpatterns.hardware.hierarchy import Level, Mapping
from dlpatterns.hardware.work import Work, convolution, matmul
from dlpatterns.kernels import convolution as kernels


@st.composite
def works(draw):
    """Draw a small product or convolution, its operands, and its result, flat."""
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    if draw(st.booleans()):
        m, n, k = (draw(st.integers(1, 6)) for _ in range(3))
        a, b = rng.integers(-9, 9, (m, k)), rng.integers(-9, 9, (k, n))
        return matmul(m, n, k), {"a": a, "b": b}, (a @ b).reshape(-1)
    groups, depth = draw(st.integers(1, 2)), draw(st.integers(1, 2))
    kernel, stride, dilation, padding = (
        (draw(st.integers(low, high)), draw(st.integers(low, high)))
        for low, high in ((1, 3), (1, 3), (1, 2), (0, 1))
    )
    size = [
        max(1, d * (k - 1) + 1 - 2 * p) + draw(st.integers(0, 3))
        for k, d, p in zip(kernel, dilation, padding, strict=True)
    ]
    x = rng.integers(-9, 9, (1, depth * groups, *size))
    weight = rng.integers(-9, 9, (groups * draw(st.integers(1, 2)), depth, *kernel))
    how = {"stride": stride, "padding": padding, "dilation": dilation}
    arrays = {"x": x, "weight": weight}
    if bias := draw(st.booleans()):
        arrays["bias"] = rng.integers(-9, 9, len(weight))
    work = convolution(x.shape, weight.shape, **how, groups=groups, bias=bias)
    return work, arrays, kernels.conv2d(**arrays, **how, groups=groups).reshape(-1)


@st.composite
def mappings(draw, work: Work, *, most: int = 4, spread: bool = True):
    """Draw levels with tiles of any size, tensors that pass by, and elements side by
    side.
    """
    loops, levels = list(work.loops), []
    tile = dict.fromkeys(loops, 1)
    some = st.dictionaries(st.sampled_from(loops), st.integers(1, 3), max_size=2)
    for place in reversed(range(draw(st.integers(2, most)))):
        kept = tuple(draw(st.sets(st.sampled_from(list(work.tensors)))))
        level = Level(
            f"level {place}",
            tile=tile if place else {},
            order="".join(draw(st.permutations(loops))),
            keeps=kept if place and spread and draw(st.booleans()) else None,
            across=draw(some) if spread else {},
            multicast=draw(st.booleans()),
            reduces=draw(st.booleans()),
            slides=draw(st.booleans()),
        )
        levels.insert(0, level)
        tile = {loop: size + draw(st.integers(0, 2)) for loop, size in tile.items()}
    return Mapping(work, levels)
