"""Vision transformers: patches of an image as a sequence.

>>> vit_l_32().input_shape
(3, 224, 224)
"""

from ..graph import Builder, Model
from ..layers import (
    Attention,
    Conv2d,
    LayerNorm,
    Linear,
    Patches,
    PositionEmbedding,
    TakeToken,
)
from .sequence import pre_norm_block

DOSOVITSKIY = "Dosovitskiy et al. 2021, An image is worth 16x16 words, ICLR"


def vit_b_16() -> Model:
    """ViT-B/16 at 224 pixels: 196 patches and a class token, twelve pre-norm blocks.

    Source: Dosovitskiy et al. 2021, table 1.
    """
    return _vit("ViT-B/16", 16, blocks=12, features=768, heads=12)


def vit_b_32() -> Model:
    """ViT-B/32: 49 patches and a class token. Source: Dosovitskiy et al. 2021, table
    1.
    """
    return _vit("ViT-B/32", 32, blocks=12, features=768, heads=12)


def vit_l_16() -> Model:
    """ViT-L/16: 24 blocks of 1024 features. Source: Dosovitskiy et al. 2021, table
    1.
    """
    return _vit("ViT-L/16", 16, blocks=24, features=1024, heads=16)


def vit_l_32() -> Model:
    """ViT-L/32: 24 blocks of 1024 features, 49 patches. Source: Dosovitskiy et al.
    2021, table 1.
    """
    return _vit("ViT-L/32", 32, blocks=24, features=1024, heads=16)


def vit_h_14() -> Model:
    """ViT-H/14: 32 blocks of 1280 features, 256 patches. Source: Dosovitskiy et al.
    2021, table 1.
    """
    return _vit("ViT-H/14", 14, blocks=32, features=1280, heads=16)


def _vit(name: str, patch: int, *, blocks: int, features: int, heads: int) -> Model:
    net = Builder(name, (3, 224, 224), source=DOSOVITSKIY)
    x = net(Conv2d(features, patch, stride=patch), net.input, name="patch_embedding")
    x = net.chain(
        x, Patches(extra=1), PositionEmbedding(), names=("patches", "positions")
    )
    for i in range(blocks):
        with net.scope(f"block{i}"):
            x = pre_norm_block(net, x, Attention(heads), 4 * features)
    names = ("norm", "class_token", "head")
    return net.model(net.chain(x, LayerNorm(), TakeToken(0), Linear(1000), names=names))
