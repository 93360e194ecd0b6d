"""Our numbers beside printed ones: the paper's tables and their arithmetic, MobileNet's
weights layer by layer.
"""

from ... import datasets, models
from ...counting import count
from ...datasets import printed
from ...graph import Model
from ...layers import Conv2d

CLASSES = 1001  # of Zhu & Gupta's MobileNet: one is for the background
RATES = (0, 0.5, 0.75, 0.9, 0.95)


def paper(model: str) -> list[dict]:
    """Return a model's printed rows: setting, sparsity, non-zeros, first metric."""
    return [
        {
            "setting": row["setting"],
            "sparsity": row["sparsity_percent"] / 100,
            "printed": row["nonzero_params"],
            "nonzero": printed(row["nonzero_params"]).value,
            "metric": row["metric_1"],
            "value": row["value_1"],
        }
        for row in datasets.table("pruning_tables")
        if row["model"] == model
    ]


def mobilenet_weights() -> dict[str, int]:
    """Return the weights of MobileNet by what may be pruned: depthwise ones stay.

    Without batch norm and biases, for 1000 classes.
    """
    model = models.mobilenet_v1()
    found = {"first": 0, "depthwise": 0, "pointwise": 0, "last": 0}
    for row, layer in zip(count(model).layers, model.layers, strict=True):
        if row.weights:
            found[_part(layer.spec)] += row.weights
    return found


def _part(spec: object) -> str:
    if not isinstance(spec, Conv2d):
        return "last"
    if spec.groups > 1:
        return "depthwise"
    return "pointwise" if spec.kernel in (1, (1, 1)) else "first"


def nonzeros(share: float) -> float:
    """Return the parameters of Zhu and Gupta's MobileNet that are not zero: all but the
    depthwise weights are pruned; 1001 classes, no normalisation.
    """
    weights = mobilenet_weights()
    grown = weights["last"] * CLASSES // 1000
    rest = weights["first"] + weights["pointwise"] + grown + CLASSES
    return weights["depthwise"] + (1 - share) * rest


def mobilenet() -> list[dict]:
    """Return non-zeros by the share that goes, with the depthwise weights kept and by
    the product that forgets them.
    """
    whole = nonzeros(0)
    return [
        {"share that goes": f"{100 * share:.0f} %"}
        | {"non-zeros": round(nonzeros(share))}
        | {"parameters × (1 − s)": round((1 - share) * whole)}
        | {"really gone": f"{100 * (1 - nonzeros(share) / whole):.1f} %"}
        for share in RATES
    ]


def distiller() -> int:
    """Return the non-zeros of MobileNet pruned as IntelLabs' distiller does it: its
    last ten pointwise layers to a half, the last layer to four tenths, the rest whole.
    """
    model, left, pointwise = models.mobilenet_v1(), 0, 0
    for row, layer in zip(count(model).layers, model.layers, strict=True):
        part = _part(layer.spec) if row.weights else ""
        pointwise += part == "pointwise"
        if part == "pointwise" and pointwise > 3:
            left += row.weights // 2
        elif part == "last":
            left += row.weights * 4 // 10
        else:
            left += row.weights
    return left


def checks() -> list[dict]:
    """Return printed non-zeros beside ours, and whether ours round to them."""
    inception = _params(models.inception_v3_aux())
    weights = mobilenet_weights()
    found = [
        ("MobileNet, dense", "4.21M", nonzeros(0), "Zhu & Gupta 2017, table 2"),
        ("MobileNet, weights", "4209088", sum(weights.values()), DISTILLER),
        ("MobileNet, pruned", "2038208", distiller(), DISTILLER),
        *(
            (
                f"Inception-v3, {100 * row['sparsity']:g} %",
                row["printed"],
                inception * (1 - row["sparsity"]),
                "Zhu & Gupta 2017, table 1",
            )
            for row in paper("InceptionV3")
        ),
    ]
    return [
        {"what": what, "printed": text, "ours": round(ours)}
        | {"agrees": printed(text).agrees(ours), "source": source}
        for what, text, ours, source in found
    ]


DISTILLER = "IntelLabs distiller, agp-pruning"


def gnmt() -> list[dict]:
    """Return GNMT's printed non-zeros beside the product, and how many parameters must
    have stayed dense for the printed number, within its rounding.
    """
    whole = paper("GNMT")[3]["nonzero"]
    rows = []
    for row in paper("GNMT")[4:]:
        kept, number = 1 - row["sparsity"], printed(row["printed"])
        ends = [
            (number.value + side * number.half_unit - kept * whole) / row["sparsity"]
            for side in (-1, 1)
        ]
        rows.append(
            {"share that goes": f"{100 * row['sparsity']:.0f} %"}
            | {"printed": row["printed"]}
            | {"parameters × (1 − s)": f"{kept * whole / 1e6:.1f}M"}
            | {"must have stayed dense": f"{ends[0] / 1e6:.1f} to {ends[1] / 1e6:.1f}M"}
        )
    return rows


def translated_bytes(bits: int) -> list[dict]:
    """Return the megabytes of GNMT's networks with values of so many bits, alone and
    with what says where they stand: for sparse ones a bitmap of all places.
    """
    whole = paper("GNMT")[3]["nonzero"]
    return [
        {"setting": row["setting"], "sparsity": row["sparsity"], "BLEU": row["value"]}
        | {"values MB": row["nonzero"] * bits / 8e6}
        | {"MB": (row["nonzero"] * bits + (whole if row["sparsity"] else 0)) / 8e6}
        for row in paper("GNMT")
    ]


def questioned(bits: int) -> list[dict]:
    """Return GNMT dense with 1024 units, dense with 512, and 80 % sparse."""
    rows = translated_bytes(bits)
    return [rows[3], rows[1], rows[4]]


def inception_without_scales() -> int:
    """Return the parameters of Inception-v3 whose normalisations have a shift and no
    scale, as TensorFlow's have.
    """
    counted = count(models.inception_v3_aux())
    return counted.params - counted.only("BatchNorm2d").params // 2


def _params(model: Model) -> int:
    return count(model).params
