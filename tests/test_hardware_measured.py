"""Published measurements of chips: each row that says how its number came about is
computed again.
"""

import re

import pytest

from dlpatterns import datasets

PUBLISHED = datasets.table("published_hardware")
MATMUL = [row for row in PUBLISHED if row["metric"].startswith("MAMF")]


@pytest.mark.parametrize(
    "row", MATMUL, ids=lambda row: f"{row['item']} {row['metric']}"
)
def test_an_achieved_rate_is_the_printed_share_of_its_peak(row):
    peak, share = re.match(r"theory ([\d.]+), ([\d.]+) %", row["note"]).groups()
    assert round(100 * float(row["value"]) / float(peak), 1) == float(share)


def test_a_peak_is_its_clock_times_its_multipliers():
    rows = datasets.where(
        "published_hardware", metric="peak = clock x FMA/cycle/unit x 2 x units"
    )
    for row in rows:
        hertz, fmas, units = re.match(
            r"(\d+) Hz x (\d+) x 2 x (\d+)", row["note"]
        ).groups()
        peak = int(hertz) * int(fmas) * 2 * int(units) / 1e12
        assert peak == pytest.approx(float(row["value"]), rel=5e-4)
    assert len(rows) == 6


def test_the_cycles_of_tpuv1_add_up_to_all():
    """Jouppi et al. 2017, table 3: rows 1, 4, 5 and 6 share out the time."""
    parts = (
        "Array active cycles",
        "Weight stall cycles",
        "Weight shift cycles",
        "Non-matrix cycles",
    )
    values = {(row["item"], row["metric"]): row["value"] for row in PUBLISHED}
    for app in ("MLP0", "MLP1", "LSTM0", "LSTM1", "CNN0", "CNN1"):
        shares = [float(values[f"TPUv1 {app}", part]) for part in parts]
        assert sum(shares) == pytest.approx(100, abs=0.15)


def test_dallys_factors_make_his_thousand():
    factors = [row["factor"] for row in datasets.table("golden_decade")]
    assert factors == [16, 12.5, 2.5, 2]
    product = 1
    for factor in factors:
        product *= factor
    assert product == 1000


def test_five_runs_of_about_sixty_networks():
    rows = datasets.table("measured_throughput")
    runs = {(row["device"], row["layout"]) for row in rows}
    assert len(rows) == 294 and len(runs) == 5
    assert {row["device"] for row in rows} == {
        "RTX 3090",
        "RTX 5090",
        "Core i9-10940X",
    }


def test_where_finds_rows_and_names_what_is_wrong():
    """The file's own line, typed off by eye."""
    (row,) = datasets.where(
        "measured_throughput", network="vgg16", device="RTX 3090", layout="NHWC"
    )
    assert (row["images_per_s"], row["gmacs"]) == (1729.39, 15.47)
    with pytest.raises(ValueError, match="no column 'chip'; it has network, zoo"):
        datasets.where("measured_throughput", chip="RTX 3090")
    with pytest.raises(ValueError, match="no row of llm_throughput holds"):
        datasets.where("llm_throughput", device="RTX 1060")
