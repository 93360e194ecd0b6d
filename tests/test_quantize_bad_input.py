"""Quantisation refuses what it cannot code, and never wraps or makes NaN of it."""

import numpy as np
import pytest

from dlpatterns import formats
from dlpatterns.quantize import Affine, Scheme, affine, binary, fit, integer, observers
from dlpatterns.quantize.fixed import quantise_multiplier, requantize

PAIR, TENTH = np.array([0.5, -1.0]), Affine(Scheme(), 0.1)
HISTOGRAMS = (observers.Percentile, observers.KL)


@pytest.mark.parametrize("bits", [0, 17, -1, 2.5, True, None, "two", float("nan")])
def test_bits_that_no_scheme_has(bits):
    with pytest.raises((ValueError, TypeError), match="bits is a whole number"):
        Scheme(bits)
    with pytest.raises(ValueError, match="unknown number format"):
        formats.get(f"int{bits}")


@pytest.mark.parametrize("scale", [0.0, np.nan, np.inf, -1.0, [], "a", None, [1, 0.0]])
def test_scales_that_are_none(scale):
    with pytest.raises(ValueError, match="a scale is a positive finite number"):
        Affine(Scheme(), scale)


@pytest.mark.parametrize("scale", [0.0, np.nan, -1.0, np.array([0.1, 0.0])])
def test_kernels_take_no_such_scale_either(scale):
    with pytest.raises(ValueError, match="a scale is above zero"):
        integer.Rescale.between(scale, TENTH)


@pytest.mark.parametrize("zero", [128, -129, 0.5, np.nan])
def test_zero_points_that_are_no_codes(zero):
    with pytest.raises((ValueError, TypeError), match="a zero point"):
        Affine(Scheme(), 1.0, zero)


@pytest.mark.parametrize("codes", [[128], [-129], [2**40]])
def test_codes_outside_the_scheme(codes):
    with pytest.raises(ValueError, match="codes lies between -128 and 127"):
        TENTH.values(np.array(codes))
    with pytest.raises(ValueError, match="codes lies between -128 and 127"):
        integer.add(np.array(codes), np.array([0]), scales=(TENTH, TENTH), out=TENTH)


@pytest.mark.parametrize("value", [1e300, -1e300, 1.7e308])
def test_huge_values_are_clipped_and_never_wrapped(value):
    tiny = Affine(Scheme(), 1e-300)
    assert tiny.codes(np.array([value])) == (127 if value > 0 else -128)
    assert affine.noise(np.array([value, 1.0]), np.array([0.0, 1.0])) == 0


@pytest.mark.parametrize("axis", [2, -3])
def test_axes_that_are_not_there(axis):
    x = np.ones((2, 3))
    for way in (lambda: fit(x, axis=axis), lambda: binary.signs(x, axis=axis)):
        with pytest.raises(ValueError, match=f"no axis {axis}"):
            way()
    with pytest.raises(ValueError, match=f"no axis {axis}"):
        Affine(Scheme(), [1.0, 2.0], axis=axis).codes(x)


@pytest.mark.parametrize("shape", [(6,), (2, 6), ()])
def test_groups_that_do_not_divide(shape):
    with pytest.raises(ValueError, match="do not divide the last axis"):
        fit(np.ones(shape), group=4)


@pytest.mark.parametrize("maker", HISTOGRAMS)
@pytest.mark.parametrize("far", [1e9, 1e200])
def test_a_histogram_does_not_grow_without_end(maker, far):
    watch = maker()
    watch.see(np.array([1e-3]))
    with pytest.raises(ValueError, match="show a typical batch first"):
        watch.see(np.array([far]))


@pytest.mark.parametrize("maker", [observers.MinMax, *HISTOGRAMS])
def test_an_observer_needs_a_scheme_for_its_scale(maker):
    watch = maker()
    watch.see(PAIR)
    with pytest.raises(TypeError, match="scheme is a Scheme, got 8"):
        watch.affine(8)


def test_accumulators_that_overflow():
    row = np.full((1, 200_000), 127)
    to = integer.Rescale.between(0.5, TENTH)
    one, bias = np.array([[127]]), np.array([2**31 - 1])
    for way in (
        lambda: integer.int_matmul(row, row.T),
        lambda: integer.linear(one, one, bias, zero=0, to=to),
        lambda: requantize(np.array([2**30]), 2**30, 3),
        lambda: requantize(np.array([2**30]), 2**30, 3, "single"),
    ):
        with pytest.raises(ValueError, match="overflows an int32 accumulator"):
            way()


@pytest.mark.parametrize("real", [np.nan, np.inf, -1.0, 2.0**31])
def test_multipliers_that_no_shift_reaches(real):
    with pytest.raises(ValueError, match="a multiplier lies between"):
        quantise_multiplier(real)


def test_a_multiplier_below_all_shifts_is_zero():
    # as TensorFlow Lite flushes it; requantize makes zeros of everything then
    assert quantise_multiplier(1e-30) == quantise_multiplier(0.0) == (0, 0)
    assert not requantize(np.array([2**31 - 1, -(2**31)]), 0, 0).any()


def test_bytes_of_less_than_nothing():
    with pytest.raises(ValueError, match="values is a whole number from 0 on"):
        TENTH.bytes_for(-1)
