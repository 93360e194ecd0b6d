"""Three networks that are all called LeNet-5."""

from ..graph import Builder, Model
from ..layers import (
    Activation,
    AvgPool2d,
    ConnectedConv2d,
    Conv2d,
    EuclideanRBF,
    Flatten,
    Linear,
    MaxPool2d,
    Subsample2d,
)

LECUN = (
    "LeCun et al. 1998, Gradient-based learning applied to document recognition, "
    "Proc. IEEE 86(11)"
)

# Table I of LeCun et al. 1998: the six maps of S2 that each of the sixteen maps of C3
# sees.
C3_CONNECTIONS = (
    *(tuple(sorted((m + i) % 6 for i in range(3))) for m in range(6)),
    *(tuple(sorted((m + i) % 6 for i in range(4))) for m in range(6)),
    (0, 1, 3, 4),
    (1, 2, 4, 5),
    (0, 2, 3, 5),
    (0, 1, 2, 3, 4, 5),
)


def lenet5_1998() -> Model:
    """LeNet-5 as LeCun published it: C3 sparsely connected, trained subsampling,
    Euclidean output units.

    Source: LeCun et al. 1998, section II-B and table I: 60,000 trainable parameters,
    340,908 connections.
    """
    net = Builder("LeNet-5 (1998)", (1, 32, 32), source=LECUN)
    x, squash = net.input, Activation("scaled_tanh")
    for name, spec in (
        ("c1", Conv2d(6, 5)),
        ("s2", Subsample2d(2)),
        ("c3", ConnectedConv2d(C3_CONNECTIONS, 5)),
        ("s4", Subsample2d(2)),
        ("c5", Conv2d(120, 5)),
    ):
        x = net.chain(x, spec, squash, names=(name, f"{name}_tanh"))
    x = net.chain(x, Flatten(), Linear(84), squash, names=("flatten", "f6", "f6_tanh"))
    return net.model(net(EuclideanRBF(10), x, name="output"))


def lenet5() -> Model:
    """LeNet-5 as textbooks draw it: C3 connected to all maps, plain average pooling,
    three full connections.

    Source: the shapes of LeCun et al. 1998 with every connection of C3 present.
    """
    net = Builder("LeNet-5 (textbook)", (1, 32, 32), source=LECUN)
    x = net.chain(
        net.input,
        Conv2d(6, 5),
        Activation("tanh"),
        AvgPool2d(2),
        names=("c1", "c1_tanh", "s2"),
    )
    x = net.chain(
        x,
        Conv2d(16, 5),
        Activation("tanh"),
        AvgPool2d(2),
        names=("c3", "c3_tanh", "s4"),
    )
    x = net.chain(
        x,
        Flatten(),
        Linear(120),
        Activation("tanh"),
        names=("flatten", "c5", "c5_tanh"),
    )
    x = net.chain(
        x, Linear(84), Activation("tanh"), Linear(10), names=("f6", "f6_tanh", "output")
    )
    return net.model(x)


def lenet_caffe() -> Model:
    """The "LeNet" of the Caffe examples, which Deep Compression calls LeNet-5: 20 and
    50 filters, 28 x 28 input.

    Source: Caffe, examples/mnist/lenet.prototxt; Han et al. 2016, table 1 (1720 KB).
    """
    net = Builder(
        "LeNet (Caffe)", (1, 28, 28), source="Caffe, examples/mnist/lenet.prototxt"
    )
    x = net.chain(net.input, Conv2d(20, 5), MaxPool2d(2), names=("conv1", "pool1"))
    x = net.chain(x, Conv2d(50, 5), MaxPool2d(2), names=("conv2", "pool2"))
    x = net.chain(
        x, Flatten(), Linear(500), Activation("relu"), names=("flatten", "ip1", "relu1")
    )
    return net.model(net(Linear(10), x, name="ip2"))
