"""Number formats by name: what their bits mean, and what they refuse."""

import math
import subprocess
import sys
from fractions import Fraction

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlpatterns import formats

NUMPY = {
    "fp64": np.float64,
    "fp32": np.float32,
    "fp16": np.float16,
    "bf16": ml_dtypes.bfloat16,
    "fp8_e4m3": ml_dtypes.float8_e4m3fn,
    "fp8_e5m2": ml_dtypes.float8_e5m2,
    "fp6_e2m3": ml_dtypes.float6_e2m3fn,
    "fp6_e3m2": ml_dtypes.float6_e3m2fn,
    "fp4_e2m1": ml_dtypes.float4_e2m1fn,
}
FLOATS = [n for n, form in formats.FORMATS.items() if isinstance(form, formats.Float)]
INTEGERS = [
    n for n, form in formats.FORMATS.items() if isinstance(form, formats.Integer)
]
BLOCKS = [n for n, form in formats.FORMATS.items() if hasattr(form, "element")]
SINGLES = [n for n in formats.FORMATS if n not in BLOCKS]
WIDTHS = {"tf32": 19, "binary": 1, "ternary": 2}


@pytest.mark.parametrize("name", NUMPY)
def test_bits_are_spent_as_ml_dtypes_spends_them(name):
    ours, theirs = formats.get(name), ml_dtypes.finfo(NUMPY[name])
    assert (ours.bits, ours.mantissa_bits, ours.exponent_bits) == (
        theirs.bits,
        theirs.nmant,
        theirs.nexp,
    )
    assert ours.largest == float(theirs.max)
    assert ours.smallest_normal == float(theirs.smallest_normal)
    assert ours.smallest == float(theirs.smallest_subnormal)
    assert ours.epsilon == float(theirs.eps)


@pytest.mark.parametrize("name", SINGLES)
def test_a_name_says_how_wide_the_format_is(name):
    digits = "".join(c for c in name.split("_")[0] if c.isdigit())
    assert formats.get(name).bits == WIDTHS.get(name, int(digits or 0))


def test_a_shared_scale_costs_its_share_of_a_bit():
    # 32 elements and 8 bits of scale; 16 and 8; 128 of 4 bits, FP16 scale, 4-bit zero
    bits = {name: formats.get(name).bits for name in ("mxfp4_e2m1", "nvfp4", "mxint8")}
    assert bits == {"mxfp4_e2m1": 4.25, "nvfp4": 4.5, "mxint8": 8.25}
    assert formats.get("int4_g128").bits == 4 + 20 / 128
    assert formats.get("mxfp4_e2m1").bytes_for(64) == 2 * 17
    assert formats.get("mxfp4_e2m1").bytes_for(33) == 2 * 17  # whole blocks


def test_packed_values_fill_whole_bytes():
    assert [formats.get("int4").bytes_for(n) for n in (0, 1, 2, 3)] == [0, 1, 1, 2]
    assert formats.get("int1").bytes_for(9) == 2
    assert formats.get("tf32").bytes_for(10) == 40


def test_widths_need_no_numpy():
    code = "import sys, dlpatterns.formats as f; f.get('mxint8').bytes_for(3); "
    code += "print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "False", done.stderr


def test_an_unknown_format_is_answered_with_the_known_ones():
    with pytest.raises(ValueError, match=r"'float16'; known: fp64, fp32"):
        formats.get("float16")


# --- Codes ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", [n for n in SINGLES if formats.get(n).bits <= 19])
def test_every_code_comes_back_from_its_value(name):
    form = formats.get(name)
    codes = np.arange(2**form.bits)
    if isinstance(form, formats.Levels):
        codes = np.array([c for c, v in enumerate(form.levels) if v is not None])
    values = form.decode(codes)
    real = ~np.isnan(values)
    np.testing.assert_array_equal(form.encode(values[real]), codes[real])


def test_numbers_from_the_standards():
    # OCP 8-bit Floating Point 1.0, table 1; OCP Microscaling 1.0, tables 1 to 5
    limits = {
        "fp8_e4m3": (448, 2**-6, 2**-9),
        "fp8_e5m2": (57344, 2**-14, 2**-16),
        "fp6_e2m3": (7.5, 1, 0.125),
        "fp6_e3m2": (28, 0.25, 0.0625),
        "fp4_e2m1": (6, 1, 0.5),
        "fp8_e8m0": (2.0**127, 2.0**-127, 2.0**-127),
    }
    for name, (largest, normal, smallest) in limits.items():
        form = formats.get(name)
        assert (form.largest, form.smallest_normal, form.smallest) == (
            largest,
            normal,
            smallest,
        )
    e2m1 = [0, 0.5, 1, 1.5, 2, 3, 4, 6]
    assert formats.get("fp4_e2m1").decode(range(8)).tolist() == e2m1
    assert formats.get("pot4").decode(range(8)).tolist() == [
        0, 0.25, 0.5, 1, 2, 4, 8, 16,
    ]  # fmt: skip


