"""One frozen dataclass per kind of layer: shapes in, shape out, and nothing else.

A shape describes one example, without the batch: an image is ``(C, H, W)``, a sequence
``(T, D)``, a vector ``(D,)``. What a layer costs is said in `counting`, what it
computes in `kernels`. `windows` has what slides over a map, `plain` what works value by
value or row by row, `joins` where branches meet, `sequences` recurrence and attention,
`maps` what Transformers brought to maps, `operators` what a file brings.

>>> Conv2d(64, 7, stride=2, padding=3).output_shape((3, 224, 224))
(64, 112, 112)
"""

from .base import Pair, Shape, Spec, pair
from .joins import Add, Concat, Multiply
from .maps import ChannelNorm, ChannelScale, SpaceToDepth, WindowAttention
from .operators import Operator
from .plain import (
    ACTIVATIONS,
    Activation,
    BatchNorm2d,
    Dropout,
    EuclideanRBF,
    Flatten,
    LayerNorm,
    Linear,
    LocalResponseNorm,
    Patches,
    RMSNorm,
    ShuffleChannels,
    Softmax,
    TakeChannels,
    TakeToken,
)
from .sequences import (
    GRU,
    LSTM,
    RNN,
    Attention,
    Bidirectional,
    Embedding,
    Experts,
    Given,
    LatentAttention,
    PositionEmbedding,
)
from .windows import (
    AvgPool2d,
    ConnectedConv2d,
    Conv2d,
    ConvTranspose2d,
    GlobalAvgPool2d,
    MaxPool2d,
    Subsample2d,
    window_positions,
)

__all__ = [
    "ACTIVATIONS",
    "GRU",
    "LSTM",
    "RNN",
    "Activation",
    "Add",
    "Attention",
    "AvgPool2d",
    "BatchNorm2d",
    "Bidirectional",
    "ChannelNorm",
    "ChannelScale",
    "Concat",
    "ConnectedConv2d",
    "Conv2d",
    "ConvTranspose2d",
    "Dropout",
    "Embedding",
    "EuclideanRBF",
    "Experts",
    "Flatten",
    "Given",
    "GlobalAvgPool2d",
    "LatentAttention",
    "LayerNorm",
    "Linear",
    "LocalResponseNorm",
    "MaxPool2d",
    "Multiply",
    "Operator",
    "Pair",
    "Patches",
    "PositionEmbedding",
    "RMSNorm",
    "Shape",
    "ShuffleChannels",
    "Softmax",
    "SpaceToDepth",
    "Spec",
    "Subsample2d",
    "TakeChannels",
    "TakeToken",
    "WindowAttention",
    "pair",
    "window_positions",
]
