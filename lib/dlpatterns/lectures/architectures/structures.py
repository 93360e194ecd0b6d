"""Four structures that take places of features to as many: a full connection, a
convolution, a recurrence, attention.
"""

from ... import layers
from ...counting import count
from ...counting.depth import dependent_products
from ...graph import Builder, Model
from ...models.sequence import transformer_encoder_block

STRUCTURES = ("full connection", "convolution", "recurrence", "attention")


def structure(kind: str, places: int, *, features: int = 64) -> Model:
    """Return one layer of a structure that takes `places` of `features` to as many.

    A full connection joins everything with everything; a convolution has a window of 3
    and keeps the length; the recurrence is an LSTM; attention has four heads,
    projections, and a feed forward of four times the features behind it.
    Raises: ValueError that lists the structures, or shows sizes that are no whole
    numbers.

    >>> structure("convolution", 16).output_shape
    (64, 1, 16)
    """
    if kind not in STRUCTURES:
        raise ValueError(f"unknown structure {kind!r}; known: {', '.join(STRUCTURES)}")
    shape = (features, 1, places) if kind == "convolution" else (places, features)
    net = Builder(kind, shape)
    if kind == "full connection":
        return net.model(
            net.chain(net.input, layers.Flatten(), layers.Linear(places * features))
        )
    if kind == "attention":
        return net.model(
            transformer_encoder_block(net, net.input, heads=4, hidden=4 * features)
        )
    spec = (
        layers.LSTM(features)
        if kind == "recurrence"
        else layers.Conv2d(features, (1, 3), padding=(0, 1))
    )
    return net.model(net(spec, net.input))


def measures(kind: str, places: int, *, features: int = 64) -> dict:
    """Return parameters, MACs, MACs a weight, sequential depth, and how many places an
    output sees.
    """
    model = structure(kind, places, features=features)
    counted = count(model)
    reach = {"convolution": min(3, places), "recurrence": "all before"}.get(kind, "all")
    return {
        "structure": kind,
        "params": counted.params,
        "MACs": counted.macs,
        "MACs a weight": counted.macs / counted.weights,
        "sequential depth": dependent_products(model),
        "an output sees": reach,
    }


def read_by(kind: str, place: int, places: int) -> list[tuple[int, str]]:
    """Return which places an output reads, each with the name of the weight it is
    multiplied by.

    Of attention the weights are computed from the places themselves, so that each pair
    has its own; a recurrence reads what came before through its state.

    >>> read_by("convolution", 2, 6)
    [(1, 'w0'), (2, 'w1'), (3, 'w2')]
    """
    if kind == "convolution":
        window = range(max(0, place - 1), min(places, place + 2))
        return [(at, f"w{at - place + 1}") for at in window]
    if kind == "recurrence":
        return [(place, "w")]
    name = "w" if kind == "full connection" else "a"
    return [(at, f"{name}{place}{at}") for at in range(places)]


def without_weights(places: int, *, features: int = 64) -> int:
    """Return the MACs of attention that multiply two computed values: the scores, and
    the weighted sum.
    """
    counted = count(structure("attention", places, features=features))
    return counted.macs - places * counted.weights
