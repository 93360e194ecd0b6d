"""A table of TPUv1's paper that contradicts itself."""

from ..claims.kinds import Part, Slip
from . import world


def useful_macs() -> Slip:
    """Find the speed that one row implies beside the speed that another prints."""
    rows = world.tpu_rows()
    useful = {row["network"]: world.tpu_useful(row["network"]) for row in rows}
    lstm = next(row for row in rows if row["network"] == "LSTM0")
    quotients = [
        useful[row["network"]] / row["printed"]
        for row in rows
        if row["network"].startswith("LSTM")
    ]
    return Slip(
        work="Jouppi et al. 2017",
        link="https://arxiv.org/abs/1704.04760",
        place="table 3, LSTM0: useful MACs, and TeraOps/s",
        printed=f"{world.printed('LSTM0', 'Useful MACs (% peak)')} % of the peak, and "
        f"{lstm['printed']} TOPS",
        ours=f"{useful['LSTM0']:.1f} of 92 by the first row; weights that arrive at 34 "
        f"GB/s allow {lstm['waits for weights']:.1f}",
        how="The share of useful MACs times the peak; and the rows of a tile over the "
        "cycles that its weights take to arrive.",
        doubt="We read the table in transcriptions that agree with each other. For "
        "both LSTMs the two rows differ by nearly two, as if one row counted MACs and "
        "the other operations; we cannot say which is right, and not all columns fit.",
        certainty="certain",
        section="What does a model of cycles miss?",
        holds=useful["LSTM0"] > lstm["waits for weights"] > lstm["printed"]
        and all(1.9 < one < 2.2 for one in quotients),
        parts=(Part("Useful MACs × 92, and TeraOps/s as printed", compared(rows)),),
    )


def compared(rows: list[dict]) -> list[dict]:
    """Return a row a network: the speed that its share of useful MACs makes, the speed
    printed, and the bound by the arrival of weights, in 10^12 a second.
    """
    return [
        {
            "network": row["network"],
            "useful MACs × 92": f"{world.tpu_useful(row['network']):.1f}",
            "printed": row["printed"],
            "bound by weights": f"{row['waits for weights']:.1f}",
        }
        for row in rows
    ]


VERDICTS = ()
SLIPS = (useful_macs,)
