"""Three networks that are all called AlexNet."""

from ..graph import Builder, Model, Node
from ..layers import (
    Activation,
    Dropout,
    Flatten,
    Linear,
    LocalResponseNorm,
    MaxPool2d,
    Softmax,
)
from .blocks import conv

KRIZHEVSKY = (
    "Krizhevsky et al. 2012, ImageNet classification with deep convolutional "
    "neural networks, NeurIPS"
)
ONE_WEIRD_TRICK = (
    "Krizhevsky 2014, One weird trick for "
    "parallelizing convolutional neural "
    "networks, arXiv:1404.5997"
)


def alexnet_2012() -> Model:
    """AlexNet as published: conv2, conv4 and conv5 in two groups, one on each of two
    GPUs.

    The paper says 224 pixels, which gives no 55 x 55 maps; 227 does.
    Source: Krizhevsky et al. 2012, section 3.5 and figure 2.
    """
    return _alexnet("AlexNet (2012)", groups=2)


def alexnet_ungrouped() -> Model:
    """AlexNet on one device: the network of 2012 with every convolution connected to
    all channels.

    Source: Krizhevsky et al. 2012 with groups removed, as many reimplementations have
    it.
    """
    return _alexnet("AlexNet (ungrouped)", groups=1)


def _alexnet(name: str, *, groups: int) -> Model:
    net = Builder(name, (3, 227, 227), source=KRIZHEVSKY)
    x = conv(net, net.input, 96, 11, name="conv1", stride=4)
    x = net.chain(x, LocalResponseNorm(5), MaxPool2d(3, 2), names=("norm1", "pool1"))
    x = conv(net, x, 256, 5, name="conv2", padding=2, groups=groups)
    x = net.chain(x, LocalResponseNorm(5), MaxPool2d(3, 2), names=("norm2", "pool2"))
    x = conv(net, x, 384, 3, name="conv3", padding=1)
    x = conv(net, x, 384, 3, name="conv4", padding=1, groups=groups)
    x = conv(net, x, 256, 3, name="conv5", padding=1, groups=groups)
    x = net(MaxPool2d(3, 2), x, name="pool5")
    return net.model(net(Softmax(), classifier(net, x), name="softmax"))


def alexnet() -> Model:
    """AlexNet as torchvision has it: "one weird trick", 64 filters of 11 x 11, no
    groups, no response normalisation.

    Source: Krizhevsky 2014; torchvision.models.alexnet.
    """
    net = Builder("AlexNet (torchvision)", (3, 224, 224), source=ONE_WEIRD_TRICK)
    x = conv(net, net.input, 64, 11, name="conv1", stride=4, padding=2)
    x = net(MaxPool2d(3, 2), x, name="pool1")
    x = conv(net, x, 192, 5, name="conv2", padding=2)
    x = net(MaxPool2d(3, 2), x, name="pool2")
    for name, channels in (("conv3", 384), ("conv4", 256), ("conv5", 256)):
        x = conv(net, x, channels, 3, name=name, padding=1)
    x = net(MaxPool2d(3, 2), x, name="pool5")
    return net.model(classifier(net, x))


def classifier(net: Builder, x: Node) -> Node:
    """Add the three full connections that AlexNet and VGG end with."""
    x = net(Flatten(), x, name="flatten")
    for name in ("fc6", "fc7"):
        x = net.chain(
            x,
            Linear(4096),
            Activation("relu"),
            Dropout(),
            names=(name, f"{name}_relu", f"{name}_drop"),
        )
    return net(Linear(1000), x, name="fc8")
