"""Pruning: scores, masks and schedules against PyTorch, hand counts and the paper; what
is refused.
"""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlpatterns import models
from dlpatterns.counting import count
from dlpatterns.graph import Builder, Model
from dlpatterns.layers import Activation, Linear
from dlpatterns.prune import distilling, masks, schedules, scores, tally, tuning
from dlpatterns.train import loop, small, state
from dlpatterns.train.network import Network
from dlpatterns.train.optimisers import SGD, Adam

PYTORCH = json.loads((Path(__file__).parent / "pytorch_pruning.json").read_text())
WEIGHTS = {name: np.array(value) for name, value in PYTORCH["weights"].items()}
MAGNITUDES = {name: np.abs(value) for name, value in WEIGHTS.items()}


def same(ours: dict, theirs: dict) -> None:
    assert ours.keys() == theirs.keys()
    for name, mask in ours.items():
        np.testing.assert_array_equal(mask, np.array(theirs[name]), err_msg=name)


# --- Masks against PyTorch ------------------------------------------------------------


def test_the_smallest_weights_of_each_layer_go_as_in_pytorch():
    assert len(PYTORCH["per layer"]) == 4
    for stored in PYTORCH["per layer"]:
        same(masks.per_layer(MAGNITUDES, stored["amount"]), stored["masks"])


def test_the_smallest_weights_of_the_network_go_as_in_pytorch():
    assert len(PYTORCH["network"]) == 4
    for stored in PYTORCH["network"]:
        same(masks.whole_network(MAGNITUDES, stored["amount"]), stored["masks"])


def test_the_weakest_filters_and_channels_go_as_in_pytorch():
    found = set()
    for stored in PYTORCH["slices"]:
        how = {"axis": stored["axis"], "order": stored["order"]}
        same(masks.slices(WEIGHTS, 0.5, **how), stored["masks"])
        found.add(tuple(how.values()))
    assert found == {(0, 1), (0, 2), (1, 1), (1, 2)}


def test_two_of_four_stay_as_in_pytorch():
    ours = masks.n_of_m({"linear": MAGNITUDES["linear"]}, 2, 4)
    same(ours, PYTORCH["2:4"])
    np.testing.assert_array_equal(ours["linear"].reshape(-1, 4).sum(axis=1), 2)


def test_gradient_times_weight_is_pytorchs():
    stored = PYTORCH["gradient"]
    net = _as_stored(stored["params"])
    x, y = np.array(stored["x"]), np.array(stored["y"])
    ours = scores.gradient_times_weight(net, x, y)
    for mine, theirs in zip(ours.values(), stored["scores"], strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-12)
    chosen = masks.per_layer(ours, 0.5)
    for mine, theirs in zip(chosen.values(), stored["masks"], strict=True):
        np.testing.assert_array_equal(mine, theirs)


def _as_stored(params: dict) -> Network:
    net = Builder("as stored", (6,))
    last = net.chain(net.input, Linear(5), Activation("relu"), Linear(3))
    net = Network(net.model(last))
    for ours, theirs in zip(net.params, params.values(), strict=True):
        net.params[ours] = np.array(theirs)
    return net


def test_fine_tuning_keeps_the_mask_as_pytorch_does():
    stored = PYTORCH["tuned"]
    builder = Builder("one layer", (8,))
    net = Network(builder.model(builder(Linear(6), builder.input, name="layer")))
    net.params["layer.weight"] = WEIGHTS["linear"].copy()
    net.params["layer.bias"] = np.array(stored["bias"])
    chosen = masks.per_layer(scores.magnitude(net), 0.5)
    optimizer = tuning.Masked(SGD(0.1, momentum=0.9), chosen)
    optimizer.claim(net.params)
    for _ in range(5):
        loop.train_step(
            net,
            np.array(stored["x"]),
            np.array(stored["y"]),
            optimizer,
            loss=loop.softmax_cross_entropy,
        )
    np.testing.assert_allclose(net.params["layer.weight"], stored["weight"], atol=1e-12)
    np.testing.assert_allclose(
        net.params["layer.bias"], stored["bias after"], atol=1e-12
    )


def test_distillation_is_pytorchs():
    assert len(PYTORCH["distilled"]) == 3
    for stored in PYTORCH["distilled"]:
        loss = distilling.distillation(stored["temperature"], stored["share"])
        labels = np.array(stored["labels"])[:, None]
        targets = np.hstack([labels, np.array(stored["teacher"])])
        value, gradient = loss(np.array(stored["logits"]), targets)
        assert value == pytest.approx(stored["loss"], abs=1e-12)
        np.testing.assert_allclose(gradient, stored["grad"], atol=1e-12)


