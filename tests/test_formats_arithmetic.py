"""Blocks, sums and accumulators."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlpatterns import formats
from dlpatterns.formats import arithmetic

FLOATS = ("fp32", "tf32", "bf16", "fp16", "fp8_e4m3", "fp8_e5m2", "fp4_e2m1")
INT8 = formats.get("int8")
# share of a block's largest that an element may lose: what lies above the last value
# of the top binade, or half a step; in a group also what rounding the zero point moves
LOST = {
    "mxfp8_e4m3": 1 - 448 / 512,
    "mxfp8_e5m2": 1 - 57344 / 65536,
    "mxfp6_e2m3": 1 - 7.5 / 8,
    "mxfp6_e3m2": 1 - 28 / 32,
    "mxfp4_e2m1": 1 - 6 / 8,
    "mxint8": 1 / 128,
    "nvfp4": 1 / 6 + 1 / 32,  # half a step of 2 in 6, and the scale's own rounding
    "int4_g32": 2 / 15 + 1e-3,
    "int4_g128": 2 / 15 + 1e-3,
}
BLOCKS = [n for n, form in formats.FORMATS.items() if hasattr(form, "element")]


# --- Blocks ---------------------------------------------------------------------------


def test_nvfp4_by_hand():
    # one block whose largest is 6 x 448, another a sixteenth of it: the FP32 scale is 1
    values = np.zeros(32)
    values[0], values[1], values[16] = 2688.0, 1000.0, 168.0
    scales, codes, tensor = formats.get("nvfp4").encode_blocks(values)
    assert tensor == 1.0
    # scales 448 and 28; 1000 / 448 = 2.23 is nearest 2
    assert formats.get("fp8_e4m3").decode(scales).tolist() == [448.0, 28.0]
    elements = formats.get("fp4_e2m1").decode(codes)
    assert (elements[0], elements[1], elements[16]) == (6.0, 2.0, 6.0)
    assert formats.get("nvfp4").round(values)[1] == 896.0


def test_a_group_with_a_zero_point_by_hand():
    # from -1 to 2 in 15 steps of 0.2, which FP16 holds as 0.199951171875
    values = np.zeros(32)
    values[:4] = [-1.0, 2.0, 0.3, 0.0]
    scales, codes, zeros = formats.get("int4_g32").encode_blocks(values)
    assert formats.get("fp16").decode(scales).tolist() == [0.199951171875]
    assert (zeros.tolist(), codes[:5].tolist()) == ([5], [0, 15, 7, 5, 5])
    kept = formats.get("int4_g32").round(values)
    assert kept[3] == 0.0  # zero is exact
    assert kept[:2].tolist() == [-5 * 0.199951171875, 10 * 0.199951171875]


@pytest.mark.parametrize("name", BLOCKS)
@given(seed=st.integers(0, 10_000), size=st.integers(-20, 20))
def test_a_block_is_as_exact_as_its_elements_promise(name, seed, size):
    form = formats.get(name)
    if name.startswith("int4"):
        size = size // 4  # an FP16 scale reaches less far
    values = np.random.default_rng(seed).normal(size=(2, 2 * form.size)) * 2.0**size
    kept = form.round(values)
    blocks = values.reshape(2, 2, form.size)
    error = np.abs(kept - values).reshape(blocks.shape).max(axis=-1)
    largest = np.abs(blocks).max(axis=-1)
    assert (error <= LOST[name] * largest * (1 + 1e-12)).all()
    parts = form.encode_blocks(values)
    np.testing.assert_array_equal(form.decode_blocks(*parts), kept)
    if name.startswith("mxfp"):  # others may round up into a new scale
        np.testing.assert_array_equal(form.round(kept), kept)


def test_blocks_lie_along_the_last_axis():
    values = np.random.default_rng(0).normal(size=(3, 5, 64))
    scales, codes = formats.get("mxfp8_e4m3").encode_blocks(values)
    assert (scales.shape, codes.shape) == ((3, 5, 2), (3, 5, 64))
    alone = formats.get("mxfp8_e4m3").encode_blocks(values[2, 4, 32:])
    assert alone.scales[0] == scales[2, 4, 1]
    assert (alone.codes == codes[2, 4, 32:]).all()


@pytest.mark.parametrize("name", BLOCKS)
def test_blocks_of_zeros_and_of_one_value(name):
    form = formats.get(name)
    assert form.round(np.zeros(form.size)).tolist() == [0.0] * form.size
    same = form.round(np.full(form.size, 3.0))
    np.testing.assert_allclose(same, 3.0, rtol=0.04)
    assert len(set(same.tolist())) == 1


@pytest.mark.parametrize("name", BLOCKS)
def test_a_block_refuses_what_has_no_scale(name):
    form = formats.get(name)
    for bad in (np.nan, np.inf, -np.inf):
        values = np.ones(form.size)
        values[3] = bad
        with pytest.raises(ValueError, match=f"a block with {bad} has no scale"):
            form.encode_blocks(values)
    with pytest.raises(ValueError, match=f"whole blocks of {form.size}, got shape"):
        form.encode_blocks(np.ones(form.size + 1))
    with pytest.raises(ValueError, match="blocks need an axis"):
        form.encode_blocks(1.0)
    with pytest.raises(ValueError, match="use decode_blocks"):
        form.decode([0])
    with pytest.raises(ValueError, match="saturates its elements"):
        form.round(np.ones(form.size), overflow="nan")


def test_scales_that_make_no_sense_are_refused():
    codes = np.zeros(32, np.uint8)
    with pytest.raises(ValueError, match="a scale is NaN"):
        formats.get("mxint8").decode_blocks([255], codes)
    with pytest.raises(ValueError, match="a scale is 0, not positive"):
        formats.get("int4_g32").decode_blocks([0], codes, [0])
    for scale in (0.0, -1.0, np.nan, np.inf, "1"):
        with pytest.raises(ValueError, match="positive number"):
            formats.get("nvfp4").decode_blocks([0, 0], codes, scale)
    with pytest.raises(ValueError, match="the 2 parts"):
        formats.get("mxint8").decode_blocks([0])
    with pytest.raises(ValueError, match="one a block of 32"):
        formats.get("mxint8").decode_blocks([0, 0], codes)
    with pytest.raises(ValueError, match="along an axis"):
        formats.get("mxint8").decode_blocks(0, codes)
    with pytest.raises(ValueError, match="zero points of shape"):
        formats.get("int4_g32").decode_blocks([0x3C00], codes, [0, 0])
    with pytest.raises(ValueError, match="beyond its scale of fp16"):
        formats.get("int4_g32").encode_blocks(np.linspace(0, 1e6, 32))
    with pytest.raises(ValueError, match="beyond its FP32 scale"):
        formats.get("nvfp4").encode_blocks(np.full(16, 1e300))


# --- Sums -----------------------------------------------------------------------------


def step_by_step(form, terms):
    """Return a sum rounded after every step, by fractions alone."""
    held = 0.0
    for term in terms:
        total = Fraction(held) + Fraction(term)
        unit = Fraction(form.smallest)
        while abs(total) / unit >= 2 ** (form.mantissa_bits + 1):
            unit *= 2
        held = round(total / unit) * unit
        if abs(held) > form.largest:
            if form.infinities:
                return math.copysign(math.inf, held)
            held = math.copysign(form.largest, held)
    return float(held)


@pytest.mark.parametrize("name", FLOATS)
@given(
    terms=st.lists(
        st.builds(lambda m, e: m * 2.0**e, st.integers(-255, 255), st.integers(-40, 3)),
        min_size=1,
        max_size=8,
    )
)
def test_every_step_is_the_exact_sum_rounded_once(name, terms):
    form = formats.get(name)
    assert float(arithmetic.total(terms, form)) == step_by_step(form, terms)


def test_a_sum_far_below_the_last_place_still_counts():
    # 1 + 2^-24 is a tie in fp32; a term of 2^-70 more decides it
    values = [1.0, 2.0**-24 + 2.0**-76]
    assert arithmetic.total(values, "fp32") == 1 + 2.0**-23
    assert arithmetic.total([1.0, -(2.0**-60)], "fp32", rounding="toward_zero") < 1


@pytest.mark.parametrize(
    ("name", "stalls"),
    [("fp16", 2048), ("bf16", 256), ("tf32", 2048), ("fp8_e4m3", 16), ("fp8_e5m2", 8)],
)
def test_a_sum_of_ones_stalls_where_one_is_half_a_step(name, stalls):
    ones = np.ones(3 * stalls)
    assert arithmetic.total(ones, name) == stalls
    assert arithmetic.total(ones, "fp32") == 3 * stalls
    halves = arithmetic.total(ones[: 2 * stalls], name, order="pairwise")
    assert halves == 2 * stalls


def test_orders_by_hand():
    # fp8_e5m2 has two bits of mantissa: 8 + 1 is a tie and goes down to 8
    values = [8.0, 1.0, 1.0, 1.0, 1.0]
    sums = {
        order: float(arithmetic.total(values, "fp8_e5m2", order=order))
        for order in arithmetic.ORDERS
    }
    assert sums == {
        "forward": 8, "backward": 12, "ascending": 12, "descending": 8, "pairwise": 12,
    }  # fmt: skip
    # two lanes: 8 + 1 + 1 stays 8, 1 + 1 is 2, together 10
    assert arithmetic.total(values, "fp8_e5m2", lanes=2) == 10
    assert arithmetic.running(values, "fp8_e5m2").tolist() == [8.0] * 5


@given(seed=st.integers(0, 999), lanes=st.integers(1, 9), length=st.integers(0, 12))
def test_whole_numbers_sum_alike_in_every_order(seed, lanes, length):
    values = np.random.default_rng(seed).integers(-50, 50, (3, length))
    for order in arithmetic.ORDERS:
        for name in ("int16", "fp32"):
            ours = arithmetic.total(values, name, order=order, lanes=lanes)
            np.testing.assert_array_equal(ours, values.sum(axis=-1))


def test_dot_products_round_their_products_if_told():
    a, b = [1.125, 1.0], [1.125, 2.0**-7]
    assert arithmetic.dot(a, b, "fp32") == 1.125**2 + 2.0**-7
    rounded = arithmetic.dot(a, b, "fp32", products="fp8_e4m3")
    assert rounded == 1.25 + 2.0**-7
    assert arithmetic.dot([448.0], [448.0], "fp16") == np.inf
    assert arithmetic.dot([448.0], [448.0], "fp16", overflow="saturate") == 65504


def test_stochastic_sums_do_not_stall():
    ones, rng = np.ones((64, 64)), np.random.default_rng(0)
    sums = arithmetic.total(ones, "fp8_e4m3", rounding="stochastic", rng=rng)
    assert (arithmetic.total(ones, "fp8_e4m3") == 16).all()
    # each step adds 1 on average; the deviation of one sum is below 16
    assert abs(sums.mean() - 64) < 4 * 16 / 8


# --- Accumulators ---------------------------------------------------------------------


def test_how_many_products_an_accumulator_holds():
    fits = formats.products_that_fit
    int16, int32 = formats.get("int16"), formats.get("int32")
    assert fits(INT8, INT8, int16) == 1  # the second -128 x -128 is too much
    assert fits(INT8, INT8, int32) == 131_071
    assert fits(formats.get("uint8"), INT8, int16) == 1
    assert fits(formats.get("int4"), formats.get("int4"), int16) == 511
    e4m3 = formats.get("fp8_e4m3")
    assert fits(e4m3, e4m3, formats.get("fp16")) == 0  # 448 x 448 = 200,704
    with pytest.raises(TypeError, match="a float or an integer format"):
        fits(INT8, INT8, formats.get("mxint8"))


@pytest.mark.parametrize("count", [1, 2])
def test_the_course_authors_accumulator_overflows_at_the_second_product(count):
    lowest = np.full(count, -128.0)
    if count == 1:
        assert arithmetic.dot(lowest, lowest, "int16") == 16_384
        return
    with pytest.raises(ValueError, match="int16 holds -32768 to 32767, got 32768") as e:
        arithmetic.dot(lowest, lowest, "int16")
    assert e.value.__notes__ == ["at term 2 of 2"]
    assert arithmetic.dot(lowest, lowest, "int16", overflow="saturate") == 32_767
    assert arithmetic.dot(lowest, lowest, "int16", overflow="wrap") == -32_768
    assert arithmetic.dot(lowest, lowest, "int32") == 32_768


def test_empty_sums_and_no_axis():
    for order in arithmetic.ORDERS:
        assert arithmetic.total(np.zeros((2, 0)), "fp16", order=order).tolist() == [
            0,
            0,
        ]
    assert arithmetic.running(np.zeros((2, 0)), "fp16").shape == (2, 0)
    with pytest.raises(ValueError, match="needs an axis of terms"):
        arithmetic.total(1.0, "fp16")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"order": "sideways"}, "order is one of"),
        ({"lanes": 0}, "lanes is a whole number"),
        ({"rounding": "up"}, "rounding is one of"),
        ({"overflow": "wrap"}, "only integers wrap"),
        ({"form": "fp64", "rounding": "toward_zero"}, "to nearest only"),
        ({"form": "int8", "overflow": "wrap", "values": [0.5]}, "only whole numbers"),
    ],
)
def test_what_makes_no_sense_is_refused(given, words):
    given = {"values": [1.0, 2.0], "form": "fp16"} | given
    with pytest.raises(ValueError, match=words):
        arithmetic.total(**given)


def test_operands_too_fine_for_exact_products_are_refused():
    with pytest.raises(ValueError, match="more than FP32's 24 bits"):
        arithmetic.dot([1 / 3], [1.0], "fp32")
    with pytest.raises(ValueError, match="the last axes differ"):
        arithmetic.dot([1.0], [1.0, 2.0], "fp32")
    with pytest.raises(TypeError, match="a float or an integer"):
        arithmetic.total([1.0], "mxint8")
