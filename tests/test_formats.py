"""Number formats by name."""

import ml_dtypes
import numpy as np
import pytest

from dlpatterns import formats

NUMPY = {
    "fp64": np.float64,
    "fp32": np.float32,
    "fp16": np.float16,
    "bf16": ml_dtypes.bfloat16,
    "fp8_e4m3": ml_dtypes.float8_e4m3fn,
    "fp8_e5m2": ml_dtypes.float8_e5m2,
    "fp4_e2m1": ml_dtypes.float4_e2m1fn,
}


@pytest.mark.parametrize("name", NUMPY)
def test_bits_are_spent_as_ml_dtypes_spends_them(name):
    ours, theirs = formats.get(name), ml_dtypes.finfo(NUMPY[name])
    assert (ours.bits, ours.mantissa_bits, ours.exponent_bits) == (
        theirs.bits,
        theirs.nmant,
        theirs.nexp,
    )


@pytest.mark.parametrize("name", formats.FORMATS)
def test_a_name_says_how_wide_the_format_is(name):
    digits = "".join(c for c in name.split("_")[0] if c.isdigit())
    assert formats.get(name).bits == (19 if name == "tf32" else int(digits))


def test_packed_values_fill_whole_bytes():
    assert [formats.get("int4").bytes_for(n) for n in (0, 1, 2, 3)] == [0, 1, 1, 2]
    assert formats.get("int1").bytes_for(9) == 2
    assert formats.get("tf32").bytes_for(10) == 40


def test_an_unknown_format_is_answered_with_the_known_ones():
    with pytest.raises(ValueError, match=r"'float16'; known: fp64, fp32"):
        formats.get("float16")
