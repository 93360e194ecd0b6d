"""Bytes of keys and values against published figures, intensities against hand
counts.
"""

import numpy as np
import pytest

from dlpatterns import models
from dlpatterns.counting import count, decoding
from dlpatterns.kernels.multi_head import KVCache

PUBLISHED = {  # bytes a token in 16 bits, as their authors print them
    "Llama-2-7B": 524_288,
    "Llama-3-8B": 131_072,
    "Llama-3.1-405B": 516_096,  # 516.096 KB, Zhao et al. 2025, table 1
    "Qwen-2.5-72B": 327_680,  # 327.680 KB, the same
    "DeepSeek-V3": 70_272,  # 70.272 KB, the same
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_bytes_per_token_are_the_published_ones(name):
    heads, row = decoding.published()[name]
    assert heads.bytes_per_token() == row["published_bytes"] == PUBLISHED[name]


def test_the_zoo_keeps_as_much():
    assert decoding.cache_bytes_per_token(models.llama2_7b()) == 524_288
    assert decoding.cache_bytes_per_token(models.llama2_7b(), "fp32") == 2 * 524_288
    with pytest.raises(ValueError, match=r"ResNet-50.* has no causal attention"):
        decoding.cache_bytes_per_token(models.resnet50())


def test_the_cache_itself_takes_as_much():
    """One layer of Llama-3-8B: 8 heads of 128, 16 bits."""
    heads, _ = decoding.published()["Llama-3-8B"]
    cache = KVCache(1, heads.kv_heads, 10, heads.head_dim, dtype=np.float16)
    assert heads.layers * cache.bytes_per_token == 131_072


def test_intensity_by_hand():
    """One query head reads 2 D numbers of 2 bytes a key and does 2 D MACs: half a MAC a
    byte; shared heads multiply it.
    """
    table = {name: heads for name, (heads, _) in decoding.published().items()}
    assert table["Llama-2-7B"].decode_intensity() == 0.5
    assert table["Llama-3-8B"].decode_intensity() == 4 * 0.5
    assert table["PaLM-540B"].decode_intensity() == 48 * 0.5
    assert table["DeepSeek-V3"].decode_intensity() == pytest.approx(
        128 * (576 + 512) / (576 * 2)
    )
    assert (
        table["Llama-2-7B"].prefill_intensity(4096) == 4096 / 4
    )  # 2 T^2 D MACs; Q, K, V and the result: 4 T D numbers


def test_a_llama_with_another_vocabulary():
    """Llama-3-8B has 8,030,261,248 parameters: Meta's checkpoint."""
    sizes = {
        "features": 4096,
        "blocks": 32,
        "heads": 32,
        "kv_heads": 8,
        "hidden": 14_336,
    }
    model = models.sequence.llama("Llama-3-8B", tokens=8, vocabulary=128_256, **sizes)
    assert count(model).params == 8_030_261_248
    assert decoding.cache_bytes_per_token(model) == 131_072
