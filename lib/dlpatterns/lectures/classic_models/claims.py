"""Verdicts on the slides' table of classic networks, cell by cell, and on what it asks
of a chip; figures of papers and profilers that we find otherwise.
"""

from functools import cache

from ... import datasets, models
from ...show import number, percent
from ..claims.kinds import Part, Slip, Verdict
from . import studies, table

MARKS = {  # how the page shows what `table.judged` finds
    "confirmed": "✓",
    "corrected": "✗ another quantity",
    "unexplained": "✗ unexplained",
    "no count": "not counted",
}
CHIP = "What this asks of the chip"
CELLS = "Which cells hold?"
WORLD = "A check against the world"
PROFILERS = "What does your profiler not count?"


@cache
def judged() -> tuple[table.Cell, ...]:
    """Return all cells of the printed table, judged."""
    return tuple(table.cells())


def columns() -> tuple[Part, ...]:
    """Return a table for each network: row, printed, ours, verdict; and why."""
    return tuple(map(_part, table.NETWORKS))


def _part(name: str) -> Part:
    own = [cell for cell in judged() if cell.network == name]
    counted = [cell for cell in table.counted() if cell.network == name]
    good = sum(cell.verdict == "confirmed" for cell in counted)
    rows = [
        {
            "cell": cell.metric,
            "printed": cell.printed,
            "ours": number(cell.ours),
            "holds": MARKS[cell.verdict],
        }
        for cell in own
    ]
    notes = tuple(f"*{cell.metric}:* {cell.reason}" for cell in own if cell.reason)
    return Part(f"{name}: {good} of {len(counted)} counted cells hold", rows, notes)


def printed_table() -> Verdict:
    """Judge the table by the cells that the architecture fixes."""
    cells = table.counted()
    good = sum(cell.verdict == "confirmed" for cell in cells)
    kindest = sum(table.kindest().values())
    return Verdict(
        claim=8,
        kind="fails",
        number=f"{good} of {len(cells)} cells hold, {len(cells) - good} do not",
        found=f"The table has {len(judged())} cells; the architecture fixes "
        f"{len(cells)} of them. All that fall but one are the right answer to another "
        "question: connections, depths, another network.",
        section=CELLS,
        attack="An attack on the verdicts",
        survived="Let every network of the name try, and take the kindest for each "
        f"column: {kindest} of {len(cells)} hold. Only AlexNet's column is right "
        "throughout.",
        holds=good < kindest < len(cells)
        and [n for n, held in table.kindest().items() if held == 8] == ["AlexNet"],
        parts=columns(),
    )


def top5() -> Verdict:
    """Judge whether the printed errors can rank the networks."""
    one = {
        row["network"]: 100 - row["top5_percent"] for row in studies.judged_networks()
    }
    first = datasets.table("classic_top5")[0]
    ways = len(set(studies.ways_of_measuring()))
    return Verdict(
        claim=9,
        kind="fails",
        number=f"{one['googlenet']:.1f} % for GoogLeNet, {one['vgg16']:.1f} % for "
        "VGG-16",
        found="No two of the five errors were measured alike: the printed "
        f"{first['printed_percent']} of AlexNet is the average of {first['models']} "
        f"networks on {first['crops']} crops. By one procedure, one network and one "
        "crop, the order of GoogLeNet and VGG-16 turns round.",
        section="Can the row of errors rank the networks?",
        attack="Which cost goes with the error?",
        survived="Within VGG, ResNet and EfficientNet the top-1 error falls member by "
        "member. (Two of the networks that were measured again are not the published "
        "ones.)",
        holds=ways == 5
        and one["googlenet"] > one["vgg16"]
        and studies.families_improve(),
    )


def logic() -> Verdict:
    """Give the first demand its number."""
    six = {name: table.network(name).counts for name in table.NETWORKS}
    share = [one.macs / one.operations for one in six.values()]
    reuse = [one.macs / one.weights for one in six.values()]
    return Verdict(
        claim=10,
        kind="holds",
        number=f"{percent(min(share))} to {percent(max(share))} MACs",
        found="The rest of the operations of the six networks are activations, "
        "normalisation and pooling, and a chip without a vector unit stops at every "
        f"one. A weight is used {min(reuse):,.0f} to {max(reuse):,.0f} times an image "
        "on average.",
        section=CHIP,
        attack="An attack on the verdicts",
        survived="The six are the networks as first published. That the vector unit "
        "has few operations does not make it small: see the attack on the 90 % in the "
        "lecture before.",
        holds=min(share) > 0.9 and min(reuse) > 1,
    )


