"""Schedules of pipelines as lists of work for each chip.

GPipe (Huang et al. 2019), 1F1B and interleaved 1F1B (Narayanan et al. 2021), ZB-H1 (Qi
et al. 2023) and ZBV (Qi et al. 2024), DualPipe (DeepSeek-AI 2024). Their bubbles, as
published, are `bubble`.

>>> from .pipeline import run
>>> run(one_f_one_b(4, 8)).bubble_of_ideal  # (p - 1) / m
0.375
"""

from collections.abc import Callable, Iterator

from .messages import whole
from .pipeline import Schedule, Slot, Work


def gpipe(chips: int, micro: int) -> Schedule:
    """All forward passes, then all backward passes."""
    _check(chips, micro)
    orders = tuple(
        tuple((Work(kind, m, chip),) for kind in "FB" for m in range(micro))
        for chip in range(chips)
    )
    return _straight("GPipe", orders)


def one_f_one_b(chips: int, micro: int) -> Schedule:
    """A few forward passes to fill the pipeline, then one forward and one backward in
    turns, so that at most p micro-batches are held.
    """
    _check(chips, micro)
    orders = tuple(
        tuple((Work(kind, m, chip),) for kind, m in _alternating(chips - chip, micro))
        for chip in range(chips)
    )
    return _straight("1F1B", orders)


def _alternating(ahead: int, micro: int) -> Iterator[tuple[str, int]]:
    """F and B of the micro-batches with at most `ahead` forward passes in advance."""
    for step in range(micro + ahead - 1):
        if step < micro:
            yield "F", step
        if step >= ahead - 1:
            yield "B", step - ahead + 1


def zb_h1(chips: int, micro: int) -> Schedule:
    """1F1B with the backward pass in halves: the gradient of the inputs at once, that
    of the weights as many micro-batches later as the chip has chips before it, so that
    no chip holds more than the first.
    """
    _check(chips, micro)
    return _straight(
        "ZB-H1", tuple(_halves(chip, chips, micro) for chip in range(chips))
    )


def _halves(chip: int, chips: int, micro: int) -> tuple[Slot, ...]:
    order: list[Slot] = []
    for kind, m in _alternating(chips - chip, micro):
        order.append((Work("I" if kind == "B" else "F", m, chip),))
        if kind == "B" and m >= chip:
            order.append((Work("W", m - chip, chip),))
    late = range(max(0, micro - chip), micro)
    return (*order, *((Work("W", m, chip),) for m in late))


def _straight(name: str, orders: tuple[tuple[Slot, ...], ...]) -> Schedule:
    return Schedule(name, orders, len(orders), chip_of=lambda stage, way: stage)


def interleaved(chips: int, micro: int, parts: int = 2) -> Schedule:
    """1F1B with the layers of a chip in several parts that are not neighbours: a
    micro-batch passes each chip `parts` times.

    Raises: ValueError if the micro-batches are no multiple of the chips.
    """
    _check(chips, micro)
    whole(parts, "parts")
    if micro % chips:
        raise ValueError(
            f"interleaving needs micro-batches in multiples of the {chips} chips, got "
            f"{micro}"
        )
    orders = tuple(_rounds(chip, chips, micro, parts) for chip in range(chips))
    return Schedule(
        f"interleaved, {parts} parts",
        orders,
        chips * parts,
        chip_of=lambda stage, way: stage % chips,
        share=1 / parts,
    )


def _rounds(chip: int, chips: int, micro: int, parts: int) -> tuple[Slot, ...]:
    total = micro * parts
    ahead = min(total, 2 * (chips - chip - 1) + (parts - 1) * chips + 1)

    def piece(kind: str, number: int) -> Slot:
        group, place = divmod(number, chips * parts)
        part, within = divmod(place, chips)
        part = part if kind == "F" else parts - 1 - part
        return (Work(kind, group * chips + within, part * chips + chip),)

    return tuple(piece(kind, number) for kind, number in _alternating(ahead, total))


def zbv(chips: int, micro: int) -> Schedule:
    """Two parts a chip, laid down the chips and up again like a V, and the backward
    pass in halves: no chip waits once it has begun, if F, I and W take equally long.

    Raises: ValueError for fewer than 2 p micro-batches.
    """
    _check(chips, micro)
    if micro < 2 * chips:
        raise ValueError(f"ZBV on {chips} chips needs {2 * chips} or more, got {micro}")
    orders = tuple(_Vee(chip, chips, micro).order() for chip in range(chips))
    return Schedule(
        "ZBV",
        orders,
        2 * chips,
        chip_of=lambda stage, way: min(stage, 2 * chips - 1 - stage),
        share=1 / 2,
    )


class _Vee:
    """The list of one chip in ZBV, written piece by piece: its stages are one on the
    way down (0) and one on the way up (1).
    """

    def __init__(self, chip: int, chips: int, micro: int) -> None:
        self.chip, self.chips, self.micro = chip, chips, micro
        self.stages = (chip, 2 * chips - 1 - chip)
        self.counts = {kind + leg: 0 for kind in "FIW" for leg in "01"}
        self.slots: list[Slot] = []

    def put(self, *pieces: str) -> None:
        """Add pieces such as "F0": the next forward pass of the leg down."""
        for piece in pieces:
            work = Work(piece[0], self.counts[piece], self.stages[int(piece[1])])
            self.slots.append((work,))
            self.counts[piece] += 1

    def left(self, piece: str) -> int:
        return self.micro - self.counts[piece]

    def order(self) -> tuple[Slot, ...]:
        """Fill, keep all six kinds in turns, and drain."""
        self.put(*["F0"] * (2 * (self.chips - self.chip) - 1))
        self.put(*["F1", "F0"] * self.chip)
        self.put(*["F1", "I1", "W1"] * (self.chips - self.chip))
        while self.left("F1"):
            self.put(*["F0"] * bool(self.left("F0")), "I0", "W0", "F1", "I1", "W1")
        self.put(*["I0", "I1"] * self.chip)
        self.put(*["I0", "W0"] * (self.chips - self.chip))
        self.put(*["W1"] * self.left("W1"), *["W0"] * self.left("W0"))
        return tuple(self.slots)


