"""What a mask changes, and what it does not: the file, the counts, the time."""

import io
import zlib

import numpy as np
from threadpoolctl import threadpool_limits

from ... import measuring
from ...prune import masks, scores, surgery, tally
from ...train import small, state
from ...train.network import Network

HIDDEN = (512, 512)


def network(hidden: tuple[int, ...] = HIDDEN) -> Network:
    """Return an MLP with random weights in float32."""
    return Network(small.mlp(hidden), dtype=np.float32)


def masked(share: float, net: Network | None = None) -> Network:
    """Return the network with that share of each layer's weights at zero."""
    other = state.twin(net or network())
    masks.masked(other, masks.per_layer(scores.magnitude(other), share))
    return other


def neurons(share: float, net: Network | None = None) -> Network:
    """Return the network without that share of each hidden layer's first neurons."""
    net = net or network()
    sizes = {f"hidden{i}": size for i, size in enumerate(HIDDEN, start=1)}
    return surgery.shrink(
        net,
        {name: np.arange(size) >= round(share * size) for name, size in sizes.items()},
    )


def file_bytes(net: Network) -> bytes:
    """Return the parameters as `numpy.savez` writes them."""
    memory = io.BytesIO()
    np.savez(memory, **net.params)
    return memory.getvalue()


def zipped_share(net: Network) -> float:
    """Return the size of the compressed file as a share of the file."""
    raw = file_bytes(net)
    return len(zlib.compress(raw, 9)) / len(raw)


def rows(nets: dict[str, Network]) -> list[dict]:
    """Return one row a network: parameters, non-zeros, MACs, useful MACs, bytes of the
    file.
    """
    return [
        {"network": name}
        | {
            key.replace("_", " "): value
            for key, value in tally.total(net)._asdict().items()
        }
        | {"file B": len(file_bytes(net))}
        for name, net in nets.items()
    ]


@threadpool_limits.wrap(limits=1)
def times(nets: dict[str, Network], batch: int = 256) -> dict[str, float]:
    """Return the time of a forward pass of each network, as a share of the first one's,
    with one BLAS thread.
    """
    x = np.random.default_rng(0).random((batch, 1, 8, 8), dtype=np.float32)
    found = {
        name: measuring.shortest_seconds(lambda net=net: net.forward(x))
        for name, net in nets.items()
    }
    first = next(iter(found.values()))
    return {name: seconds / first for name, seconds in found.items()}
