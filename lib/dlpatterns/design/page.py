"""JSON in, JSON out: what the page *Design your own chip* asks of the library.

>>> read = json.loads(designed('{"rows": "64", "cols": "64"}'))
>>> read["title"]
'64 × 64, ws, 4 MiB, 32 GB/s, int8'
>>> json.loads(designed('{"rows": "6x4"}'))["error"][:22]
"rows can't be '6x4'; c"
"""

import json

from . import borne, market, picture, space, standing, words, workload
from .asking import Asked, read
from .chip import described
from .space import Point
from .standing import Standing

LONGEST = 2000  # letters of a request


def designed(text: str) -> str:
    """Return a design's title, score, budget, facts, six networks, what limits them,
    six metrics, and a drawing, as JSON, for a request in JSON: the settings of
    `asking.KNOBS`. What is wrong with the request is the answer's `error`.
    """
    try:
        return json.dumps(_answered(read(_request(text))), ensure_ascii=False)
    except (ValueError, RecursionError) as error:
        return json.dumps({"error": str(error)[:1000]}, ensure_ascii=False)


def _request(text: str) -> dict:
    if len(text) > LONGEST:
        raise ValueError(f"a request has at most {LONGEST} letters, got {len(text)}")
    request = json.loads(text)
    if not isinstance(request, dict):
        raise ValueError(f"a request is a JSON object, got {request!r:.60}")
    return request


def _answered(asked: Asked) -> dict:
    """Return the answer to a request as texts and shares."""
    found = standing.stands(asked)
    return {
        "title": described(asked.chip),
        "over": words.over(found),
        "score": "none" if found.score is None else f"{found.score:.0f}",
        "verdict": words.verdict(found),
        "area": _area(asked),
        "power": _power(found),
        "facts": _facts(found),
        "networks": _networks(found),
        "limits": words.limits(found),
        "metrics": _metrics(found),
        "known": _known(found),
        "svg": picture.drawn(found, standing.known(asked)),
        "caption": picture.caption(found),
    }


def _area(asked: Asked) -> dict:
    """Return the parts of the die, each as a share of the budget, and what they say."""
    parts = asked.chip.areas()
    return {
        "parts": [
            [name, size / asked.area, words.mm2(size)] for name, size in parts.items()
        ],
        "says": f"{words.mm2(asked.chip.area)} of {asked.area:g} mm²",
        "used": asked.chip.area / asked.area,
    }


def _power(found: Standing) -> dict:
    """Return what each network would draw without a budget, as a share of it."""
    watts = found.asked.watts
    drawn = [joules / seconds for seconds, joules, _ in found.free.runs]
    return {
        "parts": [
            [load.name, one / watts, f"{one:.3g} W"]
            for load, one in zip(workload.six(), drawn, strict=True)
        ],
        "says": f"{max(drawn):.3g} W would be drawn, {watts:g} W are allowed",
        "used": max(drawn) / watts,
    }


def _facts(found: Standing) -> list[list[str]]:
    """Return the lines that hold for the die and the six together."""
    mine, chip = found.mine, found.asked.chip
    made = mine.area <= market.RETICLE_MM2
    dies = f"{market.dies(mine.area):,} a wafer" if made else "larger than one exposure"
    good = f"{market.working(mine.area):.1%}" if made else "none"
    return [
        ["die", words.mm2(mine.area), f"28 nm; {dies}"],
        ["good dies", good, "without a defect, defects in clusters"],
        ["price", words.dollars(mine.area), "of wafer for a good die, no package"],
        [
            "peak",
            f"{words.count(chip.peak_macs / 1e12)} T MAC/s",
            "700 MHz, no weight zero",
        ],
        ["time", words.ms(mine.seconds), "geometric mean of the six, an example each"],
        ["energy", words.mj(mine.joules), "geometric mean of the six, an example each"],
    ]


def _networks(found: Standing) -> list[list[str]]:
    """Return a head and a line a network: latency, throughput, energy, what limits."""
    lines = [["network", "latency", "throughput", "energy a run", "of peak", "limit"]]
    shares = words.of_peak(found)
    limits = words.limiting(found)
    for place, load in enumerate(workload.six()):
        seconds, joules, batch = found.mine.runs[place]
        lines.append(
            [
                load.name,
                words.ms(seconds),
                f"{words.count(batch / seconds)}/s",
                words.mj(joules),
                f"{shares[place]:.1%}",
                limits[place],
            ]
        )
    return lines


def _metrics(found: Standing) -> list[list[str]]:
    """Return a head and a line for each of the six metrics: yours, the quickest's, how
    many of the book's designs are better.
    """
    rivals, best = len(found.rivals), found.best
    lines = [["metric", "yours", "book's quickest", "better", "what it is"]]
    for name, key, said, note in (
        ("latency", "seconds", words.ms, "mean over the six, an example each"),
        ("energy", "joules", words.mj, "mean over the six, an example each"),
        ("price", "area", words.dollars, "wafer for a good die"),
    ):
        other = said(getattr(best, key)) if best else "none"
        many = f"{found.better(key)} of {rivals}"
        lines.append([name, said(getattr(found.mine, key)), other, many, note])
    lines.insert(2, _throughput(found))
    return [*lines, _accuracy(found), _usability(found)]


def _throughput(found: Standing) -> list[str]:
    """Return the line of throughput, eight at a time."""
    both = [found.asked.chip] + [found.best.chip] * bool(found.best)
    how, loads = found.asked.how, workload.eights()
    rates = [
        1 / space.weigh(chip, loads, watts=found.asked.watts, **how).seconds
        for chip in both
    ]
    said = [f"{words.count(rate)}/s" for rate in rates] + ["none"]
    return ["throughput", *said[:2], "not ranked", "mean over the six, eight at a time"]


def _accuracy(found: Standing) -> list[str]:
    """Return the line of accuracy: not in the model; a stand-in that was measured."""
    both = [found.asked.chip] + [found.best.chip] * bool(found.best)
    said = [words.points(borne.lost(chip)) for chip in both] + ["none"]
    return ["accuracy", *said[:2], "", words.borne(found.asked)]


def _usability(found: Standing) -> list[str]:
    """Return the line of usability: not in the model, and a stand-in that is."""
    names = [load.name for load in workload.six()]

    def said(point: Point | None) -> str:
        if point is None or not found.rivals:
            return "none"
        times, place = found.behind(point)
        return f"× {times:.1f}, {names[place]}"

    note = "not in the model; a stand-in: how far behind the best design at one network"
    return ["usability", said(found.mine), said(found.best), "", note]


def _known(found: Standing) -> list[list[str]]:
    """Return a head and a line a chip of the world in this format, in this model."""
    lines = [["chip", "what it is", "die", "time", "beside yours"]]
    for one in standing.known(found.asked):
        times = one.seconds / found.mine.seconds
        beside = (
            f"{times:.2g} × as long" if times >= 1 else f"{1 / times:.2g} × as quick"
        )
        lines.append(
            [
                one.chip.name,
                described(one.chip),
                words.mm2(one.area),
                words.ms(one.seconds),
                beside,
            ]
        )
    return lines if len(lines) > 1 else []
