"""Count the bytes that PyTorch saves for the backward pass of one block: of GPT with
dropout, of a gated block with shared keys, and of the same with fused kernels.

Independent of the machine. Parameters, and what is kept once a token or in 32 bits
(means, deviations, logarithms of sums), are left out. Written to
tests/pytorch_activations.json.

    pip install -r benchmarks/requirements.txt
    python benchmarks/activation_references.py
"""

import json
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

RESULT = Path(__file__).resolve().parent.parent / "tests" / "pytorch_activations.json"
BF16 = torch.bfloat16


def dropped(x: Tensor, share: float) -> Tensor:
    """Drop out with a mask of one byte a number, as a GPU does."""
    return torch.native_dropout(x, share, True)[0] if share else x


class Attention(nn.Module):
    """Causal attention whose heads share keys in groups, nothing copied for it."""

    def __init__(self, features: int, heads: int, kv_heads: int, dropout: float):
        super().__init__()
        self.heads, self.kv_heads, self.dropout = heads, kv_heads, dropout
        self.size = features // heads
        width = kv_heads * self.size
        self.query = nn.Linear(features, features, bias=False)
        self.key = nn.Linear(features, width, bias=False)
        self.value = nn.Linear(features, width, bias=False)
        self.out = nn.Linear(features, features, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        tokens = len(x)
        group = self.heads // self.kv_heads
        shape = (self.kv_heads, group * tokens, self.size)
        query = self.query(x).view(tokens, self.kv_heads, group, self.size)
        query = query.permute(1, 2, 0, 3).reshape(shape)
        key, value = (
            one(x).view(tokens, self.kv_heads, self.size).transpose(0, 1)
            for one in (self.key, self.value)
        )
        scores = (query @ key.transpose(1, 2)) * self.size**-0.5
        later = torch.full((tokens, tokens), float("-inf"), dtype=x.dtype).triu(1)
        scores = scores.view(self.heads, tokens, tokens) + later
        weights = dropped(scores.softmax(-1), self.dropout)
        answer = weights.view(self.kv_heads, group * tokens, tokens) @ value
        answer = answer.view(self.heads, tokens, self.size).transpose(0, 1)
        return self.out(answer.reshape(tokens, -1))


class Fused(Attention):
    """The same in one kernel; every head has keys of its own."""

    def forward(self, x: Tensor) -> Tensor:
        query, key, value = (
            one(x).view(len(x), self.heads, self.size).transpose(0, 1)[None]
            for one in (self.query, self.key, self.value)
        )
        answer = functional.scaled_dot_product_attention(
            query, key, value, is_causal=True
        )
        return self.out(answer[0].transpose(0, 1).reshape(len(x), -1))


class GatedProduct(torch.autograd.Function):
    """silu(gate) * up, which keeps its inputs alone."""

    @staticmethod
    def forward(ctx, gate: Tensor, up: Tensor) -> Tensor:
        ctx.save_for_backward(gate, up)
        return functional.silu(gate) * up

    @staticmethod
    def backward(ctx, grad: Tensor) -> tuple[Tensor, Tensor]:
        gate, up = ctx.saved_tensors
        share = torch.sigmoid(gate)
        slope = share * (1 + gate * (1 - share))
        return grad * up * slope, grad * functional.silu(gate)


class Gated(nn.Module):
    """A feed-forward part with a gate."""

    def __init__(self, features: int, hidden: int, fused: bool):
        super().__init__()
        self.fused = fused
        self.gate = nn.Linear(features, hidden, bias=False)
        self.up = nn.Linear(features, hidden, bias=False)
        self.down = nn.Linear(hidden, features, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        gate, up = self.gate(x), self.up(x)
        both = (
            GatedProduct.apply(gate, up) if self.fused else functional.silu(gate) * up
        )
        return self.down(both)


class Plain(nn.Module):
    """A feed-forward part with GELU."""

    def __init__(self, features: int, hidden: int):
        super().__init__()
        self.up = nn.Linear(features, hidden, bias=False)
        self.down = nn.Linear(hidden, features, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.down(functional.gelu(self.up(x)))


class Block(nn.Module):
    """Normalise, attend, add; normalise, feed forward, add."""

    def __init__(self, features: int, attention: nn.Module, forward: nn.Module):
        super().__init__()
        self.before = nn.LayerNorm(features), nn.LayerNorm(features)
        self.before = nn.ModuleList(self.before)
        self.attention, self.part = attention, forward
        self.dropout = attention.dropout

    def forward(self, x: Tensor) -> Tensor:
        first, second = self.before
        x = x + self.drop(self.attention(first(x)))
        return x + self.drop(self.part(second(x)))

    def drop(self, x: Tensor) -> Tensor:
        return dropped(x, self.dropout)


def saved(block: nn.Module, tokens: int, features: int) -> int:
    """Return the bytes of 16 and of 8 bits that a forward pass keeps, each storage
    once.
    """
    block = block.to(BF16)
    weights = {one.untyped_storage().data_ptr() for one in block.parameters()}
    kept: dict[int, int] = {}
    alive = []  # so that no address is used twice

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        ours = storage.data_ptr() in weights or tensor.numel() == tokens
        if not ours and tensor.dtype in (BF16, torch.bool):
            kept[storage.data_ptr()] = storage.nbytes()
        alive.append(tensor)
        return tensor

    x = torch.randn(tokens, features, dtype=BF16, requires_grad=True)
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        block(x)
    return sum(kept.values())


def main() -> None:
    """Count three blocks in two sizes and store the bytes."""
    cases = []
    for tokens, features, heads in ((32, 64, 4), (48, 96, 8)):
        hidden, shared = 3 * features, heads // 4
        sizes = {"tokens": tokens, "features": features, "heads": heads}
        blocks = {
            "GPT": (
                {"units": 4 * features, "kv_heads": heads},
                Attention(features, heads, heads, 0.1),
                Plain(features, 4 * features),
            ),
            "gated": (
                {"units": hidden, "kv_heads": shared},
                Attention(features, heads, shared, 0.0),
                Gated(features, hidden, fused=False),
            ),
            "gated, fused": (
                {"units": hidden, "kv_heads": heads},
                Fused(features, heads, heads, 0.0),
                Gated(features, hidden, fused=True),
            ),
        }
        for name, (more, attention, part) in blocks.items():
            count = saved(Block(features, attention, part), tokens, features)
            cases.append({"block": name} | sizes | more | {"bytes": count})
            print(cases[-1])
    stored = {"torch": torch.__version__, "cases": cases}
    RESULT.write_text(json.dumps(stored, indent=1) + "\n")


if __name__ == "__main__":
    main()