def test_twos_complement():
    form = formats.get("int4")
    assert form.decode([7, 8, 15]).tolist() == [7, -8, -1]
    assert form.encode([-1.0, -8.0, 100.0, -100.0]).tolist() == [15, 8, 7, 8]
    assert formats.get("uint4").encode([-3.0, 15.6]).tolist() == [0, 15]


def test_logarithms_step_by_a_constant_factor():
    values = formats.get("log8").decode(np.arange(1, 128))
    np.testing.assert_allclose(values[1:] / values[:-1], 2 ** (1 / 8))
    assert formats.get("log8").round(1.0) == 1.0


def test_fields_of_a_code():
    assert formats.get("fp16").fields(0x3C01) == ("0", "01111", "0000000001")
    assert formats.get("fp8_e8m0").fields(127) == ("", "01111111", "")
    for bad in (-1, 2**16, 1.0):
        with pytest.raises(ValueError, match=r"fp16: a code is 0 to 65535"):
            formats.get("fp16").fields(bad)


# --- One rounding ---------------------------------------------------------------------


def exact(form: formats.Float, value: float) -> float:
    """Return a finite value rounded to nearest even with fractions alone."""
    size, unit = abs(Fraction(value)), Fraction(form.smallest)
    while size / unit >= 2 ** (form.mantissa_bits + 1):
        unit *= 2
    rounded = round(size / unit) * unit  # Python's round takes ties to even
    if rounded > Fraction(form.largest):
        rounded = math.inf if form.infinities else form.largest
    return math.copysign(float(rounded), value)


DOUBLES = st.floats(allow_nan=False, allow_infinity=False, width=64)
NEAR = st.builds(
    lambda code, shift, sign: sign * (code + 0.5 + shift) * 2.0**-9,
    st.integers(0, 300),
    st.sampled_from([0.0, 2.0**-30, -(2.0**-30), 2.0**-44]),
    st.sampled_from([1, -1]),
)


@pytest.mark.parametrize("name", [n for n in FLOATS if n not in ("fp64", "fp8_e8m0")])
@given(value=DOUBLES | NEAR)
def test_a_double_is_rounded_once(name, value):
    form = formats.get(name)
    assert float(form.round(value)) == exact(form, value)


def test_a_double_is_not_rounded_twice():
    above = 1.0625 + 2.0**-40  # float32 would put it on the tie, which goes down
    assert formats.get("fp8_e4m3").round(above) == 1.125
    assert formats.get("fp8_e4m3").round(np.float32(above)) == 1.0


@pytest.mark.parametrize("name", [n for n in FLOATS if formats.get(n).bits <= 19])
def test_toward_zero_takes_the_largest_that_is_not_larger(name):
    form = formats.get(name)
    every = form.decode(np.arange(form.largest_code + 1)).astype(np.float64)
    values = np.random.default_rng(3).lognormal(0, 4, 5000)
    below = every[np.searchsorted(every, values, "right") - 1]
    np.testing.assert_array_equal(form.round(values, "toward_zero"), below)
    if form.signed:
        np.testing.assert_array_equal(form.round(-values, "toward_zero"), -below)


def test_stochastic_rounding_is_right_on_average():
    form, rng = formats.get("fp8_e4m3"), np.random.default_rng(5)
    values = np.full(40_000, 1.03)
    kept = form.round(values, rounding="stochastic", rng=rng)
    assert set(kept.tolist()) == {1.0, 1.125}
    # 40,000 draws of a step of 0.125: standard deviation of the mean 0.0003
    assert abs(kept.mean() - 1.03) < 4 * 0.0003
    assert formats.get("binary").round(values * 0, "stochastic", rng=rng).std() > 0.99


def test_few_random_bits_are_biased_as_their_rule_says():
    form, draws = formats.get("fp8_e4m3"), np.arange(4)
    value = np.full(4, 1 + 0.125 * 0.2)  # 0.2 of the way, in quarters
    ways = {
        rule: form.round(value, rule, draws=draws, draw_bits=2).tolist().count(1.125)
        for rule in ("stochastic", "stochastic_fast", "stochastic_fastest")
    }
    assert ways == {"stochastic": 1, "stochastic_fast": 1, "stochastic_fastest": 0}


# --- Overflow and bad input -----------------------------------------------------------


def test_overflow_goes_where_it_is_told():
    e4m3, e5m2 = formats.get("fp8_e4m3"), formats.get("fp8_e5m2")
    assert e4m3.round([465.0, -1e300, np.inf]).tolist() == [448, -448, 448]
    assert np.isnan(e4m3.round([465.0, np.inf], overflow="nan")).all()
    assert e4m3.round(464.0, overflow="nan") == 448  # the tie goes to the even code
    assert e5m2.round([1e6, -1e6]).tolist() == [np.inf, -np.inf]
    assert e5m2.round([1e6, np.inf], overflow="saturate").tolist() == [57344, 57344]
    assert e5m2.round([1e6, np.inf], "toward_zero").tolist() == [57344, np.inf]
    assert formats.get("fp16").round(65520.0) == np.inf
    assert formats.get("bf16").round(3.4e38) == np.inf
    assert formats.get("bf16").round(3.4e38, overflow="saturate") < 3.4e38
    assert np.isnan(formats.get("bf16").round(1e39, overflow="nan"))


