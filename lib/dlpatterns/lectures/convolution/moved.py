"""C1 of LeNet-5 as a loop nest in the reader's hand: order, tiles, buffer."""

from ... import show
from ...explore import Menu, Slider
from ...hardware import memory
from ...hardware.memory import Nest
from ...hardware.replay import buffered, cached
from ...hardware.work import Work, convolution

LENET = ((1, 1, 32, 32), (6, 1, 5, 5))
ORDERS = {
    "results stay": "NGMPQCRS",
    "filters stay": "NGMCRSPQ",
    "map stays": "NGCPQRSM",
}


FETCHES = {
    "order": Menu(list(ORDERS)),
    "filters": Slider((1, 6), label="filters in a tile"),
    "side": Slider((1, 2, 4, 7, 14, 28), label="rows, columns in a tile", play=True),
}


def first_layer() -> Work:
    """Return C1 of LeNet-5 as loops, biases included."""
    return convolution(*LENET, bias=True)


def nest(order: str, side: int, filters: int) -> Nest:
    """Return C1 in tiles of so many rows and columns of so many filters' results; a
    filter's own rows and columns stay together once a tile is larger than a value.
    """
    tile = {"P": side, "Q": side, "M": filters}
    whole = {"R": 5, "S": 5} if side > 1 else {}
    return Nest(first_layer(), ORDERS[order], tile | whole)


def fetches(order: str, side: int, filters: int) -> show.Frame:
    """Replay C1's nest through a buffer and draw how often a value of each tensor
    crosses.
    """
    one = nest(order, side, filters)
    moved = buffered(one)
    if moved != memory.tiled(one, one.needs):
        raise ValueError(f"replay and closed form differ for {one}")
    crossed = {
        name: (moved.read.get(name, 0) + moved.written.get(name, 0))
        / one.work.once(name)
        for name in ("x", "weight", "out")
    }
    mean = moved.values / one.work.values
    fig, axes = show.subplots(figsize=(4.6, 2.2))
    axes.barh(["map", "filters", "results"], list(crossed.values()))
    axes.set(xscale="log", xlim=(0.8, 1200), xlabel="crossings a value (tiled)")
    axes.invert_yaxis()
    told = (
        f"{order}, tiles of {side} × {side} results of {filters}: a buffer of "
        f"{one.needs:,} values, {mean:.1f} crossings a value."
    )
    alt = (
        f"Three bars on a log axis: crossings a value of map, filters, results. {told}"
    )
    return show.frame(fig, caption=told, alt=alt, values=crossed | {"mean": mean})


def smallest_for_once(work: Work) -> int:
    """Return the smallest buffer with which some nest of the explorer's kind lets each
    value of C1 cross once.
    """
    least = memory.once(work).values
    nests = [
        nest(order, side, filters)
        for order in ORDERS
        for side in range(1, work.loops["P"] + 1)
        for filters in range(1, work.loops["M"] + 1)
    ]
    return min(
        one.needs for one in nests if memory.tiled(one, one.needs).values == least
    )


def crossings_behind_lru(work: Work, order: str, capacity: int) -> float:
    """Return the crossings a value of the untiled loops in an order, behind a cache
    that throws out what was used longest ago.
    """
    return cached(Nest(work, order), capacity).values / work.values


def by_buffer(work: Work, name: str, sizes: tuple[int, ...]) -> list[dict]:
    """Return a row a buffer size: crossings a value in the best tiles found, and of the
    plain loops behind a cache of that size.
    """
    rows = []
    for size in sizes:
        best = memory.tiled(memory.best_tiling(work, size), size)
        loops = crossings_behind_lru(work, "", size)
        rows.append(
            {
                "layer": name,
                "buffer": size,
                "best tiles (tiled)": best.values / work.values,
                "plain loops (LRU)": loops,
            }
        )
    return rows
