"""Growth, passes, published runs and memory of the lecture on what training costs, and
its exercises, against hand counts and figures that others printed.
"""

import numpy as np
import pytest

from dlpatterns import counting, datasets, models
from dlpatterns.exercises import check, training_cost
from dlpatterns.lectures import training_cost as lecture
from dlpatterns.lectures.training_cost import growth, memory
from dlpatterns.train import data, network, small

NOTABLE = {row["model"]: row for row in datasets.table("training_compute_notable")}
TABLES = (
    "transistors",
    "training_compute_notable",
    "training_compute_revised",
    "training_runs",
    "training_hours",
    "alphago_zero",
)


@pytest.mark.parametrize("name", TABLES)
def test_every_row_has_a_source(name):
    assert all(len(str(row["source"]).split()) >= 4 for row in datasets.table(name))


def test_two_tables_of_training_compute_agree():
    """The two were taken from Epoch AI by different ways; DeepSeek-V3 is the one figure
    that was revised between them.
    """
    names = {"Transformer": "Transformer (2017)"}
    different = []
    for row in datasets.table("training_compute"):
        other = NOTABLE[names.get(row["model"], row["model"])]
        assert other["date"] == row["date"], row["model"]
        if abs(other["training_flop"] / row["training_flop"] - 1) > 1e-3:
            different.append(row["model"])
    assert different == ["DeepSeek-V3"]


def test_revised_figures_are_those_of_the_table():
    for row in datasets.table("training_compute_revised"):
        assert row["printed_now_flop"] == pytest.approx(
            NOTABLE[row["model"]]["training_flop"], rel=1e-3
        )
        assert row["printed_2023_flop"] > 100 * row["printed_now_flop"]


# --- Growth ---------------------------------------------------------------------------


def made(slopes: tuple[float, float], kink: float, noise: float = 0.0) -> np.ndarray:
    """Return points on two lines that meet at a kink, in doublings a year."""
    year = np.linspace(1960, 2020, 121)
    height = slopes[0] * (year - kink) + slopes[1] * np.maximum(year - kink, 0)
    scatter = noise * np.random.default_rng(1).normal(size=len(year))
    return np.column_stack([year, height + scatter])


def test_twice_a_year_is_a_doubling_every_six_months():
    assert lecture.doubling_months(made((2, 0), 1990)) == pytest.approx(6)


def test_transistors_double_about_every_two_years():
    """Moore 1975 expected a doubling every two years."""
    assert lecture.doubling_months(lecture.chips()) == pytest.approx(24, abs=2)


def test_a_kink_is_found_where_it_was_put():
    found = growth.fit("kink", made((0.5, 1.5), 1995, noise=0.2))
    assert found.kink == pytest.approx(1995, abs=1.5)
    assert found.bic < growth.fit("cubic", made((0.5, 1.5), 1995, noise=0.2)).bic


def test_a_cubic_is_preferred_where_there_is_no_kink():
    year = np.linspace(1960, 2020, 121)
    height = ((year - 1990) / 10) ** 3 + 3 * (year - 1990) / 10
    scatter = np.random.default_rng(2).normal(size=len(year))
    points = np.column_stack([year, height + scatter])
    assert growth.fit("cubic", points).bic < growth.fit("kink", points).bic


def test_squares_left_by_kink_and_parabola():
    """Computed independently by a reader of the book: 16,484 at 2011, and 17,516."""
    points = lecture.runs()
    kink = growth.fit("kink", points)
    assert (round(kink.squares), kink.kink) == (16484, 2011)
    assert round(growth.fit("parabola", points).squares) == 17516


def test_the_test_between_curves_knows_its_truth():
    points = made((0.5, 1.5), 1995, noise=0.5)
    kink, cubic = (
        lecture.kink_against_cubic(points, truth, draws=40)
        for truth in ("kink", "cubic")
    )
    assert np.median(kink) < 0 < np.median(cubic)


def test_paces_of_sevilla_lie_in_our_intervals():
    """Sevilla et al. 2022: roughly 20 months before 2010, about 6 since."""
    points = lecture.runs()
    late = points[:, 0] >= 2010
    early_low, early_high = lecture.interval(points[~late])
    late_low, late_high = lecture.interval(points[late])
    assert early_low < 20 < early_high
    assert late_low < 6 < late_high


# --- Passes ---------------------------------------------------------------------------


