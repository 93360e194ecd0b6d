"""Exercises of the lecture on rooflines: bytes in flight, two chips, a critical batch,
a model of time, and a question in words.
"""

from dlpatterns.exercises._tasks import Formula, Function, Value, Words, call


def _networks(rng):
    """Yield lists of (MACs, bytes), a peak and a bandwidth; the first with one layer on
    either side of the ridge.
    """
    yield call([(1000, 10), (10, 1000)], 100.0, 50.0)
    yield call([(8, 4)], 2.0, 1.0)
    yield call([(0, 64), (64, 0)], 16.0, 8.0)
    yield call([], 10.0, 10.0)
    for _ in range(8):
        layers = [
            (int(rng.integers(0, 900)), int(rng.integers(0, 900)))
            for _ in range(int(rng.integers(1, 6)))
        ]
        yield call(layers, float(rng.integers(1, 60)), float(rng.integers(1, 60)))


def least_time(layers, peak, bandwidth):
    return sum(max(2 * macs / peak, moved / bandwidth) for macs, moved in layers)


def _macs_for_flop(layers, peak, bandwidth):
    return sum(max(macs / peak, moved / bandwidth) for macs, moved in layers)


def _one_by_one(layers, peak, bandwidth):
    return sum(2 * macs / peak + moved / bandwidth for macs, moved in layers)


def _whole(layers, peak, bandwidth):
    macs, moved = (sum(one[i] for one in layers) for i in (0, 1))
    return max(2 * macs / peak, moved / bandwidth)


def _arithmetic(layers, peak, bandwidth):
    return sum(2 * macs / peak for macs, _ in layers)


def _slowest(layers, peak, bandwidth):
    return max(
        (max(2 * macs / peak, moved / bandwidth) for macs, moved in layers), default=0
    )


TASKS = {
    "in_flight": Value(
        answer=3200e9 * 400e-9 / 128,
        title="Requests on the way",
        explanation="Bandwidth times latency are the bytes in flight, 128 a request.",
        solution="3200e9 * 400e-9 / 128",
        expects="the number of requests that must be on their way",
        mistakes=[
            (3200e9 * 400e-9, "Those are the bytes in flight; a request brings 128."),
            (
                3200e9 * 400e-9 / 16,
                "The memory answers in lines of 128 bytes, not in pairs of doubles.",
            ),
            (3200e9 / 128, "That many requests are served in a whole second."),
        ],
        why=(
            "No program keeps so many requests open by itself: a chip needs threads "
            "for them, or an engine that fetches ahead."
        ),
    ),
    "decode": Value(
        answer=4000 / 3350,
        title="The slower chip",
        explanation=(
            "At one token a pass both wait for memory: only bandwidths count."
        ),
        solution="4000 / 3350",
        expects="how many times as many tokens a second the H20 makes",
        mistakes=[
            (148 / 989.4, "That compares their arithmetic; which of the two waits?"),
            (3350 / 4000, "That is the H100 over the H20."),
            (
                (148 / 4000) / (989.4 / 3350),
                "That compares their ridges; a rate at batch one needs no ridge.",
            ),
            (1.0, "Both wait for memory, and their memories differ."),
        ],
        tolerance=5e-3,
        why=(
            "A chip with fifteen per cent of the arithmetic is the faster one for a "
            "single reader: what is sold as slow is slow for somebody else."
        ),
    ),
    "critical": Formula(
        answer="P*b/(16*W)",
        where={"P": range(8, 400), "W": range(1, 60), "b": range(2, 17)},
        title="The critical batch",
        explanation=(
            "Reading a weight takes b / (8 W) seconds, using it for B tokens 2 B / P."
        ),
        expects="the batch as a formula in P, W and b",
        mistakes=[
            ("P*b/(8*W)", "A token uses a weight for one MAC, which is two FLOPs."),
            ("P/(2*W)*b", "b counts bits; bandwidth counts bytes."),
            ("P/W", "The width of the weights is missing, and a MAC is two FLOPs."),
            ("16*W/(P*b)", "Upside down: more arithmetic needs a larger batch."),
            ("P*b/(32*W)", "One MAC is two FLOPs, and a byte eight bits: 16, not 32."),
        ],
        why=(
            "Halve the bits and the critical batch halves: small formats help where "
            "few wait, and do nothing where arithmetic is the limit."
        ),
    ),
    "least_time": Function(
        reference=least_time,
        cases=_networks,
        title="A model of time",
        explanation="Each layer takes the longer of its two times; layers follow.",
        expects="the least time in seconds",
        mistakes=[
            (_macs_for_flop, "A MAC is two FLOPs."),
            (_one_by_one, "That is no overlap at all: the sum of both times."),
            (
                _whole,
                "You summed up first: a layer that waits for memory can't lend its "
                "idle multipliers to the next one.",
            ),
            (_arithmetic, "The bytes take time, too."),
            (_slowest, "The layers run one after another: add their times."),
        ],
        why=(
            "Two lines predict the time of real networks in four runs on two GPUs "
            "within a factor of two, and nothing in them is fitted; on the CPU of the "
            "lecture they do not."
        ),
        points=2,
    ),
    "promise": Words(
        title="Eight times faster?",
        answer=(
            "The MACs fall about eight- to ninefold; the bytes do not. The layer reads "
            "and writes the same maps, and the 1 × 1 convolution behind it reads and "
            "writes maps of its own. On a machine whose ridge lies above the intensity "
            "of the new layers they wait for memory, and the time falls as the bytes "
            "do, if at all; if nothing is fused there are more of them. Before "
            "promising: count the bytes of both versions (once, and with what the "
            "framework fuses), place them under the roof of that machine, take the "
            "longer time of each layer, and add. On a machine with a low ridge, such "
            "as a processor without matrix units, the promise may hold."
        ),
    ),
}
