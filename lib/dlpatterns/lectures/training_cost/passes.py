"""Forward, backward, update: counted, traced, and multiplied by a run's examples."""

import numpy as np

from ... import counting, kernels, models, tracing
from ...graph import Model
from ...train import losses, network


def traced_mlp(net: network.Network, x: np.ndarray, labels: np.ndarray):
    """Run one step of training a two-layer perceptron on traced arrays; return a tally
    for each part of it, and the gradient of the first weights.
    """
    arrays = {
        name: tracing.trace(net.params[name], name.split(".")[1])
        for name in ("hidden1.weight", "hidden1.bias", "output.weight", "output.bias")
    }
    w1, b1, w2, b2 = arrays.values()
    x, passes = tracing.trace(x.reshape(len(x), -1), "x"), {}
    linear = kernels.linear.linear_matmul
    with tracing.tally() as passes["forward"]:
        before = linear(x, w1, b1)
        active = kernels.activations.relu(before)
        answer = linear(active, w2, b2)
    loss = losses.softmax_cross_entropy(tracing.plain(answer), labels)[1]
    grad = tracing.trace(loss, "gradient")
    with tracing.tally() as passes["gradient of the hidden units"]:
        to_active = grad @ w2
    to_before = tracing.plain(to_active) * (tracing.plain(before) > 0)
    to_before = tracing.trace(to_before, "gradient")
    with tracing.tally() as passes["gradients of the weights"]:
        to_w2, to_w1 = grad.T @ active, to_before.T @ x
    with tracing.tally() as passes["gradient of the pixels"]:
        to_before @ w1
    with tracing.tally() as passes["update"]:
        w1, w2 = w1 - 0.1 * to_w1, w2 - 0.1 * to_w2
    return passes, tracing.plain(to_w1)


def library_gradient(
    net: network.Network, x: np.ndarray, labels: np.ndarray
) -> np.ndarray:
    """Return the gradient of the first weights as the library's training computes
    it.
    """
    net.backward(losses.softmax_cross_entropy(net.forward(x), labels)[1])
    return net.grads["hidden1.weight"]


def pass_rows(passes: dict[str, tracing.Tally]) -> list[dict]:
    """Return one row for each part of a step of training: MACs, beside those of the
    forward pass, and other operations.
    """
    forward = passes["forward"].macs
    return [
        {
            "part": name,
            "MACs": t.macs,
            "forward = 1": t.macs / forward,
            "other operations": sum(t.other.values()),
        }
        for name, t in passes.items()
    ]


def traced_convolution(channels: int = 2, filters: int = 3, side: int = 6) -> dict:
    """Run a 3 x 3 convolution and its gradients on traced arrays; return the MACs of
    both passes, and how often a weight is used.
    """
    rng = np.random.default_rng(0)
    x = tracing.trace(rng.normal(size=(1, channels, side, side)), "x")
    weight = tracing.trace(rng.normal(size=(filters, channels, 3, 3)), "weight")
    with tracing.tally() as forward:
        y = kernels.convolution.conv2d(x, weight)
    grad = tracing.trace(rng.normal(size=y.shape), "gradient")
    with tracing.tally() as backward:
        kernels.convolution.conv2d_backward(grad, x, weight)
    return {
        "forward": forward.macs,
        "backward": backward.macs,
        "uses": forward.macs / weight.size,
    }


def backward_ratio(model: Model) -> float:
    """Return backward MACs over forward MACs: two products for each of the forward
    pass, but one for a first layer with nothing to train below it.
    """
    counts = counting.count(model)
    first = next(layer for layer in counts.layers if layer.macs)
    below = counts.layers[: counts.layers.index(first)]
    trained_below = any(layer.params for layer in below)
    return 2 if trained_below else 2 - first.macs / counts.macs


def run_macs(model: Model, examples: int) -> float:
    """Return the MACs of a training run: forward and backward for every example."""
    return examples * counting.count(model).macs * (1 + backward_ratio(model))


def famous() -> list[Model]:
    """Return networks of three decades, on images and on text."""
    return [
        models.lenet5(),
        models.alexnet_2012(),
        models.vgg16(),
        models.resnet50(),
        models.vit_b_16(),
        models.gpt2(),
    ]


def ratio_rows(networks: list[Model]) -> list[dict]:
    """Return one row a network: the share of the first layer, backward over forward,
    and how often an example uses a parameter.
    """
    return [_ratio_row(model) for model in networks]


def _ratio_row(model: Model) -> dict:
    counts = counting.count(model)
    examples = model.input_shape[0] if len(model.input_shape) == 1 else 1
    tokens = any(layer.kind == "Embedding" for layer in counts.layers)
    examples = examples if tokens else 1
    per_example = counts.macs / examples
    return {
        "network": model.name,
        "an example is": "a token" if tokens else "an image",
        "params": counts.params,
        "MACs an example": round(per_example),
        "uses of a parameter": per_example / counts.params,
        "backward / forward": backward_ratio(model),
        "6 N D over the count": 3
        / (per_example / counts.params)
        / (1 + backward_ratio(model)),
    }
