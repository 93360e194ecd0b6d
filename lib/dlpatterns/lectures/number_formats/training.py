"""The same small network trained in each format: every tensor is rounded to it, many
seeds side by side.

A `Recipe` says what is rounded, and how. In "pure" everything that is kept is in the
format: weights, activations, gradients, momentum; products are summed in FP32 and then
rounded. "own sums" rounds after every multiplication and every addition. "stochastic"
rounds what updates write stochastically. "master" keeps weights and momentum in FP32
and rounds what enters a product, or comes out of it; "dynamic" likewise, and doubles
what multiplies the loss after every `GROWTH` good steps, halves it after a bad one.

"inputs" rounds only what enters a product, as tensor cores need it; what comes out
stays in FP32. "scaled" likewise, and first multiplies each tensor so that its largest
value becomes the format's largest; "delayed" takes the largest of the last `HISTORY`
steps for that. Gradients may have a format of their own.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ... import formats
from ...train import data

ENTERING = ("inputs", "scaled", "delayed")
SCALED = ("scaled", "delayed")
MASTERS = ("master", "dynamic", *ENTERING)
RECIPES = ("pure", "own sums", "stochastic", *MASTERS)
EPOCHS, BATCH, RATE, WIDTH, MOMENTUM = 40, 32, 0.05, 64, 0.9
HISTORY, GROWTH = 16, 10


@dataclass(frozen=True)
class Recipe:
    """What a network is trained in: a format, what is rounded, by how much the loss is
    multiplied, as a power of two; and the gradients' format, if it is another.
    """

    form: str
    way: str = "master"
    shift: int = 0
    epochs: int = EPOCHS
    rate: float = RATE
    width: int = WIDTH
    gradients: str = ""

    def __post_init__(self) -> None:
        formats.get(self.form), formats.get(self.gradients or self.form)
        if self.way not in RECIPES:
            raise ValueError(f"a way is one of {', '.join(RECIPES)}; got {self.way!r}")


class Outcome(NamedTuple):
    """What became of every seed: digits right of 450, whether all weights are finite,
    steps left out because a gradient was not finite, and the share of the slopes at the
    outputs that the format made zero.
    """

    right: list[int]
    finite: list[bool]
    skipped: list[int]
    vanished: float


class _Run:
    """Networks of 64 inputs, two hidden layers and 10 outputs, one a seed; each has its
    own split of the digits and its own first weights.
    """

    def __init__(self, recipe: Recipe, seeds: tuple[int, ...]) -> None:
        self.recipe, self.form = recipe, formats.get(recipe.form)
        self.slopes = formats.get(recipe.gradients or recipe.form)
        self.largest: dict[str, list[np.ndarray]] = {}
        self.power = np.full(len(seeds), recipe.shift)
        self.good = np.zeros(len(seeds), int)
        self.draw = np.random.default_rng(seeds[0])
        self.orders = [np.random.default_rng(1000 + seed) for seed in seeds]
        splits = [data.digits(seed=seed) for seed in seeds]
        flat = [(s.train_x.reshape(-1, 64), s.test_x.reshape(-1, 64)) for s in splits]
        self.x, self.held = (
            self.keep(np.stack(part)) for part in zip(*flat, strict=True)
        )
        self.y = np.stack([split.train_y for split in splits])
        self.answers = np.stack([split.test_y for split in splits])
        self.weights = _first_weights(seeds, recipe.width)
        if recipe.way not in MASTERS:
            self.weights = [self.keep(weight) for weight in self.weights]
        self.speeds = [np.zeros_like(weight) for weight in self.weights]
        self.skipped = np.zeros(len(seeds), int)
        self.lost = np.zeros(2)

    def keep(
        self, x: np.ndarray, form: formats.Format | None = None, name: str = ""
    ) -> np.ndarray:
        """Return values as the format keeps them, the gradients' if it is given; with a
        name the largest values of earlier steps may count for their scale.
        """
        form = form or self.form
        if self.recipe.way not in SCALED:
            return form.round(x).astype(np.float32, copy=False)
        factor = self.factor(x, form, name)
        kept = form.round(x * factor, overflow="saturate")
        return kept.astype(np.float32, copy=False) / factor

    def factor(self, x: np.ndarray, form: formats.Format, name: str) -> np.ndarray:
        """Return by what each seed's tensor is multiplied before it is rounded."""
        top = np.abs(x).max(axis=tuple(range(1, x.ndim)), keepdims=True)
        if self.recipe.way == "delayed" and name:
            self.largest[name] = [*self.largest.get(name, [top])[-HISTORY:], top]
            top = np.max(self.largest[name][:-1], axis=0)
        largest = np.float32(form.largest)
        return largest / np.where(top > 0, top, largest)

    def written(self, x: np.ndarray) -> np.ndarray:
        """Return what an update writes."""
        if self.recipe.way in MASTERS:
            return x
        if self.recipe.way == "stochastic":
            options = {"rounding": "stochastic", "rng": self.draw, "draw_bits": 16}
            return self.form.round(x, **options)
        return self.keep(x)

    def product(
        self, a: np.ndarray, b: np.ndarray, form: formats.Format | None = None
    ) -> np.ndarray:
        """Return a @ b for every seed, summed in FP32 or rounded after each step; what
        comes out stays in FP32 if only what enters is rounded.
        """
        if self.recipe.way in ENTERING:
            return a @ b
        if self.recipe.way != "own sums":
            return self.keep(a @ b, form)
        total = np.zeros((*a.shape[:-1], b.shape[-1]), np.float32)
        for k in range(a.shape[-1]):
            total = self.keep(total + self.keep(a[..., k, None] * b[..., None, k, :]))
        return total

    def forward(
        self, x: np.ndarray, used: list[np.ndarray], learns: bool = False
    ) -> list[np.ndarray]:
        """Return the input and what each layer gives."""
        outputs = [x]
        for i in range(3):
            z = self.product(outputs[-1], used[2 * i]) + used[2 * i + 1]
            last = i == 2 and self.recipe.way in ENTERING
            name = f"outputs {i}" if learns else ""
            y = np.maximum(z, 0) if i < 2 else z
            outputs.append(y if last else self.keep(y, name=name))
        return outputs

    def entering(self, learns: bool = False) -> list[np.ndarray]:
        """Return the weights as they enter products; biases enter none."""
        if self.recipe.way not in ENTERING:
            return [self.keep(weight) for weight in self.weights]
        return [
            w if i % 2 else self.keep(w, name=f"weights {i}" if learns else "")
            for i, w in enumerate(self.weights)
        ]

    def gradients(self, x: np.ndarray, y: np.ndarray) -> list[np.ndarray]:
        """Return the gradients of all weights, times what multiplies the loss."""
        used = self.entering(learns=True)
        outputs = self.forward(x, used, learns=True)
        slope = _softmax(outputs[-1])
        np.put_along_axis(
            slope, y[..., None], np.take_along_axis(slope, y[..., None], -1) - 1, -1
        )
        exact = slope * np.float32(2.0 ** self.power[:, None, None] / y.shape[1])
        slope = self.keep(exact, self.slopes, "slopes 2")
        self.lost += [(exact != 0).sum(), ((slope == 0) & (exact != 0)).sum()]
        found = []
        for i in (2, 1, 0):
            ones = np.ones((*slope.shape[:-2], 1, slope.shape[-2]), np.float32)
            found += [self.product(ones, slope, self.slopes)]
            found += [self.product(outputs[i].swapaxes(-1, -2), slope, self.slopes)]
            if i:
                back = self.product(slope, used[2 * i].swapaxes(-1, -2), self.slopes)
                slope = np.where(outputs[i] > 0, back, 0)
                if self.recipe.way in ENTERING:
                    slope = self.keep(slope, self.slopes, f"slopes {i - 1}")
        return found[::-1]

    def step(self, x: np.ndarray, y: np.ndarray) -> None:
        """Take one step; with master weights a seed whose gradients are not all finite
        takes none, as in mixed-precision training.
        """
        found = self.gradients(x, y)
        axes = [tuple(range(1, gradient.ndim)) for gradient in found]
        fine = np.all(
            [np.isfinite(g).all(axis=a) for g, a in zip(found, axes, strict=True)], 0
        )
        if self.recipe.way not in MASTERS:
            fine |= True
        self.skipped += ~fine
        factors = np.float32(2.0**-self.power)
        self.rescale(fine)
        for i, gradient in enumerate(found):
            fine_here = fine.reshape(-1, *[1] * (gradient.ndim - 1))
            true = self.written(gradient * factors.reshape(fine_here.shape))
            speed = self.written(MOMENTUM * self.speeds[i] + true)
            moved = self.written(self.weights[i] - np.float32(self.recipe.rate) * speed)
            self.speeds[i] = np.where(fine_here, speed, self.speeds[i])
            self.weights[i] = np.where(fine_here, moved, self.weights[i])

    def rescale(self, fine: np.ndarray) -> None:
        """Double what multiplies the loss after good steps, halve it after bad."""
        if self.recipe.way == "dynamic":
            self.good = np.where(fine, self.good + 1, 0)
            grown = self.good == GROWTH
            self.power = self.power + grown - ~fine
            self.good[grown] = 0

    def epoch(self) -> None:
        """Show every digit once, in an order of each seed's own."""
        order = np.stack([rng.permutation(self.y.shape[1]) for rng in self.orders])
        for start in range(0, self.y.shape[1] - BATCH + 1, BATCH):
            part = order[:, start : start + BATCH]
            x = np.take_along_axis(self.x, part[..., None], 1)
            self.step(x, np.take_along_axis(self.y, part, 1))

    def outcome(self) -> Outcome:
        """Return what has become of every seed."""
        used = self.entering()
        guesses = self.forward(self.held, used)[-1].argmax(axis=-1)
        finite = [
            np.isfinite(w).all(axis=tuple(range(1, w.ndim))) for w in self.weights
        ]
        return Outcome(
            (guesses == self.answers).sum(axis=1).tolist(),
            np.all(finite, 0).tolist(),
            self.skipped.tolist(),
            float(self.lost[1] / self.lost[0]),
        )


def _first_weights(seeds: tuple[int, ...], width: int) -> list[np.ndarray]:
    """Return matrices and biases of three layers, a row a seed."""
    sizes = ((64, width), (width, width), (width, 10))
    rngs = [np.random.default_rng(seed) for seed in seeds]
    weights = []
    for inputs, outputs in sizes:
        scale = np.sqrt(2 / inputs)
        drawn = [rng.normal(size=(inputs, outputs)) * scale for rng in rngs]
        weights += [np.float32(drawn), np.zeros((len(seeds), 1, outputs), np.float32)]
    return weights


def _softmax(z: np.ndarray) -> np.ndarray:
    powers = np.exp(z - z.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def trained(recipe: Recipe, seeds: tuple[int, ...]) -> list[Outcome]:
    """Return the outcome after a quarter, a half and all of the epochs."""
    looks = [recipe.epochs // 4, recipe.epochs // 2, recipe.epochs]
    with np.errstate(all="ignore"):
        run, found = _Run(recipe, seeds), []
        for epoch in range(1, recipe.epochs + 1):
            run.epoch()
            if epoch in looks:
                found.append(run.outcome())
    return found
