"""When computing hides communicating: the least size at which a chip computes for as
long as its messages travel.

With peak C FLOP/s and a link of W bytes a second each way, C / W is to a link what the
ridge of a roofline is to a memory. Bytes are of rings; numbers travel in `bytes_each`
bytes. `flops` of a MAC are two, as in `hardware`.

>>> round(tokens_for_data(989e12, 50e9, ranks=1024))  # a chip, one step
19761
"""

from .messages import positive, whole


def ratio(peak: float, bandwidth: float) -> float:
    """Return the FLOP that a chip could do while one byte travels."""
    return positive(peak, "peak") / positive(bandwidth, "bandwidth")


def tokens_for_data(
    peak: float, bandwidth: float, ranks: int, *, bytes_each: int = 2
) -> float:
    """Return the tokens a chip needs in a step of data parallelism: its backward pass,
    4 FLOP a parameter and token, is to last as long as the all-reduce of gradients.

    The number of parameters cancels.
    """
    share = 2 * (whole(ranks, "ranks", 2) - 1) / ranks
    return ratio(peak, bandwidth) * share * bytes_each / 4


def tokens_for_sharded(
    peak: float, bandwidth: float, ranks: int, *, bytes_each: int = 2
) -> float:
    """Return the tokens a chip needs when the weights are cut too (ZeRO 3): a forward
    pass, 2 FLOP a parameter and token, is to last as long as gathering the weights.
    """
    share = (whole(ranks, "ranks", 2) - 1) / ranks
    return ratio(peak, bandwidth) * share * bytes_each / 2


def hidden_for_tensor(
    peak: float,
    bandwidth: float,
    ranks: int,
    *,
    bytes_each: int = 2,
    matrices: int = 2,
) -> float:
    """Return the hidden units a feed-forward part of two matrices, or three if gated,
    needs under tensor parallelism: its products, 2 E U / t FLOP a matrix and token, are
    to last as long as an all-reduce of E numbers a token. Tokens and E cancel, and
    sequence parallelism, which sends the same bytes in halves, has the same threshold.
    """
    share = (whole(ranks, "ranks", 2) - 1) / whole(matrices, "matrices")
    return ratio(peak, bandwidth) * share * bytes_each


def hidden_for_experts(
    peak: float, bandwidth: float, ranks: int, *, bytes_each: int = 2
) -> float:
    """Return the hidden units an expert of three matrices needs: 6 E U FLOP a token are
    to last as long as E numbers take to the expert and back.
    """
    share = (whole(ranks, "ranks", 2) - 1) / ranks
    return ratio(peak, bandwidth) * share * 2 * bytes_each / 6


def tokens_for_context(
    peak: float,
    bandwidth: float,
    *,
    heads: int,
    kv_heads: int,
    bytes_each: int = 2,
) -> float:
    """Return the tokens a chip needs in ring attention: the pairs of its queries with a
    block of keys, 4 H D FLOP each, are to last as long as the block's keys and values
    take to the next chip. The size of a head cancels.
    """
    share = whole(kv_heads, "kv_heads") / whole(heads, "heads")
    return ratio(peak, bandwidth) * share * 2 * bytes_each / 4


def blocks_for_pipeline(
    peak: float, bandwidth: float, features: int, *, bytes_each: int = 2
) -> float:
    """Return the blocks a stage needs, of 12 E² parameters each: 24 E² FLOP a token and
    block are to last as long as E numbers take to the next stage.
    """
    return ratio(peak, bandwidth) * bytes_each / (24 * whole(features, "features"))
