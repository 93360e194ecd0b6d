"""Exercises of the lecture on efficient networks: a separable layer, its share of the
MACs, a shuffle, a skip connection's bytes, and a description of your own choice.
"""

from dlpatterns.exercises._tasks import Formula, Function, Value, call
from dlpatterns.models import language


def _orders(rng):
    """Yield numbers of channels and groups that divide them, unequal ones too."""
    for channels, groups in ((6, 2), (6, 3), (8, 1), (8, 8), (12, 3), (12, 4)):
        yield call(channels, groups)
    for _ in range(6):
        groups = int(rng.integers(2, 7))
        yield call(groups * int(rng.integers(2, 9)), groups)


def shuffle(channels, groups):
    per = channels // groups
    return [row * per + column for column in range(per) for row in range(groups)]


def _unchanged(channels, groups):
    return list(range(channels))


def _other_way(channels, groups):
    per = channels // groups
    return [row * groups + column for column in range(groups) for row in range(per)]


def _reversed_groups(channels, groups):
    per = channels // groups
    return [g * per + c for g in reversed(range(groups)) for c in range(per)]


def _configs(rng):
    """Yield the four entries of small descriptions and of published ones."""
    yield call(_config(4096, 11008, 32, 32))
    yield call(_config(4096, 14336, 32, 8))
    yield call(language.PUBLISHED["qwen2_5_0_5b"]["config"])
    for _ in range(5):
        heads = 2 ** int(rng.integers(2, 5))
        shared = heads // 2 ** int(rng.integers(0, 3))
        width = heads * 8 * int(rng.integers(2, 6))
        yield call(_config(width, 3 * width, heads, shared))


def _config(hidden, inner, heads, shared):
    return {
        "hidden_size": hidden,
        "intermediate_size": inner,
        "num_attention_heads": heads,
        "num_key_value_heads": shared,
    }


def block_weights(config):
    hidden, inner = config["hidden_size"], config["intermediate_size"]
    share = config["num_key_value_heads"] / config["num_attention_heads"]
    attention = 2 * hidden * hidden + 2 * hidden * round(hidden * share)
    return attention + 3 * hidden * inner


def _all_heads(config):
    hidden = config["hidden_size"]
    return 4 * hidden * hidden + 3 * hidden * config["intermediate_size"]


def _two_matrices(config):
    return block_weights(config) - config["hidden_size"] * config["intermediate_size"]


def _no_output(config):
    return block_weights(config) - config["hidden_size"] ** 2


TASKS = {
    "separable": Value(
        answer=32 * 9 + 32 * 64,
        title="One filter a map, then a mixture",
        explanation=(
            "The depthwise part has one 3 × 3 filter for each of 32 maps; the 1 × 1 "
            "part mixes 32 maps into 64."
        ),
        solution="32 * 9 + 32 * 64",
        expects="the number of weights of both parts together, a whole number",
        mistakes=[
            (32 * 64 * 9, "That is the full convolution that is to be replaced."),
            (32 * 9, "That is the depthwise part; add the 1 × 1 that mixes."),
            (32 * 64, "That is the 1 × 1 part; add one 3 × 3 filter for each map."),
            (64 * 9 + 32 * 64, "Depthwise filters work on the 32 maps that come in."),
            (
                32 * 9 * 32 * 64,
                "The two parts stand one behind the other: add, don't multiply.",
            ),
        ],
        why=(
            "2,336 weights for 18,432. Most of what is left sits in the 1 × 1 part, "
            "which is a plain matrix product."
        ),
    ),
    "share": Formula(
        answer="1/M + 1/(R*S)",
        where={"M": range(1, 300), "R": range(1, 12), "S": range(1, 12)},
        title="What is left of the MACs?",
        explanation=(
            "C R S + C M MACs a place stand for C M R S; divide, and C goes out."
        ),
        expects="the share as a formula in M, R and S",
        mistakes=[
            ("1/(R*S)", "The 1 × 1 part alone; the depthwise part does work too."),
            ("1/M", "The depthwise part alone; the 1 × 1 part does most of the work."),
            ("1/(M*R*S)", "The two parts follow each other: their shares add up."),
            ("M/(M+R*S)", "Divide both parts by C M R S."),
            ("M*R*S/(M+R*S)", "Turn it round: the share that is left is below one."),
        ],
        why=(
            "Many filters make the first term small; then 3 × 3 leaves a ninth, and "
            "5 × 5 a twenty-fifth: large filters become cheap."
        ),
    ),
    "shuffle": Function(
        reference=shuffle,
        cases=_orders,
        title="The shuffle",
        explanation=(
            "Write the channels into one row a group and read the table by columns."
        ),
        expects="a list: which channel stands at each place",
        mistakes=[
            (_unchanged, "That is the order before the shuffle."),
            (_other_way, "One row a *group*; you have one column a group."),
            (_reversed_groups, "Whole groups have changed places; mix their channels."),
        ],
        why=(
            "It is a transposition: no MAC, no weight, and every byte of the map "
            "moves, unless the next layer reads through the new order."
        ),
        points=2,
    ),
    "skip": Value(
        answer=256 * 56 * 56 * 2 / 1e6,
        title="What waits for the shortcut?",
        explanation="256 maps of 56 × 56 values of two bytes.",
        solution="256 * 56 * 56 * 2 / 1e6",
        expects="megabytes (10⁶ bytes)",
        mistakes=[
            (256 * 56 * 56 / 1e6, "FP16: two bytes a value."),
            (256 * 56 * 56 * 4 / 1e6, "FP16 has two bytes, not four."),
            (
                64 * 56 * 56 * 2 / 1e6,
                "The shortcut carries the wide map: 256.",
            ),
            (256 * 56 * 2 / 1e6, "56 × 56 places."),
        ],
        why=(
            "The block's own maps have a quarter of the channels. A buffer that holds "
            "the block does not yet hold the shortcut that goes round it."
        ),
    ),
    "own": Function(
        reference=block_weights,
        cases=_configs,
        title="A description of your own choice",
        explanation=(
            "Queries and output are square; keys and values have a share of the heads; "
            "a gated feed-forward part has three matrices."
        ),
        expects="the number of weights of one block, a whole number",
        mistakes=[
            (_all_heads, "Keys and values have num_key_value_heads heads only."),
            (_two_matrices, "The gated feed-forward part has three matrices."),
            (_no_output, "Attention ends in a fourth matrix, that of the output."),
        ],
        why=(
            "Four numbers of a config.json fix all matrices of a block. Count one of "
            "your own choice with models.from_huggingface and compare."
        ),
        points=2,
    ),
}
