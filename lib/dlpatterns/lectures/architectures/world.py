"""What others print or clock, beside our counts."""

from collections.abc import Mapping, Sequence
from math import prod

from ... import datasets
from ...counting import Counts, count
from ...graph import Builder
from ...models.sequence import transformer_encoder_block

EYERISS = ("alexnet_2012", "vgg16")


def printed() -> dict[tuple[str, str], str]:
    """Return every printed claim as text, by what it is about and its quantity."""
    rows = datasets.table("mac_claims")
    return {(row["about"], row["quantity"]): row["printed"] for row in rows}


def eyeriss(counts: Mapping[str, Counts]) -> list[dict]:
    """Return our counts of the convolutions beside those that Eyeriss prints, and
    whether they agree to the printed digits.
    """
    claims, rows = printed(), []
    for name in EYERISS:
        convolutions = counts[name].only("Conv2d")
        pixels = prod(convolutions.layers[0].input_shapes[0][1:])
        ours = {"MACs": convolutions.macs, "weights": convolutions.weights}
        ours["MACs a pixel"] = convolutions.macs / pixels
        for quantity, value in ours.items():
            claim = datasets.printed(claims[name, quantity])
            rows.append(
                {
                    "network": counts[name].name,
                    "quantity": quantity,
                    "ours": round(value),
                    "printed": claim.text,
                    "agrees": claim.agrees(value),
                }
            )
    return rows


def bert_layer() -> Counts:
    """Count the forward pass of one layer of BERT-large on 8 sequences of 512 tokens,
    as in Ivanov et al. 2021.
    """
    net = Builder("BERT-large layer", (512, 1024))
    block = transformer_encoder_block(net, net.input, heads=16, hidden=4096)
    return count(net.model(block), batch=8)


def torch_next(measured: dict, names: Sequence[str]) -> tuple[str, dict[str, float]]:
    """Return the operator that takes most time beside products, and its share of each
    of the networks.

    Raises: ValueError if it is not the same in all of them.
    """
    rows = {row["network"]: row["torch"] for row in measured["rows"]}
    operators = {rows[name]["next"] for name in names}
    if len(operators) > 1:
        raise ValueError(f"{names} differ in their next operator: {operators}")
    return operators.pop(), {name: rows[name]["next share"] for name in names}


def torch_shares(measured: dict) -> dict[str, float]:
    """Return the share of a forward pass's time that PyTorch spends in products, by
    network.
    """
    return {row["network"]: row["torch"]["share"] for row in measured["rows"]}
