"""What a design's numbers say, in words: its limits, its rank, what its score leaves
out.
"""

from .. import datasets
from . import evaluate, market, workload
from .asking import Asked
from .standing import Standing

SLOWED = 1.005  # times that a network takes as long, from which power is said to limit


def mm2(area: float) -> str:
    """Return square millimetres as they are read.

    >>> mm2(52.42), mm2(3.14159)
    ('52 mm²', '3.1 mm²')
    """
    return f"{area:.0f} mm²" if area >= 10 else f"{area:.1f} mm²"


def ms(seconds: float) -> str:
    """Return seconds as milliseconds, or microseconds.

    >>> ms(0.0123), ms(0.000571), ms(0.00000215)
    ('12.3 ms', '0.571 ms', '2.15 µs')
    """
    return f"{1e3 * seconds:.3g} ms" if seconds >= 1e-4 else f"{1e6 * seconds:.3g} µs"


def mj(joules: float) -> str:
    """Return joules as millijoules, or microjoules."""
    return f"{1e3 * joules:.3g} mJ" if joules >= 1e-4 else f"{1e6 * joules:.3g} µJ"


def count(rate: float) -> str:
    """Return a rate as it is read.

    >>> count(123456), count(1234), count(7.123)
    ('123,000', '1,230', '7.12')
    """
    return f"{float(f'{rate:.3g}'):,.0f}" if rate >= 100 else f"{rate:.3g}"


def dollars(area: float) -> str:
    """Return the wafer's price of one good die."""
    return f"${market.price(area):.2f}" if area <= market.RETICLE_MM2 else "none"


def over(found: Standing) -> str:
    """Return by how much a die is too large, or nothing."""
    if found.fits:
        return ""
    area, room = found.mine.area, found.asked.room
    why = "the budget" if room == found.asked.area else "one exposure"
    return (
        f"The die is too large: {mm2(area)}, {mm2(area - room)} more than {why}. "
        "It has no score and no rank."
    )


def verdict(found: Standing) -> str:
    """Return what the score means: the rank in time, and how many beat it in all."""
    rivals = len(found.rivals)
    if not rivals:
        return "None of the book's own designs keeps this budget in this format."
    if not found.fits:
        return f"{rivals} of the book's own designs keep this budget."
    quicker, beaten = found.better("seconds"), found.beaten
    first = (
        f"Rank {quicker + 1} in time: {quicker} of the book's own {rivals} designs in "
        "this format and budget are quicker. "
    )
    if beaten:
        beat = "beats" if beaten == 1 else "beat"
        return f"{first}{beaten} {beat} it in time, energy and area at once."
    return f"{first}None beats it in time, energy and area at once."


def of_peak(found: Standing) -> list[float]:
    """Return each network's MACs a second as a share of the peak; those with a zero
    count, so that a chip that leaves them out may pass the whole.
    """
    peak = found.asked.chip.peak_macs
    return [
        load.macs / seconds / peak
        for load, (seconds, *_) in zip(workload.six(), found.mine.runs, strict=True)
    ]


def limiting(found: Standing) -> list[str]:
    """Return what limits each network in a word or two: power, or what is slowest for
    the largest share of its time.
    """
    return [
        "power" if slowed > SLOWED else max(shares, key=shares.get)
        for slowed, shares in _bounds(found)
    ]


def limits(found: Standing) -> list[str]:
    """Return a sentence a network: what it waits for, and at which share of the
    chip's peak it runs.
    """
    sentences = []
    pairs = zip(_bounds(found), of_peak(found), workload.six(), strict=True)
    for (slowed, shares), share, load in pairs:
        slowest = max(shares, key=shares.get)
        waits = f"the {slowest} is the slowest for {shares[slowest]:.0%} of the time"
        if slowed > SLOWED:
            waits = f"power slows it down {slowed:.2f} times; without that, {waits}"
        sentences.append(
            f"{load.name}: {waits}. It runs at {share:.1%} of the chip's peak."
        )
    return sentences + _freedom(found)


def _bounds(found: Standing) -> list[tuple[float, dict[str, float]]]:
    """Return how many times each network is slowed by power, and the shares of its time
    without that.
    """
    return [
        (slow[0] / free[0], evaluate.bounds(found.asked.chip, load, **found.asked.how))
        for load, slow, free in zip(
            workload.six(), found.mine.runs, found.free.runs, strict=True
        )
    ]


def _freedom(found: Standing) -> list[str]:
    """Return what an array that chooses its dataflow might take, if this one does."""
    chip = found.asked.chip
    if chip.dataflow != "any":
        return []
    times = freer()
    areas = chip.areas()
    around = chip.area / (chip.area - areas["rest"])
    larger = chip.area + (times - 1) * areas["multipliers"] * around
    return [
        "An array that chooses costs nothing extra in this model. SIGMA, freer than "
        f"yours, is reported at {times:g} times the area of a fixed one; "
        f"were yours so much larger, this die would take {mm2(larger)}."
    ]


def freer() -> float:
    """Return how many times the area of a fixed array a free one took, as reported."""
    metric = "area, against a systolic array of as many multipliers"
    row = datasets.where("published_hardware", item="SIGMA", metric=metric)[0]
    return float(row["value"])


def points(lost: float | None) -> str:
    """Return points of accuracy as they are read.

    >>> points(-0.04), points(13.21), points(None)
    ('0.0 points lost', '13.2 points lost', 'not measured')
    """
    return "not measured" if lost is None else f"{round(lost, 1) + 0.0:.1f} points lost"


def borne(asked: Asked) -> str:
    """Return what the networks are taken to bear, and what was measured instead."""
    chip = asked.chip
    kept = f", weights stored in {chip.weights.upper()}" if chip.weights else ""
    zeros = f" and {asked.zeros:.0%} of the weights zero" if asked.zeros else ""
    return (
        f"not in the model: every network is taken to bear {chip.dtype.upper()}{kept}"
        f"{zeros}; a stand-in: what these bits cost a small network for digits"
    )
