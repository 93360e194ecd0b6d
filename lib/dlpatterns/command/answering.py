"""One question, one answer: the counts of a network, its bytes, its cache, and what a
machine needs for it at least.

Bytes are `once`: each tensor that a layer reads or writes crosses the bus a single
time. Energy is that of `hardware.energy`: measured at 45 nm, with these bytes from
DRAM. Fused, a layer without MACs works on its input before that is written; its bytes
are then left out.

>>> from . import finding
>>> answer(finding.network("resnet50"), Question(batch=8))["macs"]
32713474048
"""

from collections.abc import Iterable
from dataclasses import dataclass

from .. import formats
from ..counting import Counts, LayerCount, count, decoding
from ..graph import Model
from ..hardware import energy, generation, machines, roofline
from .finding import Found


@dataclass(frozen=True)
class Question:
    """What to count with: examples, tokens, formats of values and of weights, a
    machine if there is one, and whether it fuses layers.
    """

    batch: int = 1
    tokens: int | None = None
    dtype: str = "fp16"
    weight_dtype: str = ""
    machine: str = ""
    fused: bool = False

    @property
    def stored(self) -> str:
        """The format in which the weights lie in memory."""
        return self.weight_dtype or self.dtype


def answer(found: Found, question: Question) -> dict:
    """Return all counts of a network as numbers, texts, lists and dictionaries that
    JSON can hold.

    Raises: ValueError for a batch, tokens, a format or a machine that does not fit.
    """
    if question.fused and not question.machine:
        raise ValueError("layers are fused for the bounds of a machine: name a machine")
    model = found.build(question.tokens)
    counts = count(model, question.batch)
    moved = [bytes_once(layer, question) for layer in counts.layers]
    held, stored = formats.get(question.dtype), formats.get(question.stored)
    result = _described(found, model, question) | {
        "layers": len(counts.layers),
        "params": counts.params,
        "active_params": counts.active_params,
        "weights": counts.weights,
        "macs": counts.macs,
        "other": counts.other,
        "activations": counts.activations,
        "weight_bytes": stored.bytes_for(counts.params),
        "peak_bytes": held.bytes_for(counts.peak_activations),
        "bytes_once": sum(moved),
        "cache": _cache(model, question),
    }
    rows = [_row(*pair) for pair in zip(counts.layers, moved, strict=True)]
    if question.machine:
        result |= _on_a_machine(found, model, counts, (question, rows, result))
    return result | {"by_layer": rows, "by_kind": list(_by_kind(rows))}


def bytes_once(layer: LayerCount, question: Question) -> int:
    """Return the bytes that cross the bus if each tensor of a layer does so once, the
    weights in their own format.
    """
    held, stored = formats.get(question.dtype), formats.get(question.stored)
    values = layer.reads + layer.activations
    return held.bytes_for(values) + stored.bytes_for(layer.param_reads)


def _described(found: Found, model: Model, question: Question) -> dict:
    """Return what is counted, and with what."""
    return {
        "network": found.name,
        "title": model.name,
        "source": model.source,
        "input": list(model.input_shape),
        "output": list(model.output_shape),
        "batch": question.batch,
        "tokens": _tokens(model) if found.takes_tokens else None,
        "format": question.dtype,
        "weight_format": question.stored,
        "bytes_assumption": "once",
    }


def _tokens(model: Model) -> int:
    """Return the tokens that a network reads; of one with a decoder, those it
    writes.
    """
    given = [layer for layer in model.layers if layer.kind == "Given"]
    return (given[0].output_shape if given else model.input_shape)[0]


def _row(layer: LayerCount, moved: int) -> dict:
    return {
        "layer": layer.name,
        "kind": layer.kind,
        "output": "×".join(map(str, layer.output_shape)),
        "params": layer.params,
        "macs": layer.macs,
        "other": sum(layer.other.values()),
        "activations": layer.activations,
        "bytes_once": moved,
    }


