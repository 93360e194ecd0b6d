"""A published figure of training compute that changed with its boundary."""

from ..claims.kinds import Slip
from . import published

BEFORE = 3.41e23  # FLOP, as printed in 2023


def alphago_zero() -> Slip:
    """Find what each of two printed figures counts."""
    figure = published.printed()["AlphaGo Zero"]
    learning, playing = published.go_learning(), published.go_playing(moves=200)
    return Slip(
        work="Epoch AI 2022",
        link="https://epoch.ai/data/ai-models",
        place="training compute of AlphaGo Zero, in 2023 and today",
        printed="3.41 × 10²³ FLOP, then 6.49 × 10²⁰",
        ours=f"learning makes {learning / figure:.2f} of today's figure, self-play "
        f"{playing / BEFORE:.2f} of the old one",
        how="The network, batches and games that its paper prints, counted; games of "
        "200 moves are assumed.",
        doubt="Both figures are right within their boundary. What the entry does not "
        "say is whether the games that made the data count.",
        certainty="likely",
        section="What goes into the sample?",
        holds=abs(learning / figure - 1) < 0.05 and 0.8 < playing / BEFORE < 1.2,
    )


VERDICTS = ()
SLIPS = (alphago_zero,)
