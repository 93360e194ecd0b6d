"""A number of neurons in AlexNet's paper that no layer of its kind can have."""

from ... import models
from ...counting import count
from ..claims.kinds import Slip
from . import world


def alexnet_first_layer() -> Slip:
    """Count the outputs of AlexNet's first layer."""
    first = count(models.alexnet_2012()).only("Conv2d").layers[0]
    printed, ours = world.NEURONS[1], first.activations
    side = (printed / 96) ** 0.5
    return Slip(
        work="Krizhevsky et al. 2012",
        link="https://proceedings.neurips.cc/paper/2012/hash/c399862d3b9d6b76c8436e924a68c45b-Abstract.html",
        place="figure 2, first layer, and the 224 pixels of the input",
        printed=f"{printed:,} neurons",
        ours=f"{ours:,}, with an input of 227 × 227",
        how="96 filters of 11 × 11 at stride 4. The printed number is not 96 times a "
        "square, so no square map has it.",
        doubt="None for the square; the other layers of the figure agree to the digit. "
        "That the input must have 227 pixels, or padded ones, is known.",
        certainty="certain",
        section="A check against the world",
        holds=ours != printed and side % 1 != 0 and printed % 96 == 0,
    )


VERDICTS = ()
SLIPS = (alexnet_first_layer,)