def _cache(model: Model, question: Question) -> dict | None:
    """Return the bytes of keys and values that the network keeps, None if it keeps
    none.
    """
    if not any(map(decoding.keeps, model.layers)):
        return None
    each = decoding.cache_bytes_per_token(model, question.dtype)
    tokens = question.batch * _tokens(model)
    return {"bytes_per_token": each, "bytes": tokens * each}


def _on_a_machine(
    found: Found, model: Model, counts: Counts, asked: tuple[Question, list, dict]
) -> dict:
    """Return the bounds of a machine, and write each layer's into its row."""
    question, rows, result = asked
    machine = machines.get(question.machine)
    bounds = roofline.layers(model, machine, **_how(question))
    joining = roofline.fusable(model, counts.layers) if question.fused else set()
    _written(rows, bounds, joining)
    if question.fused:
        result["bytes_once"] = sum(row["bytes_once"] for row in rows)
        result["bytes_assumption"] = "once, fused"
    summed = roofline.network(bounds)
    cache = result["cache"] or {"bytes": 0}
    held = result["weight_bytes"] + result["peak_bytes"] + cache["bytes"]
    return {
        "machine": machine.name,
        "fused": question.fused,
        "peak": machine.peak(question.dtype),
        "bandwidth": machine.bandwidth,
        "memory_bytes": machine.memory_bytes,
        "held_bytes": held,
        "seconds_overlapped": summed["overlapped_s"],
        "seconds_one_by_one": summed["one_by_one_s"],
        "arithmetic_bound": summed["arithmetic_bound"],
        "energy_pj": _energy(counts.macs, result["bytes_once"], question),
        "next_token": _next_token(found, machine, question, result),
    }


def _written(rows: list[dict], bounds: list[roofline.Bound], joining: set[int]) -> None:
    """Write each layer's bound into its row, and into that of a layer that is fused
    with the one before it, that nothing is left to do.
    """
    left = iter(bounds)
    for place, row in enumerate(rows):
        if place in joining:
            row |= {"bytes_once": 0, "intensity": 0.0, "seconds": 0.0}
            row["waits_for"] = "nothing, fused"
            continue
        one = next(left)
        row["bytes_once"] = one.bytes_once
        row["intensity"] = one.intensity if one.bytes_once else 0.0
        row |= {"seconds": one.overlapped, "waits_for": one.waits_for}


def _how(question: Question) -> dict:
    how = {"batch": question.batch, "dtype": question.dtype, "fused": question.fused}
    return how | {"weight_dtype": question.weight_dtype}


def _energy(macs: int, moved: int, question: Question) -> dict | None:
    """Return the picojoules of arithmetic and of DRAM, None for a format whose MAC was
    not measured.
    """
    if question.dtype not in energy.MACS:
        return None
    return energy.of_work(macs, {"DRAM": moved}, dtype=question.dtype)


def _next_token(
    found: Found, machine: machines.Machine, question: Question, result: dict
) -> dict | None:
    """Return the bounds of one more token of each sequence behind those counted, None
    for a network that writes none, or whose decoder reads what an encoder wrote.
    """
    if result["cache"] is None or not found.takes_tokens:
        return None
    model = found.build(1)
    if any(layer.kind == "Given" for layer in model.layers):
        return None
    bounds = generation.decode(
        model, machine, cached=result["tokens"], **_how(question)
    )
    seconds = roofline.network(bounds)["overlapped_s"]
    return {
        "cached": result["tokens"],
        "macs": sum(one.macs for one in bounds),
        "bytes_once": sum(one.bytes_once for one in bounds),
        "seconds": seconds,
        "tokens_per_s": question.batch / seconds,
    }


def _by_kind(rows: list[dict]) -> Iterable[dict]:
    """Yield a row a kind of layer, in order of first appearance."""
    groups: dict[str, list[dict]] = {}
    for row in rows:
        groups.setdefault(row["kind"], []).append(row)
    for kind, group in groups.items():
        sums = {name: sum(row[name] for row in group) for name in SUMMED}
        if "seconds" in group[0]:
            sums["seconds"] = sum(row["seconds"] for row in group)
        yield {"kind": kind, "layers": len(group)} | sums


SUMMED = ("params", "macs", "other", "activations", "bytes_once")
