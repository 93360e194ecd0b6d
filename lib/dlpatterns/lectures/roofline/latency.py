"""The course's own numbers on latency, computed again, and a memory at work."""

from ... import datasets, show
from ...hardware import flight

OPERAND = 8  # bytes of a double
REQUEST = 2 * OPERAND  # x[i] and y[i] of y = a x + y
LINE = 64  # bytes that a processor fetches at least
LATENCY = 8  # beats of the drawn memory, whose transfer takes one


def _rows() -> list[dict]:
    return datasets.table("memory_latency")


def memory(name: str) -> tuple[float, float]:
    """Return bandwidth and latency of one of the course's memories, in SI units."""
    (row,) = datasets.where("memory_latency", memory=name)
    return row["bandwidth_gb_s"] * 1e9, row["latency_ns"] * 1e-9


def in_flight() -> list[dict]:
    """Return a row a memory: the course's bytes in flight and requests, and ours."""
    found = []
    for row in _rows():
        speed = memory(row["memory"])
        ours = flight.requests(REQUEST, *speed)
        found.append(
            {
                "memory": row["memory"],
                "GB/s": row["bandwidth_gb_s"],
                "ns": row["latency_ns"],
                "bytes in flight": round(flight.bytes_in_flight(*speed)),
                "requests": round(ours),
                "printed": row["requests"],
                "right": abs(ours - row["requests"]) <= 0.5,
            }
        )
    return found


def per_operand(rate: float, bandwidth: float) -> float:
    """Return how many operations each operand must serve: FLOP for each double."""
    flight.positive(rate=rate, bandwidth=bandwidth)
    return rate / bandwidth * OPERAND


def worked() -> list[dict]:
    """Return the course's other worked numbers: as printed, computed again, verdict."""
    wide, slow = 2000e9, 2000e8  # 2000 GFLOP/s, and what 2000 亿 is
    cycle, speed = 1 / 3e9, 6e7
    rows = [
        ("200 GB/s, 2,000 GFLOP/s: FLOP an operand", "80", per_operand(wide, 200e9)),
        ("the same from the text's 2000 亿", "80", per_operand(slow, 200e9)),
        ("50 mm at 6e7 m/s: cycles of 3 GHz", "2.5", 0.05 / speed / cycle),
        ("100 mm: cycles", "5", 0.1 / speed / cycle),
        ("TPUv1: 2 × 65,535 × 7e6, in 10¹² a second", "9.2", 2 * 65535 * 7e6 / 1e12),
        ("V100 FP16: FLOP a byte at its ridge", "138.9", 125e12 / 0.9e12),
        ("8192 × 128 × 8192 in FP16: FLOP a byte", "124.1", intensity(8192, 128, 8192)),
    ]
    return [
        {
            "what": what,
            "printed": printed,
            "again": f"{again:.4g}",
            "right": datasets.printed(printed).agrees(again),
        }
        for what, printed, again in rows
    ]


def intensity(m: int, n: int, k: int, width: int = 2) -> float:
    """Return the FLOP a byte of a matrix product each of whose values crosses once."""
    return 2 * m * n * k / (width * (m * n + m * k + k * n))


def hbm_ladder() -> list[dict]:
    """Return a row a place of A100's data: FLOP a double must serve to keep up."""
    return [
        {
            "place": row["memory"].removeprefix("NVIDIA A100 "),
            "printed": row["intensity"],
            "again": round(per_operand(19.5e12, row["bandwidth_gb_s"] * 1e9)),
        }
        for row in _rows()
        if row["intensity"]
    ]


def pipe(requests: int) -> show.Frame:
    """Draw a memory whose latency is eight transfers, with so many requests waiting."""
    fig, axes = show.subplots(figsize=(4.6, 2.4))
    beats = 24
    for lane in range(requests):
        for start in range(lane, beats, max(requests, LATENCY)):
            _request(axes, lane, start)
    served = min(1.0, requests / LATENCY)
    axes.set(xlim=(0, beats), ylim=(LATENCY + 2, -1.6), xlabel="time, in transfers")
    axes.set_yticks([])
    axes.grid(False)
    axes.text(0, -1.1, "grey: under way · orange: on the bus", fontsize=11)
    caption = (
        f"{requests} waiting: the bus is busy {show.percent(served, 0)} of the time."
    )
    alt = (
        f"{requests} lanes of requests over time; each is grey while it is under way "
        "and orange for the one beat in which its data cross the bus."
    )
    return show.frame(fig, caption=caption, alt=alt, values=[requests, served])


def _request(axes, lane: int, start: int) -> None:
    size = {"height": 0.7, "left": start}
    axes.barh(lane, LATENCY - 1, color=show.FAINT, **size)
    axes.barh(
        lane, 1, left=start + LATENCY - 1, height=0.7, color=show.colour("orange")
    )