def dualpipe(chips: int, micro: int) -> Schedule:
    """Micro-batches enter at both ends, half of them each way, and a forward pass of
    one way runs beside a backward pass of the other; every chip holds two copies of a
    stage.

    Raises: ValueError for an odd number of chips or micro-batches, or fewer than 2 p of
    these.
    """
    _check(chips, micro)
    if chips % 2 or micro % 2 or micro < 2 * chips:
        raise ValueError(
            "DualPipe needs even numbers of chips and micro-batches, of these "
            f"at least twice as many, got {chips} and {micro}"
        )
    orders = tuple(_Dual(chip, chips, micro // 2).order() for chip in range(chips))
    return Schedule(
        "DualPipe",
        orders,
        chips,
        chip_of=lambda stage, way: chips - 1 - stage if way else stage,
        copies=2,
    )


class _Dual:
    """The list of one chip in DualPipe. Its near way (0) starts at the end of the
    pipeline that is closer to it.
    """

    def __init__(self, chip: int, chips: int, half: int) -> None:
        self.turned = chip >= chips // 2
        self.place = min(chip, chips - 1 - chip)
        self.chips, self.half = chips, half
        self.stages = (self.place, chips - 1 - self.place)
        self.counts = {kind + way: 0 for kind in "FB" for way in "01"}
        self.slots: list[Slot] = []
        self.late: list[Work] = []  # gradients of weights still to be done

    def work(self, piece: str, kind: str = "") -> Work:
        near = int(piece[1])
        number = self.counts[piece]
        self.counts[piece] += 1
        way = near ^ self.turned
        return Work(kind or piece[0], number, self.stages[near], way)

    def put(self, piece: str) -> None:
        """Add "F0" or "B1" alone."""
        self.slots.append((self.work(piece),))

    def split(self, piece: str) -> None:
        """Add the first half of a backward pass and keep the other for later."""
        work = self.work(piece, "I")
        self.slots.append((work,))
        self.late.append(Work("W", work.micro, work.stage, work.way))

    def weights(self) -> None:
        """Add the oldest half that was kept."""
        self.slots.append((self.late.pop(0),))

    def both(self, forward: str, backward: str) -> None:
        """Add a forward pass and a backward pass side by side."""
        self.slots.append((self.work(forward), self.work(backward)))

    def order(self) -> tuple[Slot, ...]:
        """Write the eight steps of the schedule."""
        middle = self.chips // 2 - self.place - 1  # chips between here and the middle
        for _ in range(2 * middle):
            self.put("F0")
        for _ in range(self.place + 1):
            self.put("F0")
            self.put("F1")
        for _ in range(middle):
            self.split("B1")
            self.weights()
            self.put("F1")
        self._main(self.half - self.chips + self.place + 1, alone=not middle)
        for _ in range(middle):
            self.put("B1")
            self.both("F1", "B0")
        self._drain()
        for _ in range(middle):
            self.weights()
            self.split("B0")
        for _ in range(len(self.late)):
            self.weights()
        return tuple(self.slots)

    def _main(self, turns: int, *, alone: bool) -> None:
        for turn in range(turns):
            if turn == 0 and alone:
                self.put("F0")
                self.put("B1")
            else:
                self.both("F0", "B1")
            self.both("F1", "B0")

    def _drain(self) -> None:
        """The last backward passes of both ways, the second half of them in halves."""
        for turn, piece in enumerate(["B1", "B0"] * (self.place + 1)):
            (self.put if turn <= self.place else self.split)(piece)


def _check(chips: int, micro: int) -> None:
    whole(chips, "chips")
    whole(micro, "micro-batches")


MAKERS: dict[str, Callable[[int, int], Schedule]] = {
    "GPipe": gpipe,
    "1F1B": one_f_one_b,
    "interleaved": interleaved,
    "ZB-H1": zb_h1,
    "ZBV": zbv,
    "DualPipe": dualpipe,
}


def bubble(name: str, chips: int, times: dict[str, float], *, parts: int = 2) -> float:
    """Return the bubble of a schedule as published, in seconds of a chip.

    F, B (the whole backward pass), W and F+B are the times of one stage. ZBV's is the
    wait within a chip's own span.
    """
    p, f, b, w, both = chips, times["F"], times["B"], times["W"], times["F+B"]
    forms = {
        "GPipe": (p - 1) * (f + b),
        "1F1B": (p - 1) * (f + b),
        "interleaved": (p - 1) * (f + b) / parts,
        "ZB-H1": (p - 1) * (f + b - 2 * w),
        "ZBV": 0.0,
        "DualPipe": (p / 2 - 1) * (both + b - 3 * w),
    }
    if name not in forms:
        raise ValueError(f"there is no schedule {name!r}; there are {', '.join(forms)}")
    return forms[name]
