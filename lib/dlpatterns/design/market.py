"""What a die costs: how many fit on a wafer, how many of them work.

Dies of a wafer: its area over that of a die, less the ones its edge cuts. Yield: the
negative binomial model, defects in clusters. Source: Hennessy & Patterson 2019, chapter
1; density and clustering at 7 nm as Feng & Ma 2022 use them.
"""

from math import pi, sqrt

from .. import datasets

WAFER_MM, DEFECTS, CLUSTERING = 300, 0.09, 10  # diameter; a cm2; alpha
RETICLE_MM2 = 26 * 33  # what one exposure can print


def dies(area: float) -> int:
    """Return how many whole dies of so many square millimetres a wafer gives.

    >>> dies(331), dies(100)
    (176, 640)
    """
    if not area > 0:
        raise ValueError(f"a die has an area above zero, got {area!r}")
    if area > RETICLE_MM2:
        raise ValueError(
            f"a die of {area:.0f} mm2 is larger than one exposure, {RETICLE_MM2} mm2; "
            "make it smaller"
        )
    return int(pi * (WAFER_MM / 2) ** 2 / area - pi * WAFER_MM / sqrt(2 * area))


def working(area: float, defects: float = DEFECTS) -> float:
    """Return the share of dies of so many square millimetres without a defect.

    >>> round(working(331), 3)
    0.746
    """
    if defects < 0:
        raise ValueError(f"defects a square centimetre can't be negative: {defects!r}")
    return (1 + defects * area / 100 / CLUSTERING) ** -CLUSTERING


def wafer_share(area: float, defects: float = DEFECTS) -> float:
    """Return the share of a wafer that one good die costs."""
    return 1 / (dies(area) * working(area, defects))


def price(area: float, node: int = 28) -> float:
    """Return the dollars of wafer that one good die costs, at a published price.

    Raises: ValueError if no price of that node is published here.
    """
    return (
        wafer_share(area) * datasets.where("wafer_prices", node_nm=node)[0]["price_usd"]
    )