@pytest.mark.parametrize(
    ("name", "given", "words"),
    [
        ("fp8_e4m3", {"overflow": "inf"}, "has no infinity"),
        ("fp4_e2m1", {"overflow": "nan"}, "has no NaN"),
        ("int8", {"overflow": "inf"}, "has no infinity"),
        ("fp16", {"overflow": "wrap"}, "overflow is one of"),
        ("fp16", {"rounding": "up"}, "rounding is one of"),
        ("fp16", {"draws": [1]}, "nearest draws nothing"),
        ("fp16", {"rounding": "stochastic", "draws": [0, 1]}, "draws are whole"),
        (
            "fp16",
            {"rounding": "stochastic", "draws": [4], "draw_bits": 2},
            "draws are 0 to 3",
        ),
        ("fp16", {"rounding": "stochastic", "draw_bits": 99}, "draw_bits is 1 to 32"),
        ("binary", {"rounding": "toward_zero"}, "has no zero"),
        ("int8", {"overflow": "error", "values": [128.0]}, "holds -128 to 127"),
        ("int8", {"values": [np.nan]}, "has no NaN"),
        ("fp4_e2m1", {"values": [np.nan]}, "has no NaN"),
        ("fp6_e3m2", {"values": np.float32([np.nan])}, "has no NaN"),
        ("ternary", {"values": [np.nan]}, "has no NaN"),
        ("fp8_e8m0", {"values": [0.0]}, "has no zero"),
        ("fp8_e8m0", {"values": [-1.0]}, "has no negative number"),
        ("fp16", {"values": [2**60 + 1]}, r"beyond 2\^53"),
        ("fp16", {"values": [[1], [1, 2]]}, "rows of one length"),
        ("mxfp4_e2m1", {}, "use encode_blocks"),
    ],
)
def test_what_makes_no_sense_is_refused(name, given, words):
    values = given.pop("values", [1.0])
    with pytest.raises(ValueError, match=words):
        formats.get(name).encode(values, **given)


@pytest.mark.parametrize("values", ["text", [1j], None, [object()], [True]])
def test_what_is_no_number_is_refused(values):
    with pytest.raises(TypeError, match="fp16: an array of real numbers"):
        formats.get("fp16").encode(values)


@pytest.mark.parametrize("name", [n for n in SINGLES if n != "fp64"])
def test_bits_outside_the_format_are_refused(name):
    form = formats.get(name)
    for bad in (-1, 2**form.bits):
        with pytest.raises(ValueError, match=f"{name}: codes are 0 to"):
            form.decode([0, bad])
    with pytest.raises(TypeError, match="codes are whole numbers"):
        form.decode([0.5])


def test_codes_that_mean_nothing_are_refused():
    for name, code in (("ternary", 2), ("log8", 128)):
        with pytest.raises(ValueError, match=f"{name}: code {code} has no value"):
            formats.get(name).decode([code])


@pytest.mark.parametrize("name", formats.FORMATS)
def test_an_empty_array_stays_empty(name):
    for shape in ((0,), (2, 0), (0, 128)):
        for kind in (np.float32, np.float64):
            assert formats.get(name).round(np.zeros(shape, kind)).shape == shape


@pytest.mark.parametrize("name", SINGLES)
def test_one_number_and_many_axes_keep_their_shape(name):
    form = formats.get(name)
    for shape in ((), (1,), (2, 3, 4)):
        for kind in (np.float32, np.float64):
            assert form.round(np.ones(shape, kind)).shape == shape


def test_what_comes_in_float32_goes_out_float32():
    ones = np.ones(3, np.float32)
    for name in ("fp32", "bf16", "fp8_e4m3", "int8", "ternary", "mxint8"):
        if name != "mxint8":
            assert formats.get(name).round(ones).dtype == np.float32
        assert formats.get(name).round(np.ones(32, np.float32)).dtype == np.float32
        assert formats.get(name).round(np.ones(32)).dtype == np.float64
    assert formats.get("fp64").round(ones).dtype == np.float64
    assert formats.get("fp16").round(np.ones(3, np.float16)).dtype == np.float32


@pytest.mark.parametrize(
    ("bits", "words"),
    [((8, 4, 4), "do not make 8 bits"), ((9, 4, 3), "do not make 9 bits")],
)
def test_a_float_spends_all_its_bits(bits, words):
    with pytest.raises(ValueError, match=words):
        formats.Float("it", *bits)
    with pytest.raises(ValueError, match="nans is one of"):
        formats.Float("it", 8, 4, 3, nans="some")
    with pytest.raises(ValueError, match="1 to 32 bits"):
        formats.Integer("it", 33)
    with pytest.raises(ValueError, match="no two alike"):
        formats.Levels("it", 1, levels=(1.0, 1.0))
    with pytest.raises(ValueError, match="needs an element"):
        formats.Block("it")


def test_a_format_of_ones_own():
    tiny = formats.Float("fp5_e2m2", 5, 2, 2, nans="none")
    assert tiny.decode(range(8)).tolist() == [0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75]
    assert tiny.round([1.1, 9.0]).tolist() == [1.0, 7.0]
