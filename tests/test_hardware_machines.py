"""Chips as data, and the bounds and energies that follow: published, and by hand."""

import subprocess
import sys

import pytest

from dlpatterns import layers, models
from dlpatterns.graph import Builder
from dlpatterns.hardware import energy, machines, roofline


def test_names_are_found_by_their_words():
    assert machines.get("H100").name == "NVIDIA H100 SXM5 80GB"
    assert machines.get("tpu v1").peak("int8") == 92e12
    with pytest.raises(ValueError, match=r"several machines are called 'TPU v5'"):
        machines.get("TPU v5")
    with pytest.raises(
        ValueError, match=r"no machine is called 'H1000'; there are .*H100"
    ):
        machines.get("H1000")
    with pytest.raises(ValueError, match=r"no machine is called ''"):
        machines.get("")


@pytest.mark.parametrize("row", machines.clocked(), ids=lambda row: row["chip"])
def test_printed_peaks_are_clock_times_multipliers_times_two(row):
    made = row["clock x multipliers x 2"]
    assert made == pytest.approx(row["printed"], rel=0.003)


def test_ridges_against_published_ones():
    """TPUv1: 1,350 MACs a byte, Jouppi et al. 2017, section 3 (92e12 / 2 / 34e9); V100:
    138.9 FLOP a byte, 125 TFLOP/s over 900 GB/s.
    """
    assert round(machines.get("TPU v1").ridge("int8") / 2, -1) == 1350
    assert round(machines.get("V100").ridge(), 1) == 138.9


def test_bytes_of_weights_halve_the_critical_batch():
    h100 = machines.get("H100")
    assert h100.critical_batch("fp16") == pytest.approx(989.4e12 / 3350e9)
    assert h100.critical_batch("fp16", "int8") == h100.critical_batch("fp16") / 2


def test_a_format_the_machine_lacks_is_named():
    with pytest.raises(
        ValueError, match=r"P100 .* no published rate for int8; it has fp32"
    ):
        machines.get("P100").peak("int8")
    with pytest.raises(ValueError, match="unknown number format 'fp17'"):
        machines.get("P100").peak("fp17")


def small():
    """A 1 x 1 convolution of 4 to 8 channels on 2 x 2, a ReLU, and a linear layer."""
    net = Builder("small", (4, 2, 2))
    x = net(layers.Conv2d(8, 1, bias=False), net.input, name="conv")
    x = net(layers.Activation("relu"), x, name="relu")
    x = net(layers.Flatten(), x, name="flatten")
    return net.model(net(layers.Linear(2, bias=False), x, name="fc"))


def machine(**rates):
    made = {"fp16": 1e3, "int8": 2e3} | rates
    return machines.Machine("toy", "2020", made, 10.0, None, None, None, "by hand")


def test_bounds_of_a_small_network_by_hand():
    """conv: 4 * 8 * 4 MACs; 16 + 32 weights + 32 values of 2 bytes; relu: 32 + 32."""
    bounds = {b.name: b for b in roofline.layers(small(), machine())}
    conv, relu, fc = bounds["conv"], bounds["relu"], bounds["fc"]
    assert (conv.macs, conv.bytes_once) == (128, 160)
    assert (conv.arithmetic, conv.traffic) == (0.256, 16.0)
    assert (conv.overlapped, conv.one_by_one) == (16.0, 16.256)
    assert conv.waits_for == "memory" and conv.intensity == 1.6
    assert (relu.macs, relu.bytes_once) == (0, 128)
    assert (fc.macs, fc.bytes_once) == (64, 2 * (32 + 64 + 2))


def test_fusion_spares_a_write_and_a_read():
    plain = sum(b.bytes_once for b in roofline.layers(small(), machine()))
    fused = roofline.layers(small(), machine(), fused=True)
    assert plain - sum(b.bytes_once for b in fused) == 2 * (32 + 32)
    assert [b.name for b in fused] == ["conv", "flatten", "fc"]


def test_fusion_keeps_what_somebody_else_reads():
    """A shortcut: the sum reads both ways, and the first one's values must stay."""
    net = Builder("shortcut", (4, 2, 2))
    x = net(layers.Conv2d(4, 1, bias=False), net.input, name="a")
    y = net(layers.Conv2d(4, 1, bias=False), x, name="b")
    model = net.model(net(layers.Add(), y, x, name="add"))
    fused = {b.name: b for b in roofline.layers(model, machine(), fused=True)}
    assert fused["a"].bytes_once == 2 * (16 + 16 + 16)
    assert fused["b"].bytes_once == 2 * (16 + 16 + 16 + 16) and "add" not in fused


def test_pooling_fused_into_a_convolution_writes_the_small_map():
    net = Builder("pooled", (1, 4, 4))
    x = net(layers.Conv2d(1, 1, bias=False), net.input, name="conv")
    model = net.model(net(layers.MaxPool2d(2), x))
    (one,) = roofline.layers(model, machine(), fused=True)
    assert one.bytes_once == 2 * (16 + 1 + 4)


def test_weights_in_fewer_bits_move_less_and_compute_the_same():
    plain, packed = (
        roofline.layers(small(), machine(), weight_dtype=kind) for kind in ("", "int8")
    )
    assert [b.macs for b in plain] == [b.macs for b in packed]
    assert sum(b.bytes_once for b in plain) - sum(b.bytes_once for b in packed) == 96


def test_network_sums():
    bounds = roofline.layers(models.resnet50(), machines.get("A100"), batch=32)
    summed = roofline.network(bounds, "resnet50")
    assert (
        summed["overlapped_s"] <= summed["one_by_one_s"] <= 2 * summed["overlapped_s"]
    )
    assert 0 < summed["arithmetic_bound"] < 1
    with pytest.raises(ValueError, match="no layers"):
        roofline.network([])
    with pytest.raises(ValueError, match="can't be negative"):
        roofline.bound("x", -1, 0, machine())


def test_energies_by_hand():
    """Horowitz 2014: 0.2 + 0.1, 1.1 + 0.9, 3.7 + 0.9 pJ; 64 bits of DRAM 1,300."""
    assert [round(energy.of_mac(d), 3) for d in ("int8", "fp16", "fp32")] == [
        0.3,
        2.0,
        4.6,
    ]
    assert energy.of_access("DRAM", 8) == 1300 and energy.of_access("8 KB", 4) == 5
    assert energy.area_of_mac("int8") == 282 + 137
    assert energy.of_work(10, {"1 MB": 16}, dtype="fp32") == {
        "arithmetic": 46.0,
        "1 MB": 200.0,
    }


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: energy.of_mac("fp8_e4m3"), "no energy is known for 'fp8_e4m3'"),
        (lambda: energy.of_access("L2"), "unknown level 'L2'; known: 8 KB"),
        (lambda: energy.of_access("DRAM", -1), "bytes can't be negative, got -1"),
        (lambda: energy.of_work(-1, {}), "MACs can't be negative, got -1"),
    ],
)
def test_bad_calls_are_told(call, told):
    with pytest.raises(ValueError, match=told):
        call()


def test_closed_forms_need_no_numpy():
    code = (
        "import sys; from dlpatterns.hardware import energy, machines, roofline; "
        "from dlpatterns.hardware import systolic; print('numpy' in sys.modules)"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == "False"