def addressing() -> Verdict:
    """Give the second demand its number."""
    six = [table.network(name).counts for name in table.NETWORKS]
    sizes = studies.map_sizes()
    wide = max(r.output_shape[0] for c in six for r in c.only("Conv2d").layers)
    large = max(r.activations * 2 / 2**20 for c in six for r in c.layers)
    return Verdict(
        claim=11,
        kind="holds",
        number=f"{len(sizes)} map sizes, up to {wide:,} channels",
        found=f"The convolutions of the six see maps from {sizes[0]} to {sizes[-1]} "
        f"pixels, and the largest map alone fills {large:.1f} MiB in 16 bits.",
        section=CHIP,
        attack="Where does the memory peak?",
        survived="Which memory must be large depends on the layer: in VGG-16 the first "
        f"third of the layers writes {percent(written(), 0)} of the activations.",
        holds=len(sizes) > 10 and written() > 0.5,
    )


def written() -> float:
    """Return the share of VGG-16's activations that its first layers write."""
    return studies.in_the_first_third("VGG-16")[0]


def structures() -> Verdict:
    """Give the third demand its number, and the array that fits few of the products."""
    shapes, full = studies.shapes(), studies.filled(128)
    kinds = studies.kinds_with_macs()
    return Verdict(
        claim=12,
        kind="if",
        when="the matrix unit takes products of every shape",
        number=f"every MAC of {len(models.FIRST)} networks, in {len(kinds)} kinds of "
        "layer",
        found="All of them lie in a product of matrices, so one good matrix unit "
        "serves convolution, full connection and Transformer.",
        section=CHIP,
        attack=CHIP,
        survived=f"The six networks alone ask for {len(shapes)} different products: an "
        f"array of 128 × 128 is filled to nine tenths by {sum(x >= 0.9 for x in full)} "
        f"of them, and to less than half by {sum(x < 0.5 for x in full)}.",
        holds=all(map(studies.all_in_products, models.FIRST))
        and sum(x >= 0.9 for x in full) < len(shapes) / 2,
    )


def szegedy() -> Slip:
    """Find the first layer of GoogLeNet in its own paper's table."""
    layers = studies.counts_of("googlenet_2014").layers
    first = next(layer for layer in layers if layer.name == "conv1")
    weights, macs = studies.column_and_row(first)
    return Slip(
        work="Szegedy et al. 2015",
        link="https://arxiv.org/abs/1409.4842",
        place="table 1, first row",
        printed="2.7 K parameters and 34 M operations",
        ours=f"{first.weights:,} weights and {first.macs:,} MACs",
        how="A convolution of 7 × 7 from 3 to 64 maps with stride 2 on 224 pixels, as "
        "the row describes it: 64 · 3 · 7 · 7, at 112 × 112 places.",
        doubt=f"A column and a row, 64 · 3 · (7 + 7), would have {weights:,} weights "
        f"and {macs:,} MACs, which round to both printed figures. Perhaps such a layer "
        "was counted; the row says 7 × 7.",
        certainty="certain",
        section="Which GoogLeNet was counted?",
        holds=first.weights > 3 * 2_700
        and datasets.printed("2.7k").agrees(weights)
        and datasets.printed("34M").agrees(macs),
    )


def _printed(network: str, what: str) -> dict:
    rows = studies.printed_in_papers()
    return next(r for r in rows if (r["network"], r["what"]) == (network, what))


def vgg_beside_resnet() -> Slip:
    """Find VGG-16 counted by another rule than the network beside it."""
    row = _printed("VGG-16", "macs")
    return Slip(
        work="He et al. 2016",
        link="https://arxiv.org/abs/1512.03385",
        place="section 3.3",
        printed=f"{row['printed']} for VGG-16",
        ours=f"{row['ours']:,}",
        how="All layers, counted; the printed figure is that of the convolutions "
        "alone, while VGG-19's beside it includes the full connections.",
        doubt="Only the other figure of the pair could be meant otherwise: both agree "
        "with a count, and the two counts have different rules.",
        certainty="likely",
        section=WORLD,
        holds=row["fits"] == "convolutions alone",
    )


