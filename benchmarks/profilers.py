"""What the well-known counters report for the same networks, beside our exact counts.

Every counter runs in this one process on torchvision's networks with random weights;
nothing is downloaded. The result, with versions, goes to
lib/dlpatterns/data/profilers.json, which the lecture "Twenty years in one table" reads.

    pip install -r benchmarks/requirements.txt
    python benchmarks/profilers.py
"""

import contextlib
import io
import json
import platform
import warnings
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import torch
import torchvision
from torch import nn

from dlpatterns import models
from dlpatterns.counting import count
from dlpatterns.graph import Builder
from dlpatterns.layers import LSTM, Attention, Linear
from dlpatterns.models.sequence import transformer_encoder_block

TARGET = (
    Path(__file__).resolve().parent.parent
    / "lib"
    / "dlpatterns"
    / "data"
    / "profilers.json"
)
IMAGE = (1, 3, 224, 224)
TOKENS = (1, 128, 512)
WITH_FAST_PATH = ("vit_b_16", "MultiheadAttention", "Transformer encoder layer")


class Functional(nn.Module):
    """Two matrix multiplications written with functions, as a reader's own attention
    is: no module to hook.
    """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.softmax(x @ x.transpose(1, 2) / x.shape[-1] ** 0.5, -1) @ x


class Recurrent(nn.Module):
    """An LSTM layer that returns its outputs alone."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(512, 512, batch_first=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.lstm(x)[0]


class SelfAttention(nn.Module):
    """nn.MultiheadAttention of a sequence to itself."""

    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(512, 8, batch_first=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.attention(x, x, x, need_weights=False)[0]


def torchvision_network(name: str, **options: object) -> nn.Module:
    """Return torchvision's network with random weights."""
    return getattr(torchvision.models, name)(weights=None, **options)


def our_count(build: Callable) -> int:
    """Return our exact MACs of one layer or block on 128 tokens of 512 features."""
    net = Builder("one layer", TOKENS[1:])
    return count(net.model(build(net))).macs


def cases() -> dict[str, tuple[Callable[[], nn.Module], tuple[int, ...], int]]:
    """Return name -> (network, input shape, our MACs)."""
    zoo = {
        name: (
            lambda name=name, opts=opts: torchvision_network(name, **opts),
            shape,
            count(models.ZOO[ours]()).macs,
        )
        for name, ours, shape, opts in (
            ("alexnet", "alexnet", IMAGE, {}),
            ("vgg16", "vgg16", IMAGE, {}),
            (
                "googlenet",
                "googlenet",
                IMAGE,
                {"aux_logits": False, "init_weights": False},
            ),
            (
                "inception_v3",
                "inception_v3",
                (1, 3, 299, 299),
                {"aux_logits": False, "init_weights": False},
            ),
            ("resnet50", "resnet50", IMAGE, {}),
            ("mobilenet_v2", "mobilenet_v2", IMAGE, {}),
            ("efficientnet_b4", "efficientnet_b4", (1, 3, 380, 380), {}),
            ("vit_b_16", "vit_b_16", IMAGE, {}),
        )
    }
    block = our_count(
        lambda net: transformer_encoder_block(net, net.input, heads=8, hidden=2048)
    )
    return zoo | {
        "LSTM layer": (
            Recurrent,
            TOKENS,
            our_count(lambda net: net(LSTM(512, biases=2), net.input)),
        ),
        "MultiheadAttention": (
            SelfAttention,
            TOKENS,
            our_count(lambda net: net(Attention(8), net.input)),
        ),
        "Transformer encoder layer": (
            lambda: nn.TransformerEncoderLayer(512, 8, 2048, batch_first=True),
            TOKENS,
            block,
        ),
        "attention by hand": (Functional, TOKENS, 2 * 128 * 128 * 512),
        "Linear layer": (
            lambda: nn.Linear(512, 512),
            TOKENS,
            our_count(lambda net: net(Linear(512), net.input)),
        ),
    }


# --- The counters, each as (name it gives its number, function) -----------------------


def _torchinfo(model: nn.Module, x: torch.Tensor) -> int:
    from torchinfo import summary

    return summary(model, input_data=x, verbose=0).total_mult_adds


def _fvcore(model: nn.Module, x: torch.Tensor) -> int:
    from fvcore.nn import FlopCountAnalysis

    return (
        FlopCountAnalysis(model, x)
        .unsupported_ops_warnings(False)
        .uncalled_modules_warnings(False)
        .total()
    )


def _ptflops(model: nn.Module, x: torch.Tensor) -> int:
    from ptflops import get_model_complexity_info

    options = {"as_strings": False, "print_per_layer_stat": False, "verbose": False}
    return get_model_complexity_info(model, tuple(x.shape[1:]), **options)[0]


def _thop(model: nn.Module, x: torch.Tensor) -> int:
    from thop import profile

    return profile(model, inputs=(x,), verbose=False)[0]


def _torchprofile(model: nn.Module, x: torch.Tensor) -> int:
    from torchprofile import profile_macs

    return profile_macs(model, x)


def _torch(model: nn.Module, x: torch.Tensor) -> int:
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter:
        model(x)
    return counter.get_total_flops()


# name: (what it calls its number, how many of its units one MAC is meant to be,
# function)
COUNTERS = {
    "torchinfo": ("mult-adds", 1, _torchinfo),
    "fvcore": ("flops", 1, _fvcore),
    "ptflops": ("MACs", 1, _ptflops),
    "thop": ("MACs", 1, _thop),
    "torchprofile": ("MACs", 1, _torchprofile),
    "torch flop_counter": ("FLOPs", 2, _torch),
}


def measure(
    counter: Callable,
    build: Callable[[], nn.Module],
    shape: tuple[int, ...],
    *,
    fast: bool,
) -> int | str:
    """Return what a counter reports for a fresh network, or the name of the error it
    raised.

    `fast` lets PyTorch run attention as one fused operator, as it does by default at
    inference.
    """
    torch.manual_seed(0)
    torch.backends.mha.set_fastpath_enabled(fast)
    model = build().eval()
    try:
        with (
            torch.no_grad(),
            warnings.catch_warnings(),
            contextlib.redirect_stdout(io.StringIO()),
        ):
            warnings.simplefilter("ignore")
            return int(counter(model, torch.rand(shape)))
    except Exception as error:
        return type(error).__name__


def main() -> None:
    """Run every counter on every case, print the ratios to our MACs, and store the
    result.
    """
    rows = []
    for name, (build, shape, ours), fast in [
        (*case, fast) for case in cases().items() for fast in (True, False)
    ]:
        if not fast and name not in WITH_FAST_PATH:
            continue
        row = {
            "network": name,
            "fused_attention": fast,
            "input": list(shape[1:]),
            "ours": ours,
        }
        row |= {
            title: measure(function, build, shape, fast=fast)
            for title, (_, _, function) in COUNTERS.items()
        }
        rows.append(row)
        print(
            name,
            ours,
            {
                title: row[title] / ours if isinstance(row[title], int) else row[title]
                for title in COUNTERS
            },
        )
    packages = (
        "torch",
        "torchvision",
        "torchinfo",
        "fvcore",
        "ptflops",
        "thop",
        "torchprofile",
    )
    result = {
        "what": (
            "the number each counter reports for one inference (batch 1), beside "
            "our exact MACs"
        ),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in packages},
        "units": {
            title: {"called": called, "units_a_mac": units}
            for title, (called, units, _) in COUNTERS.items()
        },
        "rows": rows,
    }
    TARGET.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(f"stored in {TARGET.name}")


if __name__ == "__main__":
    main()
