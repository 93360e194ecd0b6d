"""The zoo: one function per network, each returning a `Model` and citing its paper;
`ZOO` maps names to functions.

A bare name means what torchvision means by it; a network as first published carries its
year.
"""

from collections.abc import Callable

from ..graph import Model
from .alexnet import alexnet, alexnet_2012, alexnet_ungrouped
from .inception import (
    googlenet,
    googlenet_2014,
    googlenet_2014_aux,
    googlenet_2014_floor,
    googlenet_aux,
)
from .inception_v3 import inception_v3, inception_v3_aux
from .lenet import lenet5, lenet5_1998, lenet_caffe
from .mlp import mlp
from .mobile import (
    efficientnet_b0,
    efficientnet_b1,
    efficientnet_b2,
    efficientnet_b3,
    efficientnet_b4,
    efficientnet_b5,
    efficientnet_b6,
    efficientnet_b7,
    mobilenet_v1,
    mobilenet_v2,
)
from .resnet import (
    resnet18,
    resnet34,
    resnet50,
    resnet50_2015,
    resnet101,
    resnet101_2015,
    resnet152,
    resnet152_2015,
)
from .sequence import (
    gpt2,
    llama2_7b,
    llama2_70b,
    lstm_ptb_large,
    lstm_ptb_medium,
    lstm_ptb_small,
    mixtral_8x7b,
    transformer_base,
    vit_b_16,
)
from .vgg import vgg11, vgg13, vgg16, vgg19

_FUNCTIONS = (
    *(mlp, lenet5_1998, lenet5, lenet_caffe),
    *(alexnet_2012, alexnet_ungrouped, alexnet),
    *(vgg11, vgg13, vgg16, vgg19),
    *(
        googlenet_2014,
        googlenet_2014_floor,
        googlenet_2014_aux,
        googlenet,
        googlenet_aux,
        inception_v3,
        inception_v3_aux,
    ),
    *(
        resnet18,
        resnet34,
        resnet50_2015,
        resnet50,
        resnet101_2015,
        resnet101,
        resnet152_2015,
        resnet152,
    ),
    *(mobilenet_v1, mobilenet_v2),
    *(efficientnet_b0, efficientnet_b1, efficientnet_b2, efficientnet_b3),
    *(efficientnet_b4, efficientnet_b5, efficientnet_b6, efficientnet_b7),
    *(lstm_ptb_small, lstm_ptb_medium, lstm_ptb_large),
    *(transformer_base, gpt2, vit_b_16, llama2_7b, llama2_70b, mixtral_8x7b),
)
ZOO: dict[str, Callable[[], Model]] = {
    function.__name__: function for function in _FUNCTIONS
}