def mobilenet_v2() -> Slip:
    """Find MobileNetV2's parameters, which lack something."""
    row, bare = _printed("MobileNetV2", "params"), studies.neighbours()
    return Slip(
        work="Sandler et al. 2018",
        link="https://arxiv.org/abs/1801.04381",
        place="table 4",
        printed=f"{row['printed']} parameters",
        ours=f"{row['ours']:,}",
        how="Counted layer by layer; torchvision prints the same integer with its "
        "weights.",
        doubt="Without the parameters of normalisation "
        f"{list(bare.values())[-1] / 1e6:.2f} M are left, which gives the printed "
        "figure if it was cut off.",
        certainty="likely",
        section=WORLD,
        holds=row["fits"] == "no",
    )


def efficientnet_b4() -> Slip:
    """Find EfficientNet-B4's operations."""
    row = _printed("EfficientNet-B4", "macs")
    return Slip(
        work="Tan and Le 2019",
        link="https://arxiv.org/abs/1905.11946",
        place="table 2, B4",
        printed=f"{row['printed']} operations",
        ours=f"{row['ours']:,}",
        how="MACs of all layers at 380 pixels; torchvision prints the same, in G.",
        doubt="A smaller image, or layers left out. B0 and B7 of the same table agree, "
        "rounded or cut off.",
        certainty="open",
        section=WORLD,
        holds=row["fits"] == "no",
    )


def inception_v3() -> Slip:
    """Find the parameters of Inception-v3 with a head that inference never runs."""
    rows = studies.printed_by_torchvision(("inception_v3",))
    printed, ours = rows[0]["params printed"], rows[0]["ours"]
    return Slip(
        work="TorchVision maintainers and contributors 2016",
        link="https://docs.pytorch.org/vision/stable/models.html",
        place="inception_v3, number of parameters",
        printed=f"{printed:,}",
        ours=f"{ours:,}",
        how="Parameters that inference uses; with the auxiliary head we count the "
        "printed integer too.",
        doubt="It is a convention and no slip of counting: the printed operations "
        "leave the head out, the printed parameters keep it.",
        certainty="certain",
        section=WORLD,
        holds=studies.counts_of("inception_v3_aux").params == printed != ours,
    )


def profilers() -> Slip:
    """Find the counters' reports on a vision transformer apart by two digits."""
    least, most = studies.spread("vit_b_16")
    left = studies.left_without()
    return Slip(
        work="Six counters of MACs",
        place="what they report of ViT-B/16",
        printed=f"between {least:.3f} and {most:.3f} of its MACs",
        ours="1.000, the count that torchvision prints with the weights",
        how="One model, one image, each counter's own unit brought to MACs. Some see "
        "no attention: without its two products "
        f"{left['without its two products']:.3f} remains, without all of it "
        f"{left['without attention']:.3f}.",
        doubt="Most are documented or discussed as limitations by their maintainers, "
        "in the threads named; later versions may have changed.",
        certainty="certain",
        section=PROFILERS,
        holds=most / least > 50 and studies.rebuilt(),
        parts=(counters(),),
    )


def counters() -> Part:
    """Return each counter's lowest and highest report on the lecture's models over our
    MACs, and what it does.
    """
    reports, rows, notes = studies.profiled(), [], []
    for one in datasets.table("profiler_reasons"):
        name = one["counter"]
        told = sorted((row[name] for row in reports if row[name] != "fails"), key=float)
        rows.append({"counter": name, "lowest": told[0], "highest": told[-1]})
        where = f" ({one['thread']})" if one["thread"] else ""
        notes.append(f"*{name.replace('_', ' ')}* {one['what_it_does']}{where}.")
    return Part("Each counter, over our MACs", rows, tuple(notes))


def thop() -> Slip:
    """Find thop's operations for batch normalisation."""
    top = studies.spread("mobilenet_v2")[1]
    return Slip(
        work="The counter thop",
        place="what it reports of MobileNetV2",
        printed=f"{top:.3f} of its MACs",
        ours="1.000, if normalisation is folded",
        how="thop adds four operations for each value that batch normalisation writes; "
        "adding the same to our count gives its report to the digit.",
        doubt="It is a convention; but the sum is called MACs, and no machine that "
        "folds the normalisation does them.",
        certainty="certain",
        section=PROFILERS,
        holds=studies.thop_adds_normalisation() and top > 1.05,
    )


VERDICTS = (printed_table, top5, logic, addressing, structures)
SLIPS = (
    szegedy,
    vgg_beside_resnet,
    mobilenet_v2,
    efficientnet_b4,
    inception_v3,
    profilers,
    thop,
)
