"""Loss functions: each returns the mean loss and its gradient with regard to what the
network returned.
"""

import numpy as np


def softmax_cross_entropy(
    logits: np.ndarray, labels: np.ndarray
) -> tuple[float, np.ndarray]:
    """Return the mean of -log softmax(logits)[label], and softmax minus one-hot over
    the number of examples.

    Shapes: logits (..., classes), labels (...) -> float, (..., classes). Units: nats.
    Raises: ValueError if the labels do not fit the logits or are no classes.

    >>> loss, gradient = softmax_cross_entropy(np.zeros((1, 4)), np.array([2]))
    >>> print(f"{loss:.4f}", gradient)
    1.3863 [[ 0.25  0.25 -0.75  0.25]]
    """
    labels = np.asarray(labels)
    _check_labels(logits, labels)
    shifted = logits - logits.max(axis=-1, keepdims=True)
    log_probability = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    picked = np.take_along_axis(log_probability, labels[..., None], axis=-1)
    gradient = np.exp(log_probability)
    np.put_along_axis(gradient, labels[..., None], np.exp(picked) - 1, axis=-1)
    return float(-picked.mean()), gradient / labels.size


def squared_error(output: np.ndarray, target: np.ndarray) -> tuple[float, np.ndarray]:
    """Return half the squared distance to the target, averaged over the examples, and
    its gradient.

    Shapes: output and target N ... alike. Raises: ValueError if the shapes differ.

    >>> squared_error(np.array([[1.0, 2.0]]), np.array([[0.0, 0.0]]))
    (2.5, array([[1., 2.]]))
    """
    target = np.asarray(target)
    if output.shape != target.shape:
        raise ValueError(
            f"squared_error compares equal shapes, got output {output.shape} and "
            f"target {target.shape}"
        )
    difference = (output - target) / len(output)
    return float((difference * (output - target)).sum() / 2), difference


def _check_labels(logits: np.ndarray, labels: np.ndarray) -> None:
    if labels.shape != logits.shape[:-1] or not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(
            f"logits of shape {logits.shape} need whole-number labels of shape "
            f"{logits.shape[:-1]}, "
            f"got {labels.dtype} {labels.shape}"
        )
    if labels.size == 0 or labels.min() < 0 or labels.max() >= logits.shape[-1]:
        found = f"{labels.min()} to {labels.max()}" if labels.size else "none"
        raise ValueError(
            f"labels must lie in 0 to {logits.shape[-1] - 1} for logits "
            f"{logits.shape}, got {found}"
        )
