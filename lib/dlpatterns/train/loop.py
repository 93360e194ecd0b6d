"""The training loop: shuffled batches, a loss, an optimiser; and how well the result
does.

Both run with one BLAS thread: a small product gains nothing from a second, and loses
much where the cores are busy.
"""

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
from threadpoolctl import threadpool_limits
from tqdm.auto import tqdm

from .losses import softmax_cross_entropy
from .network import Network
from .optimisers import SGD, Adam

Loss = Callable[[np.ndarray, np.ndarray], tuple[float, np.ndarray]]


@dataclass
class History:
    """What `fit` saw, one value an epoch; the validation lists stay empty without
    validation data.

    `loss` is the mean over the examples of an epoch, each met by the network as it was
    when the example's batch came.
    """

    loss: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)
    validation_accuracy: list[float] = field(default_factory=list)


@threadpool_limits.wrap(limits=1)
def fit(
    net: Network,
    x: np.ndarray,
    y: np.ndarray,
    *,
    epochs: int,
    batch: int,
    optimizer: SGD | Adam,
    seed: int = 0,
    loss: Loss = softmax_cross_entropy,
    validation: tuple[np.ndarray, np.ndarray] | None = None,
) -> History:
    """Train the network on all examples `epochs` times, in batches shuffled by `seed`;
    return the losses.

    Raises: ValueError if x and y differ in length, if x holds NaN or infinity, or if
    the loss is no longer a finite number.
    """
    _check_examples(x, y)
    optimizer.claim(net.params)
    history, rng = History(), np.random.default_rng(seed)
    for _ in tqdm(range(epochs), desc="epochs", leave=False, disable=not is_live()):
        rows = list(batches(len(x), batch, rng))
        losses = [
            train_step(net, x[each], y[each], optimizer, loss=loss) for each in rows
        ]
        history.loss.append(
            float(np.average(losses, weights=[len(each) for each in rows]))
        )
        if validation is not None:
            _validate(net, validation, loss, history)
    return history


def train_step(
    net: Network, x: np.ndarray, y: np.ndarray, optimizer: SGD | Adam, *, loss: Loss
) -> float:
    """Run one batch forward and backward, update the network, and return the loss
    before the update.
    """
    value, gradient = loss(net.forward(x, training=True), y)
    if not np.isfinite(value):
        raise ValueError(
            f"the loss of {net.model.name} became {value}; use a smaller learning "
            f"rate than {optimizer.lr}"
        )
    net.backward(gradient)
    optimizer.step(net.params, net.grads)
    return value


def batches(
    examples: int, batch: int, rng: np.random.Generator
) -> Iterator[np.ndarray]:
    """Yield the row numbers 0 to `examples` - 1 in shuffled batches; the last may be
    smaller.

    >>> sorted(len(rows) for rows in batches(10, 4, np.random.default_rng(0)))
    [2, 4, 4]
    """
    if not isinstance(batch, int) or batch < 1:
        raise ValueError(f"batch must be a whole number of at least 1, got {batch!r}")
    order = rng.permutation(examples)
    for start in range(0, examples, batch):
        yield order[start : start + batch]


@threadpool_limits.wrap(limits=1)
def predict(net: Network, x: np.ndarray, *, batch: int = 256) -> np.ndarray:
    """Return the class with the largest output of each example. Shapes: N ... -> N (or
    N T for sequences).

    Raises: ValueError if there is no example, or if an output is not finite: no class
    is the largest then.
    """
    if len(x) == 0:
        raise ValueError(f"predict needs at least one example, got {x.shape}")
    return np.concatenate(
        [_largest(net, net.forward(x[i : i + batch])) for i in range(0, len(x), batch)]
    )


def _largest(net: Network, output: np.ndarray) -> np.ndarray:
    if not np.isfinite(output).all():
        raise ValueError(
            f"{net.model.name} returned values that are not finite; look for NaN in "
            "its input or its weights"
        )
    return output.argmax(axis=-1)


def accuracy(net: Network, x: np.ndarray, y: np.ndarray) -> float:
    """Return the share of examples whose predicted class is their label, 0 to 1."""
    _check_examples(x, y)
    predicted = predict(net, x)
    if predicted.shape != np.shape(y):
        raise ValueError(
            f"accuracy needs a label for each answer: got answers {predicted.shape}, "
            f"labels {np.shape(y)}"
        )
    return float(np.mean(predicted == y))


def is_live() -> bool:
    """Return True where somebody watches: a terminal, JupyterLab or Colab; False in a
    build or a test.
    """
    if "PYTEST_CURRENT_TEST" in os.environ:
        return False
    return (
        sys.stderr.isatty()
        or "JPY_SESSION_NAME" in os.environ
        or "COLAB_RELEASE_TAG" in os.environ
    )


def _validate(
    net: Network,
    validation: tuple[np.ndarray, np.ndarray],
    loss: Loss,
    history: History,
) -> None:
    x, y = validation
    output = net.forward(x)
    history.validation_loss.append(loss(output, y)[0])
    if np.issubdtype(np.asarray(y).dtype, np.integer):
        history.validation_accuracy.append(float(np.mean(_largest(net, output) == y)))


def _check_examples(x: np.ndarray, y: np.ndarray) -> None:
    if len(x) == 0 or len(x) != len(y):
        raise ValueError(
            f"every example needs its label: got {len(x)} examples {x.shape} and "
            f"{len(y)} labels {y.shape}"
        )
    if not np.isfinite(x).all():
        raise ValueError(
            f"the examples {x.shape} hold values that are not finite; clean them "
            "before the network sees them"
        )