# --- Masks by definition --------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(
    rows=st.integers(1, 6),
    columns=st.integers(2, 9),
    share=st.floats(0, 0.99),
    seed=st.integers(0, 2**31),
)
def test_no_weight_that_goes_is_larger_than_one_that_stays(rows, columns, share, seed):
    values = np.abs(np.random.default_rng(seed).normal(size=(rows, columns)))
    if round(share * values.size) == values.size:
        with pytest.raises(ValueError, match="leaves nothing"):
            masks.per_layer({"w": values}, share)
        return
    mask = masks.per_layer({"w": values}, share)["w"]
    assert (~mask).sum() == round(share * values.size)
    assert not mask.all() or share * values.size <= 0.5
    if (~mask).any():
        assert values[~mask].max() <= values[mask].min()


def test_ties_take_the_first():
    mask = masks.per_layer({"w": np.ones((1, 4))}, 0.5)["w"]
    np.testing.assert_array_equal(mask, [[False, False, True, True]])


def test_layers_may_have_shares_of_their_own():
    mask = masks.per_layer(MAGNITUDES, {"conv": 0.9})
    assert mask["linear"].all()
    assert (~mask["conv"]).sum() == 162  # round(0.9 x 180)


def test_chance_takes_as_many_but_others():
    net = Network(small.mlp((8,)))
    first, again, other = (scores.chance(net, seed) for seed in (1, 1, 2))
    taken = [masks.per_layer(s, 0.5)["hidden1.weight"] for s in (first, again, other)]
    np.testing.assert_array_equal(taken[0], taken[1])
    assert (taken[0] != taken[2]).any()
    assert [int(mask.sum()) for mask in taken] == [256] * 3


def test_n_of_m_runs_along_the_inputs_of_a_convolution():
    values = np.zeros((1, 4, 1, 2))
    values[0, :, 0, 0], values[0, :, 0, 1] = [4, 3, 2, 1], [1, 2, 3, 4]
    mask = masks.n_of_m({"w": values}, 1, 4)["w"]
    np.testing.assert_array_equal(np.argwhere(mask)[:, 1], [0, 3])


def test_a_mask_takes_even_what_is_not_finite():
    params = {"w": np.array([[np.nan, -1.0, 2.0]])}
    masks.apply(params, {"w": np.array([[False, False, True]])})
    np.testing.assert_array_equal(params["w"], [[0, 0, 2]])
    assert not np.signbit(params["w"]).any()


def test_masked_says_how_many_weights_are_zero():
    net = Network(small.mlp((8,)))  # 512 and 80 weights
    chosen = masks.per_layer(scores.magnitude(net), {"hidden1.weight": 0.75})
    assert masks.masked(net, chosen) == 384 / 592
    assert masks.sparsity(chosen) == 384 / 592
    assert masks.kept(chosen) == 208


# --- Schedules ------------------------------------------------------------------------


def test_the_cubic_schedule_is_the_papers_formula():
    """Zhu & Gupta 2017, equation 1: s_f + (s_i - s_f) (1 - (t - t0) / (n dt))^3."""
    schedule = schedules.Cubic(0.9, begin=100, end=500, initial=0.1)
    expected = {99: 0, 100: 0.1, 200: 0.5625, 300: 0.8, 400: 0.8875, 500: 0.9, 900: 0.9}
    for step, share in expected.items():
        assert schedule(step) == pytest.approx(share, abs=1e-12)


def test_iterative_rounds_keep_the_same_share_of_what_is_left():
    schedule = schedules.Iterative(1 - 0.5**4, begin=0, end=30, rounds=4)
    shares = [schedule(step) for step in (0, 9, 10, 19, 20, 29, 30, 99)]
    assert shares == pytest.approx(
        [1 / 2] * 2 + [3 / 4] * 2 + [7 / 8] * 2 + [15 / 16] * 2
    )
    assert schedules.Iterative(0.3, begin=5, end=9, rounds=1)(5) == 0.3
    assert schedules.Iterative(0.3, begin=5, end=9)(4) == 0


def test_one_shot_waits_for_its_step():
    schedule = schedules.OneShot(0.5, begin=3)
    assert [schedule(step) for step in (0, 2, 3, 4)] == [0, 0, 0.5, 0.5]


