"""The zoo: one function per network, each returning a `Model` and citing its paper;
`ZOO` maps names to functions.

A bare name means what torchvision means by it; a network as first published carries its
year. The rows of `FIRST` are the networks that the first lectures speak of as a whole.
"""

from collections.abc import Callable

from ..graph import Model
from .alexnet import alexnet, alexnet_2012, alexnet_ungrouped
from .convnext import convnext_base, convnext_large, convnext_small, convnext_tiny
from .densenet import densenet121, densenet161, densenet169, densenet201
from .efficientnet_v2 import efficientnet_v2_l, efficientnet_v2_m, efficientnet_v2_s
from .huggingface import from_huggingface as from_huggingface
from .inception import (
    googlenet,
    googlenet_2014,
    googlenet_2014_aux,
    googlenet_2014_floor,
    googlenet_aux,
)
from .inception_v3 import inception_v3, inception_v3_aux
from .language import FUNCTIONS as _LANGUAGE
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
from .mobile_v3 import (
    ghostnet,
    mnasnet0_5,
    mnasnet0_75,
    mnasnet1_0,
    mnasnet1_3,
    mobilenet_v3_large,
    mobilenet_v3_small,
)
from .onnx_files import from_onnx as from_onnx
from .regnet import (
    regnet_x_1_6gf,
    regnet_x_3_2gf,
    regnet_x_8gf,
    regnet_x_16gf,
    regnet_x_32gf,
    regnet_x_400mf,
    regnet_x_800mf,
    regnet_y_1_6gf,
    regnet_y_3_2gf,
    regnet_y_8gf,
    regnet_y_16gf,
    regnet_y_32gf,
    regnet_y_128gf,
    regnet_y_400mf,
    regnet_y_800mf,
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
    resnext50_32x4d,
    resnext101_32x8d,
    resnext101_64x4d,
    wide_resnet50_2,
    wide_resnet101_2,
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
)
from .shufflenet import (
    shufflenet_v1_g1,
    shufflenet_v1_g2,
    shufflenet_v1_g3,
    shufflenet_v1_g4,
    shufflenet_v1_g8,
    shufflenet_v2_x0_5,
    shufflenet_v2_x1_0,
    shufflenet_v2_x1_5,
    shufflenet_v2_x2_0,
)
from .squeezenet import squeezenet1_0, squeezenet1_1
from .swin import maxvit_t, swin_b, swin_s, swin_t, swin_v2_b, swin_v2_s, swin_v2_t
from .vgg import (
    vgg11,
    vgg11_bn,
    vgg13,
    vgg13_bn,
    vgg16,
    vgg16_bn,
    vgg19,
    vgg19_bn,
)
from .vit import vit_b_16, vit_b_32, vit_h_14, vit_l_16, vit_l_32

_FIRST = (
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
_EFFICIENT = (
    *(squeezenet1_0, squeezenet1_1, mobilenet_v3_large, mobilenet_v3_small),
    *(shufflenet_v1_g1, shufflenet_v1_g2, shufflenet_v1_g3),
    *(shufflenet_v1_g4, shufflenet_v1_g8),
    *(shufflenet_v2_x0_5, shufflenet_v2_x1_0, shufflenet_v2_x1_5, shufflenet_v2_x2_0),
    *(ghostnet, mnasnet0_5, mnasnet0_75, mnasnet1_0, mnasnet1_3),
    *(efficientnet_v2_s, efficientnet_v2_m, efficientnet_v2_l),
)
_WIDER = (
    *(vgg11_bn, vgg13_bn, vgg16_bn, vgg19_bn),
    *(densenet121, densenet161, densenet169, densenet201),
    *(resnext50_32x4d, resnext101_32x8d, resnext101_64x4d),
    *(wide_resnet50_2, wide_resnet101_2),
    *(regnet_x_400mf, regnet_x_800mf, regnet_x_1_6gf, regnet_x_3_2gf),
    *(regnet_x_8gf, regnet_x_16gf, regnet_x_32gf),
    *(regnet_y_400mf, regnet_y_800mf, regnet_y_1_6gf, regnet_y_3_2gf),
    *(regnet_y_8gf, regnet_y_16gf, regnet_y_32gf, regnet_y_128gf),
    *(convnext_tiny, convnext_small, convnext_base, convnext_large),
)
_PATCHES = (
    *(vit_b_32, vit_l_16, vit_l_32, vit_h_14),
    *(swin_t, swin_s, swin_b, swin_v2_t, swin_v2_s, swin_v2_b, maxvit_t),
)


def _named(functions: tuple) -> dict[str, Callable[[], Model]]:
    return {function.__name__: function for function in functions}


FIRST = _named(_FIRST)
ZOO = FIRST | _named((*_EFFICIENT, *_WIDER, *_PATCHES)) | _LANGUAGE
