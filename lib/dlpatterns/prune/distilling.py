"""Learning from another network's answers, for instance from the same network before
it was pruned.
"""

from collections.abc import Callable

import numpy as np

from ..train.losses import softmax_cross_entropy
from ..train.network import Network

Loss = Callable[[np.ndarray, np.ndarray], tuple[float, np.ndarray]]


def lessons(
    teacher: Network, x: np.ndarray, y: np.ndarray, *, batch: int = 256
) -> np.ndarray:
    """Return what a pupil is to learn from each example: its label, then the teacher's
    logits. Shapes: N ..., N -> N, 1 + classes.
    """
    if len(x) != len(y) or len(x) == 0:
        raise ValueError(f"every example needs its label, got {len(x)} and {len(y)}")
    parts = [teacher.forward(x[i : i + batch]) for i in range(0, len(x), batch)]
    return np.concatenate([np.asarray(y)[:, None], np.concatenate(parts)], axis=1)


def distillation(temperature: float = 2.0, share: float = 0.5) -> Loss:
    """Return a loss for `lessons`: (1 - share) times the cross-entropy with the labels
    plus share T^2 times the divergence from the teacher's softmax at temperature T.

    T^2 keeps the size of the gradient. Source: Hinton et al. 2015, section 2.
    """
    if not 0 < temperature < float("inf"):
        raise ValueError(f"temperature is above 0 and finite, got {temperature!r}")
    if not 0 <= share <= 1:
        raise ValueError(f"share of the teacher is 0 to 1, got {share!r}")

    def loss(logits: np.ndarray, targets: np.ndarray) -> tuple[float, np.ndarray]:
        if targets.shape != (len(logits), 1 + logits.shape[1]):
            raise ValueError(
                f"logits {logits.shape} need lessons of shape "
                f"({len(logits)}, {1 + logits.shape[1]}), got {targets.shape}"
            )
        hard, to_hard = softmax_cross_entropy(logits, targets[:, 0].astype(int))
        soft, to_soft = _divergence(logits / temperature, targets[:, 1:] / temperature)
        return (
            (1 - share) * hard + share * temperature**2 * soft,
            (1 - share) * to_hard + share * temperature * to_soft,
        )

    return loss


def _divergence(pupil: np.ndarray, teacher: np.ndarray) -> tuple[float, np.ndarray]:
    """Return the mean divergence of softmax(pupil) from softmax(teacher) and its
    gradient for the pupil's logits.
    """
    ours, theirs = _log_softmax(pupil), _log_softmax(teacher)
    wanted = np.exp(theirs)
    value = (wanted * (theirs - ours)).sum() / len(pupil)
    return float(value), (np.exp(ours) - wanted) / len(pupil)


def _log_softmax(logits: np.ndarray) -> np.ndarray:
    shifted = logits - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