def test_a_step_of_training_by_hand():
    """64-32-10 on four digits: 4 × (2,048 + 320) MACs forward."""
    split = data.digits(seed=0)
    net = network.Network(small.mlp((32,)), seed=0)
    passes, gradient = lecture.traced_mlp(net, split.train_x[:4], split.train_y[:4])
    macs = {name: t.macs for name, t in passes.items()}
    assert list(macs.values()) == [9472, 4 * 320, 9472, 4 * 2048, 0]
    own = lecture.library_gradient(net, split.train_x[:4], split.train_y[:4])
    assert np.allclose(gradient, own, atol=1e-12)


def test_a_convolution_owes_two_products_backward():
    """Three filters of 2 × 3 × 3 at 16 places: 864 MACs."""
    assert lecture.traced_convolution() == {
        "forward": 864,
        "backward": 1728,
        "uses": 16,
    }


def test_backward_ratio_of_a_network_without_hidden_layer():
    """One layer, nothing below it: the gradient of its weights and no other."""
    assert lecture.backward_ratio(small.mlp(())) == 1


def test_an_embedding_is_trained_below_the_first_product():
    assert lecture.backward_ratio(models.gpt2()) == 2


# --- Published runs -------------------------------------------------------------------


def test_gpt3_took_what_its_authors_print():
    """Brown et al. 2020, table D.1: 3.14e23 FLOP."""
    assert lecture.rule("GPT-3 175B (davinci)") == pytest.approx(3.14e23, rel=0.005)


def test_the_go_network_has_the_parameters_of_its_paper():
    """Epoch AI prints 46,400,244, without normalisation; a residual block of 256
    filters has 2 × 9 × 256² weights.
    """
    counts = counting.count(lecture.go_network())
    assert counts.params == pytest.approx(46_400_244, rel=0.002)
    assert counts.macs > 39 * 2 * 9 * 256**2 * 361


def test_learning_go_is_the_figure_printed_now_and_playing_the_old_one():
    assert lecture.go_learning() == pytest.approx(6.4944e20, rel=0.03)
    assert lecture.go_playing(moves=221) == pytest.approx(3.41e23, rel=0.01)


def test_hours_of_palm_as_its_appendix_gives_them():
    row = next(r for r in datasets.table("training_hours") if "PaLM" in r["model"])
    assert row["device_hours"] == 6144 * 1200 + 3072 * 336


def test_llama_at_its_printed_speed():
    """Touvron et al. 2023: about 380 tokens a second and GPU, 1.4 T tokens."""
    row = next(r for r in datasets.table("training_hours") if "LLaMA" in r["model"])
    assert row["device_hours"] * 3600 * 380 == pytest.approx(1.4e12, rel=0.01)


def test_compute_grew_by_the_product_of_its_parts():
    grown = lecture.grown("AlexNet", "Llama 3.1-405B")
    parts = grown["device-hours"] * grown["peak of a device"]
    assert grown["compute"] == pytest.approx(parts * grown["share of the peak"])


# --- Memory ---------------------------------------------------------------------------


def test_adam_keeps_sixteen_bytes_a_parameter():
    parts = lecture.kept(models.alexnet_2012(), batch=1)
    states = sum(size for name, size in parts.items() if name != "activations")
    assert states == 16 * 60_965_224


def test_activations_that_wait_are_those_that_were_counted():
    counted, held = lecture.measured(small.cnn(), batch=64)
    assert held == pytest.approx(counted, rel=0.05)


def test_a_pass_holds_everything_half_way_and_nothing_at_its_end():
    steps = memory.steps(models.lenet5())
    layers = len(steps) // 2
    assert [sum(held) for _, held in steps] == [
        *range(1, layers + 1),
        *reversed(range(layers)),
    ]


# --- Exercises ------------------------------------------------------------------------


def test_four_times_in_a_year_doubles_every_six_months():
    assert training_cost.doubling(2012, 1.0, 2013, 4.0) == pytest.approx(6)


def test_an_epoch_by_hand():
    forward, hidden_gradient = 2048 + 320, 320
    assert (
        training_cost.TASKS["epoch_macs"].answer
        == 1347 * (forward + forward + hidden_gradient)
        == 6_810_432
    )


def test_llama_used_nearly_half_of_its_devices():
    """Epoch AI's note on LLaMA-13B finds 0.514 the same way."""
    used = training_cost.utilisation(13e9, 1e12, 135_168, 312e12)
    assert used == pytest.approx(0.514, abs=0.001)


@pytest.mark.parametrize("task", training_cost.TASKS)
def test_every_mistake_gets_its_own_hint(task):
    slips = training_cost.TASKS[task].slips
    assert len({hint for _, hint in slips}) == len(slips)
    for wrong, hint in slips:
        assert hint in str(check(f"training_cost.{task}", wrong)), hint
