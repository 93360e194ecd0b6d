"""What the study says about each question of the lecture: numbers, and whether they
bear a sentence out.
"""

from types import SimpleNamespace

import numpy as np

from ...datasets import measurement
from . import experiment, study
from .study import Found


def schedules() -> SimpleNamespace:
    """Return cubic's lead over the others at 80 and 95 %, and what one-shot reaches if
    it trains longer.
    """
    at = {
        (how, share): study.row("MLP", method="schedule", share=share, how=how)
        for how in ("one-shot", "iterative", "cubic")
        for share in (0.8, 0.95)
    }
    mild, hard = (
        study.gain(at["cubic", share], at["one-shot", share]) for share in (0.8, 0.95)
    )
    rounds = study.gain(at["cubic", 0.95], at["iterative", 0.95])
    longer = [study.mean(row) for row in study.rows("MLP", method="schedule, longer")]
    once = study.mean(at["one-shot", 0.95])
    return SimpleNamespace(
        mild=mild,
        hard=hard,
        rounds=rounds,
        longer=longer,
        cubic=study.mean(at["cubic", 0.95]),
        slow_wins=study.clear(rounds) == study.clear(hard) == "for",
        time_mends=max(each.mean for each in longer) > once.mean,
    )


def masks_and_weights() -> SimpleNamespace:
    """Return what each way to go on from a mask gains over fine-tuning at 95 %."""
    kept, late = (
        study.row("MLP", method="after pruning", share=share) for share in (0.95, 0.98)
    )
    gains = {
        name: study.gain(kept, kept, (name, "fine-tuned"))
        for name in experiment.AFTER[1:]
    }
    repairs = ("distilled", "rewound to epoch 5", "rewound to the start")
    best = max(study.mean(kept, name).mean for name in experiment.AFTER)
    return SimpleNamespace(
        gains=gains,
        late=study.gain(late, late, ("rewound to the start", "fine-tuned")),
        repairs_unclear=all(study.clear(gains[name]) == "no" for name in repairs),
        places_matter=gains["random mask"].mean
        < 3 * gains["mask on new weights"].mean
        < 0,
        best=best,
    )


def control(family: str) -> SimpleNamespace:
    """Return how accurate fresh weights are under the found mask, under masks that keep
    its counts by input, neuron or layer, and under one that keeps the total alone; and
    how far the mask is ahead of the layers' counts.
    """
    table = measurement("pruning_places")["rows"][family]
    by_way = {row["way"]: row for row in table}
    means = {way: study.mean(row) for way, row in by_way.items()}
    counts = [means[way].mean for way in means if way.endswith("counts")]
    return SimpleNamespace(
        mask=means["mask"],
        least=100 * min(counts),
        most=100 * max(counts),
        total=means["total"],
        lead=study.gain(by_way["mask"], by_way["layers' counts"]),
        apart=means["mask"].mean - max(counts),
    )


def which_or_how_many() -> SimpleNamespace:
    """Return the control of both families, and whether it says: in the perceptron which
    places, in the CNN how many a layer.
    """
    few, deep = control("MLP"), control("CNN")
    return SimpleNamespace(
        few=few,
        deep=deep,
        holds=few.apart > 0.1
        and study.clear(few.lead) == "for"
        and study.clear(deep.lead) == "no"
        and deep.apart < 0.01
        and deep.total.mean < deep.least / 100 - 0.05,
    )


def layers() -> SimpleNamespace:
    """Return what pruning each layer of the CNN costs, and which one minds most."""
    scan = study.row("CNN", method="sensitivity")
    at = {
        (layer, share): study.mean(scan, f"{layer}.weight {share}")
        for layer in ("conv1", "conv2", "output")
        for share in experiment.SHARES
    }
    whole = study.mean(scan, "nothing pruned").mean
    return SimpleNamespace(
        at=at,
        half=max(
            whole - found.mean for (_, share), found in at.items() if share == 0.5
        ),
        worst={
            share: min(
                ("conv1", "conv2", "output"),
                key=lambda layer, share=share: at[layer, share].mean,
            )
            for share in experiment.SHARES
        },
    )


def gates() -> tuple[Found, Found]:
    """Return how far dynamic is ahead of static with two of eight channels, before and
    after fine-tuning.
    """
    row = study.row("CNN", method="gates", stay=2)
    raw, tuned = (
        study.gain(row, row, (f"dynamic{end}", f"static{end}"))
        for end in ("", ", tuned")
    )
    return raw, tuned


def one_size(width: int = 4) -> SimpleNamespace:
    """Return the dense, cut and pruned MLP of one size, and their MACs on a machine
    that does not skip.
    """
    dense = study.row("MLP", method="dense", width=width)
    cut = study.row("MLP", method="channels", width=width)
    pruned = study.row("MLP", method="pruned", width=width, equal="non-zeros")
    count = experiment.count
    return SimpleNamespace(
        size=dense["size"],
        dense=study.mean(dense),
        cut=study.mean(cut),
        pruned=study.mean(pruned),
        lead=study.gain(pruned, dense),
        macs=count(experiment.model("MLP", width)).macs,
        pruned_macs=count(experiment.largest("MLP")).macs,
    )


def at_equal(equal: str) -> SimpleNamespace:
    """Return the pruned network's leads over its strongest rival at equal non-zeros or
    bytes, and in how many comparisons it is clearly ahead, or behind.
    """
    leads = {
        (family, width): study.lead(family, width, equal)
        for family, width in study.contested()
    }
    clear = [study.clear(each) for each in leads.values()]
    return SimpleNamespace(
        leads=leads,
        all=len(clear),
        ahead=clear.count("for"),
        behind=clear.count("against"),
    )


def over_equally_long() -> SimpleNamespace:
    """Return in how many sizes the pruned network is clearly ahead of the dense one of
    equal non-zeros that trained for as many epochs, or behind.
    """
    clear = [
        study.clear(each)
        for family in experiment.WIDTHS
        for each in study.gains(family, "equal non-zeros")
    ]
    return SimpleNamespace(
        all=len(clear), ahead=clear.count("for"), behind=clear.count("against")
    )


def otherwise() -> list[Found]:
    """Return the pruned network's leads over the dense one of equal non-zeros and
    epochs under other settings, the smallest first.
    """
    found = []
    for dense in study.rows("MLP", method="dense, otherwise"):
        what = {"change": dense["change"], "width": dense["width"]}
        pruned = study.row("MLP", method="pruned, otherwise", **what)
        found.append(study.gain(pruned, dense))
    return sorted(found)


def places(width: int = 8) -> dict[int, float]:
    """Return the share of a pruned network's bytes that say where its values stand, by
    the bits of a value.
    """
    row = study.row("MLP", method="pruned", width=width, equal="non-zeros")
    return {
        bits: 1 - row["size"] * bits / 8 / float(np.mean(row[f"bytes, {bits} bits"]))
        for bits in (32, 8)
    }
