"""Number formats bit by bit beside ml_dtypes and gfloat."""

import json
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

from dlpatterns import datasets, formats
from dlpatterns.formats import _plain

TYPES = {
    "fp16": np.float16,
    "bf16": ml_dtypes.bfloat16,
    "fp8_e4m3": ml_dtypes.float8_e4m3fn,
    "fp8_e5m2": ml_dtypes.float8_e5m2,
    "fp6_e2m3": ml_dtypes.float6_e2m3fn,
    "fp6_e3m2": ml_dtypes.float6_e3m2fn,
    "fp4_e2m1": ml_dtypes.float4_e2m1fn,
    "fp8_e8m0": ml_dtypes.float8_e8m0fnu,
}
GFLOAT = json.loads(Path(__file__).with_name("gfloat_formats.json").read_text())
CONVENTIONS = datasets.measurement("format_conventions")["rows"]


def codes_of(form):
    return np.arange(2**form.bits).astype(_plain.code_type(form))


def theirs_on_overflow(form):
    """Say what ml_dtypes does with what is too large: infinity, NaN, or the largest."""
    if form.infinities:
        return "inf"
    return "nan" if form.nan_code is not None else "saturate"


@pytest.mark.parametrize("name", TYPES)
def test_every_code_has_the_value_that_ml_dtypes_gives(name):
    form = formats.get(name)
    ours = form.decode(codes_of(form))
    theirs = codes_of(form).view(TYPES[name]).astype(np.float32)
    np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(np.signbit(ours), np.signbit(theirs))


@pytest.mark.parametrize("name", ["int1", "int2", "int4", "uint1", "uint2", "uint4"])
def test_every_integer_has_the_value_that_ml_dtypes_gives(name):
    form = formats.get(name)
    theirs = [int(c) for c in codes_of(form).view(getattr(ml_dtypes, name))]
    assert form.decode(codes_of(form)).tolist() == theirs


def hard(form):
    """Return float32: every value and its neighbours, every tie, and any bits."""
    values = form.decode(codes_of(form))
    values = values[np.isfinite(values)]
    ordered = np.sort(values.astype(np.float64))
    ties = ((ordered[1:] + ordered[:-1]) / 2).astype(np.float32)
    near = [
        np.nextafter(t, np.float32(s * np.inf)) for t in (ties, values) for s in (1, -1)
    ]
    rng = np.random.default_rng(1)
    bits = rng.integers(0, 2**32, 300_000).astype(np.uint32).view(np.float32)
    plain = rng.normal(size=100_000) * 2.0 ** rng.integers(-30, 30, 100_000)
    edges = np.float32([0.0, -0.0, np.inf, -np.inf, np.nan, 2.0**-149, 3.4e38])
    parts = [values, ties, *near, bits, plain.astype(np.float32), edges]
    return np.concatenate([part.astype(np.float32) for part in parts])


@pytest.mark.parametrize("name", TYPES)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_encoding_is_bit_exact_with_ml_dtypes(name):
    form = formats.get(name)
    x = hard(form)
    if form.nan_code is None:
        x = x[~np.isnan(x)]
    if not form.signed:
        x = x[~(x <= 0)]
        # here ml_dtypes rounds up to 2^-126 whatever lies above 2^-127
        x = x[~((x > form.smallest) & (x <= 1.5 * form.smallest))]
    ours = form.encode(x, overflow=theirs_on_overflow(form))
    theirs = x.astype(TYPES[name]).view(ours.dtype)
    nan = np.isnan(x)
    np.testing.assert_array_equal(ours[~nan], theirs[~nan])
    assert np.isnan(form.decode(ours[nan])).all()


def test_a_tiny_scale_is_nearer_the_smallest_than_ml_dtypes_thinks():
    form, value = formats.get("fp8_e8m0"), np.float32(1.1 * 2.0**-127)
    assert value.astype(ml_dtypes.float8_e8m0fnu).astype(np.float32) == 2.0**-126
    assert form.round(value) == 2.0**-127