@pytest.mark.parametrize(
    "schedule",
    [
        schedules.OneShot(0.8, begin=9),
        schedules.Iterative(0.8, begin=4, end=12, rounds=3),
        schedules.Cubic(0.8, begin=3, end=12),
    ],
)
def test_gradual_pruning_reaches_its_sparsity_and_never_brings_back(schedule):
    net, x, y = _task()
    optimizer = tuning.Gradual(Adam(0.01), schedule, every=4)
    optimizer.claim(net.params)
    taken, earlier = [], np.ones((8, 64), dtype=bool)
    for _ in range(16):
        loop.train_step(net, x, y, optimizer, loss=loop.softmax_cross_entropy)
        now = net.params["hidden1.weight"] != 0
        assert not (now & ~earlier).any()
        taken.append(1 - now.mean())
        earlier = now
    assert taken == sorted(taken)
    assert taken[schedule.begin - 2] == 0
    assert taken[-1] == pytest.approx(0.8, abs=0.001)  # of 512: 410
    assert net.params["hidden1.bias"].all()


def test_gradual_pruning_may_take_biases_too():
    net, x, y = _task()
    schedule = schedules.OneShot(0.9, begin=2)
    optimizer = tuning.Gradual(Adam(0.01), schedule, choose=masks.whole_network, axes=1)
    loop.fit(net, x, y, epochs=2, batch=8, optimizer=optimizer)
    alive = sum(np.count_nonzero(value) for value in net.params.values())
    assert alive == 610 - round(0.9 * 610)


