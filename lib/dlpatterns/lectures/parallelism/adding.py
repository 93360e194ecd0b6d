"""Sums over ranks: a ring step by step, what each algorithm costs, and real ranks."""

from functools import cache
from statistics import median

import numpy as np

from ... import show
from ...parallel import collectives, launch, messages

RANKS = 4
ALGORITHMS = ("ring", "tree", "doubling", "halving and doubling")


def ring(step: int) -> show.Frame:
    """Draw the chunks of four ranks after so many rounds of a ring all-reduce: how many
    ranks each sum has in it already.
    """
    rounds = collectives.rounds("all-reduce", "ring", RANKS)
    start = [dict.fromkeys(range(RANKS), 1 << rank) for rank in range(RANKS)]
    held = messages.deliver(rounds[:step], start)
    fig, axes = show.subplots(figsize=(4.6, 2.3))
    axes.axis("off")
    axes.set(xlim=(-1.25, RANKS), ylim=(RANKS, -0.55))
    table = [[bin(held[r][c]).count("1") for c in range(RANKS)] for r in range(RANKS)]
    for rank, row in enumerate(table):
        axes.text(-0.1, rank + 0.45, f"rank {rank}", ha="right", va="center")
        for chunk, count in enumerate(row):
            _cell(axes, chunk, rank, count)
    for chunk in range(RANKS):
        axes.text(chunk + 0.45, -0.25, f"chunk {chunk}", ha="center", va="center")
    for one in rounds[step - 1] if step else ():
        axes.plot(one.chunks[0] + 0.45, one.target + 0.8, marker="^", color=show.INK)
    done = sum(count == RANKS for row in table for count in row)
    phase = _phase(step)
    caption = (
        f"After {step} of {len(rounds)} rounds ({phase}): {done} of {RANKS**2} chunks "
        f"are whole; each rank has sent {step} quarter vectors."
    )
    alt = (
        "A table of ranks by chunks; each cell tells how many ranks its sum holds "
        f"after round {step}, and a mark shows what has just come."
    )
    return show.frame(fig, alt=alt, caption=caption, values=table)


def _cell(axes, chunk: int, rank: int, count: int) -> None:
    full = count == RANKS
    colour = show.colour("green") if full else show.FAINT
    axes.fill_between(
        [chunk, chunk + 0.9], rank, rank + 0.9, facecolor=colour, edgecolor=show.INK
    )
    ink = "white" if full else show.INK
    axes.text(chunk + 0.45, rank + 0.4, str(count), ha="center", va="center", color=ink)


def _phase(step: int) -> str:
    if not step:
        return "at the start"
    return "reduce-scatter" if step < RANKS else "all-gather"


def all_reduces(ranks: int = 8) -> list[dict]:
    """Return a row an algorithm: rounds, and vectors that the busiest rank sends, by
    formula and by the tally of the messages.
    """
    rows = []
    for name in ALGORITHMS:
        form = collectives.cost("all-reduce", name, ranks)
        made = collectives.rounds("all-reduce", name, ranks)
        counted = messages.tally(made, [1] * ranks, ranks)
        rows.append(
            {
                "all-reduce": name,
                "rounds": form.steps,
                "vectors sent": float(form.sent),
                "by tally": max(counted.sent) / ranks,
                "longest in a row": float(form.critical),
            }
        )
    return rows


@cache
def _on_ranks(length: int = 1000) -> list[list[dict]]:
    return launch.run("every_collective", RANKS, length=length, node=2).by_rank


def measured(length: int = 1000) -> list[dict]:
    """Return a row a collective: the bytes that four real ranks sent, all together,
    beside the tally, and whether every rank had what it should.
    """
    answers, rows = _on_ranks(length), []
    for place, (name, algorithm) in enumerate(collectives.names()):
        node = {"node": 2} if algorithm == "hierarchical" else {}
        made = collectives.rounds(name, algorithm, RANKS, **node)
        chunks = RANKS**2 if name == "all-to-all" else RANKS
        sizes = [8 * size for size in messages.split(length, chunks)]
        counted = messages.tally(made, sizes, RANKS)
        sent = [one[place]["sent"] for one in answers]
        rows.append(
            {
                "collective": name,
                "algorithm": algorithm,
                "rounds": counted.steps,
                "bytes, tally": sum(counted.sent),
                "bytes, sent": sum(sent),
                "each rank": sent == list(counted.sent),
                "right": all(one[place]["right"] for one in answers),
            }
        )
    return rows


def fitted() -> dict:
    """Return α and β of messages between two ranks on this machine, fitted to every
    second size, and how far the other sizes are from the line.
    """
    sizes = [2**power for power in range(4, 23)]
    answers = launch.run("ping_pong", 2, sizes=sizes, repeats=40)
    times = np.array(answers.by_rank[0])
    seen, rest = slice(0, None, 2), slice(1, None, 2)
    table = np.column_stack([np.ones(len(sizes)), sizes])
    scaled = table[seen] / times[seen, None]
    alpha, beta = np.linalg.lstsq(scaled, np.ones(len(scaled)), rcond=None)[0]
    errors = np.abs(table[rest] @ [alpha, beta] / times[rest] - 1)
    return {
        "carrier": answers.carrier,
        "alpha, µs": alpha * 1e6,
        "1 / beta, GB/s": 1e-9 / beta,
        "median error": median(errors.tolist()),
        "largest error": float(errors.max()),
    }


@cache
def together() -> list[dict]:
    """Return a row for each thing done on four ranks: how far its result is from that
    of one process, and the bytes sent, predicted and counted.
    """
    names = {
        "data_parallel": "SGD, the batch dealt out",
        "sharded_adam": "Adam, its states cut",
        "tensor_parallel_mlp": "feed forward, hidden units cut",
        "tensor_parallel_attention": "attention, heads dealt out",
    }
    steps = {"data_parallel": 20, "sharded_adam": 20}
    ran, rows = launch.run("side_by_side", RANKS, names=list(names)).by_rank, []
    for program, name in names.items():
        answers = [one[program] for one in ran]
        first = answers[0]
        vector = first.get("params", first.get("values")) * first["itemsize"]
        predicted = 2 * (RANKS - 1) * vector * steps.get(program, 1)
        rows.append(
            {
                "on four ranks": name,
                "within 1e-13": first["distance"] < 1e-13 * max(1, first["largest"]),
                "bytes, predicted": predicted,
                "bytes, sent": sum(one["sent"] for one in answers),
            }
        )
    return rows