@pytest.mark.parametrize("name", [n for n in TYPES if n != "fp8_e8m0"] + ["tf32"])
@pytest.mark.parametrize("rounding", ["nearest", "toward_zero"])
@pytest.mark.parametrize("overflow", ["saturate", "inf", "nan"])
def test_the_fast_ways_give_what_the_plain_way_gives(name, rounding, overflow):
    form = formats.get(name)
    lacks = {"inf": not form.infinities, "nan": form.nan_code is None}
    if lacks.get(overflow):
        return
    x = hard(formats.get("bf16" if name == "tf32" else name))
    if form.nan_code is None:
        x = x[~np.isnan(x)]
    with np.errstate(all="ignore"):
        doubles = x.astype(np.float64)
        doubles = doubles * (
            1 + np.random.default_rng(2).normal(size=x.size) * 2.0**-30
        )
    for given in (x, doubles):
        plain = _plain.plain(form, given, _plain.Rule(rounding), overflow)
        quick = form.encode(given, rounding, overflow)
        np.testing.assert_array_equal(quick, plain)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_single_precision_is_numpys():
    form = formats.get("fp32")
    values = np.random.default_rng(4).normal(size=10_000) * 1e30
    values = np.concatenate([values, 1e-300 * values, 1e-80 * values, [1e300, np.inf]])
    np.testing.assert_array_equal(form.round(values), values.astype(np.float32))
    plain = _plain.plain(form, values, _plain.Rule("nearest"), "inf")
    np.testing.assert_array_equal(form.encode(values), plain)
    wide = formats.get("fp64")
    plain = _plain.plain(wide, values, _plain.Rule("nearest"), "inf")
    np.testing.assert_array_equal(wide.encode(values), plain)
    np.testing.assert_array_equal(wide.decode(plain), values)


# --- gfloat ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", GFLOAT["blocks"])
def test_blocks_are_encoded_as_gfloat_encodes_them(name):
    theirs = np.array(GFLOAT["blocks"][name])
    scales, codes = formats.get(name).encode_blocks(GFLOAT["values"])
    np.testing.assert_array_equal(scales, theirs[:, :1])
    np.testing.assert_array_equal(codes, theirs[:, 1:])


@pytest.mark.parametrize("name", ["fp8_e4m3", "fp8_e5m2", "fp4_e2m1", "bf16", "fp16"])
def test_the_same_draws_round_away_as_in_gfloat(name):
    rows = [row for row in GFLOAT["draws"] if row["format"] == name]
    assert len(rows) == 3 * 3 * 13
    for row in rows:
        draws = np.arange(2 ** row["bits"])
        values = np.full(draws.size, row["value"])
        form = formats.get(name)
        options = {"draws": draws, "draw_bits": row["bits"]}
        ours = form.encode(values, row["mode"], **options)
        away = np.flatnonzero(ours != form.encode(values, "toward_zero"))
        assert away.tolist() == row["away"], row


# --- What each library does with what does not fit ------------------------------------


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(
    "row", CONVENTIONS, ids=lambda r: f"{r['format']} {r['value']}"
)
def test_the_stored_conventions_are_those_of_the_installed_ml_dtypes(row):
    kinds = TYPES | {"int4": ml_dtypes.int4, "int8": np.int8}
    value = np.array([float(row["value"])], row["type"])
    cast = value.astype(kinds[row["format"]])[0].astype(np.float32)
    assert f"{cast:.9g}" == row["ml_dtypes"]


def test_libraries_differ_where_the_book_says_they_do():
    rows = {(row["format"], row["value"]): row for row in CONVENTIONS}
    e4m3 = rows["fp8_e4m3", "465.0"]
    assert (e4m3["PyTorch"], e4m3["ml_dtypes"]) == ("448", "nan")
    twice = rows["fp8_e4m3", "1.0625000000009095"]
    assert (twice["ml_dtypes"], twice["PyTorch"], twice["gfloat"]) == (
        "1",
        "1",
        "1.125",
    )
    assert rows["int4", "8"]["ml_dtypes"] == "-8"
    assert rows["fp8_e8m0", "3.0"]["ml_dtypes"] == "4"  # OCP's rule takes 2
    assert rows["fp4_e2m1", "2.5"]["microxcaling"] == "3"  # the tie goes to 2