def _task() -> tuple[Network, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    net = Network(small.mlp((8,)))
    return net, rng.random((16, 1, 8, 8)), np.arange(16) % 10


def test_rewinding_brings_back_the_old_weights_under_the_mask():
    net, x, y = _task()
    start = state.snapshot(net)
    loop.fit(net, x, y, epochs=3, batch=8, optimizer=Adam(0.01))
    chosen = masks.per_layer(scores.magnitude(net), 0.5)
    tuning.rewind(net, start, chosen)
    for name, mask in chosen.items():
        np.testing.assert_array_equal(net.params[name], start.params[name] * mask)


def test_a_snapshot_holds_the_statistics_of_batch_norm():
    net = Network(small.residual(4, 1))
    rng = np.random.default_rng(0)
    net.forward(rng.random((5, 1, 8, 8)), training=True)
    twin, x = state.twin(net), rng.random((3, 1, 8, 8))
    np.testing.assert_array_equal(net.forward(x), twin.forward(x))
    net.forward(rng.random((5, 1, 8, 8)), training=True)
    assert (net.forward(x) != twin.forward(x)).any()
    with pytest.raises(ValueError, match=r"another network.*block2"):
        state.restore(net, state.snapshot(Network(small.residual(4, 2))))


def test_a_pupil_learns_from_labels_and_answers():
    net, x, y = _task()
    lessons = distilling.lessons(net, x, y, batch=5)
    assert lessons.shape == (16, 11)
    np.testing.assert_array_equal(lessons[:, 0], y)
    np.testing.assert_allclose(lessons[:, 1:], net.forward(x), atol=1e-12)
    pupil = Network(small.mlp((4,)))
    history = loop.fit(
        pupil,
        x,
        lessons,
        epochs=40,
        batch=8,
        optimizer=Adam(0.02),
        loss=distilling.distillation(2.0, 1.0),
    )
    assert history.loss[-1] < 0.2 * history.loss[0]


# --- Counts ---------------------------------------------------------------------------


def test_counts_before_and_after():
    net = Network(small.cnn((2, 3)))  # 18, 54 and 480 weights
    chosen = masks.per_layer(scores.magnitude(net), 0.5)
    masks.apply(net.params, chosen)
    for bias in ("conv1", "conv2", "output"):
        net.params[f"{bias}.bias"][:] = 1
    rows = {row["layer"]: row for row in tally.by_layer(net)}
    assert list(rows) == ["conv1", "conv2", "output"]
    assert rows["conv1"] == {
        "layer": "conv1",
        "params": 20,
        "nonzero": 11,
        "macs": 18 * 64,
        "useful macs": 9 * 64,
    }
    assert rows["conv2"]["useful macs"] == 27 * 64
    assert rows["output"]["useful macs"] == 240
    total = tally.total(net)
    assert total.params == 20 + 57 + 490
    assert total.nonzero == 11 + 30 + 250
    assert total.sparsity == pytest.approx(276 / 567)


def test_a_distiller_model_has_the_nonzeros_it_printed():
    """MobileNet in IntelLabs/distiller, examples/agp-pruning: ten pointwise layers
    pruned to 50 %, the last to 60 %, the rest dense: 2,038,208 of 4,209,088 weights.
    """
    weights = {layer.name: layer for layer in _weighted(models.mobilenet_v1())}
    pointwise = [n for n, c in weights.items() if c.kind == "Conv2d" and c.pointwise]
    half = pointwise[3:]
    assert len(pointwise) == 13
    kept = sum(
        layer.weights // 2
        if name in half
        else layer.weights * 4 // 10
        if layer.kind == "Linear"
        else layer.weights
        for name, layer in weights.items()
    )
    assert sum(layer.weights for layer in weights.values()) == 4_209_088
    assert kept == 2_038_208


def _weighted(model: Model) -> list[SimpleNamespace]:
    return [
        SimpleNamespace(
            name=row.name,
            kind=row.kind,
            weights=row.weights,
            pointwise=getattr(layer.spec, "kernel", None) in (1, (1, 1)),
        )
        for row, layer in zip(count(model).layers, model.layers, strict=True)
        if row.weights
    ]


# --- What is refused ------------------------------------------------------------------


@pytest.mark.parametrize("share", [1, 1.0, -0.1, 1.5, float("nan"), "0.5", True, None])
def test_a_sparsity_outside_is_refused(share):
    for refuse in (
        lambda: masks.per_layer(MAGNITUDES, share),
        lambda: masks.whole_network(MAGNITUDES, share),
        lambda: masks.slices(WEIGHTS, share),
        lambda: masks.per_layer(MAGNITUDES, {"conv": share}),
        lambda: schedules.OneShot(share),
        lambda: schedules.Iterative(share, begin=0, end=1),
        lambda: schedules.Cubic(share, begin=0, end=1),
    ):
        with pytest.raises(ValueError, match="at least 0 and below 1"):
            refuse()


def test_a_mask_of_another_shape_is_refused():
    net = Network(small.mlp((8,)))
    wrong = {"hidden1.weight": np.ones((64, 8), dtype=bool)}
    with pytest.raises(ValueError, match=r"\(64, 8\).*\(8, 64\)"):
        masks.apply(net.params, wrong)
    with pytest.raises(ValueError, match=r"\(64, 8\).*\(8, 64\)"):
        tuning.Masked(Adam(0.1), wrong).claim(net.params)
    with pytest.raises(ValueError, match="float64"):
        masks.apply(net.params, {"hidden1.weight": np.ones((8, 64))})
    with pytest.raises(ValueError, match=r"'hidden9.weight', which is no parameter"):
        masks.apply(net.params, {"hidden9.weight": np.ones((8, 64), dtype=bool)})


def test_pruning_a_layer_to_nothing_is_refused():
    with pytest.raises(ValueError, match="leaves nothing of w"):
        masks.per_layer({"w": np.ones((1, 3))}, 0.9)
    tiny = {"a": np.full((2, 2), 0.1), "b": np.ones((4, 4))}
    with pytest.raises(ValueError, match="leaves nothing of a"):
        masks.whole_network(tiny, 0.25)
    with pytest.raises(ValueError, match="axis 0"):
        masks.slices({"w": np.ones((2, 3))}, 0.8)


def test_rows_that_m_does_not_divide_are_refused():
    with pytest.raises(ValueError, match=r"multiple of 4.*'w' is \(3, 6\)"):
        masks.n_of_m({"w": np.ones((3, 6))})
    for n, m in ((0, 4), (4, 4), (2.0, 4), (5, 4)):
        with pytest.raises(ValueError, match="0 < n < m"):
            masks.n_of_m(MAGNITUDES, n, m)


@pytest.mark.parametrize(
    ("refused", "message"),
    [
        (lambda: masks.per_layer({}, 0.5), "nothing to prune"),
        (lambda: masks.per_layer({"w": np.array([[np.nan]])}, 0.5), "not finite"),
        (lambda: masks.per_layer(MAGNITUDES, {"dense": 0.5}), "dense"),
        (lambda: masks.norm(np.ones((2, 2)), 2, 1), "no axis 2"),
        (lambda: masks.norm(np.ones((2, 2)), 0, 3), "order is 1"),
        (lambda: masks.sparsity({}), "no mask"),
        (lambda: schedules.OneShot(0.5, begin=-1), "-1"),
        (lambda: schedules.Cubic(0.5, begin=9, end=3), "9 to 3"),
        (lambda: schedules.Cubic(0.5, begin=0, end=3, initial=0.6), "grows"),
        (lambda: schedules.Iterative(0.5, begin=0, end=3, rounds=0), "rounds"),
        (lambda: tuning.Gradual(Adam(1), schedules.OneShot(0.5), every=0), "every"),
        (lambda: distilling.distillation(0), "temperature"),
        (lambda: distilling.distillation(2, 1.5), "share"),
        (
            lambda: distilling.distillation()(np.ones((2, 3)), np.ones((2, 3))),
            r"\(2, 4\)",
        ),
        (
            lambda: distilling.lessons(
                Network(small.mlp((2,))), np.ones((2, 1, 8, 8)), np.ones(3)
            ),
            "2 and 3",
        ),
    ],
)
def test_what_cannot_be_is_refused(refused, message):
    with pytest.raises(ValueError, match=message):
        refused()
