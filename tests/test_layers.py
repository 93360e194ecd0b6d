"""Layer specs: shapes against a count of window positions by hand, and errors that say
what does not fit.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlpatterns.layers import (
    GRU,
    LSTM,
    RNN,
    Activation,
    Add,
    Attention,
    AvgPool2d,
    BatchNorm2d,
    Concat,
    ConnectedConv2d,
    Conv2d,
    ConvTranspose2d,
    Dropout,
    Embedding,
    EuclideanRBF,
    Experts,
    Flatten,
    GlobalAvgPool2d,
    LayerNorm,
    Linear,
    LocalResponseNorm,
    MaxPool2d,
    Multiply,
    Patches,
    PositionEmbedding,
    RMSNorm,
    ShuffleChannels,
    Softmax,
    Subsample2d,
    TakeChannels,
    TakeToken,
)
from dlpatterns.layers.windows import window_positions

sizes, small = st.integers(1, 40), st.integers(1, 5)


def taps(start: int, kernel: int, dilation: int) -> list[int]:
    """The places a kernel touches when its first tap is at `start`."""
    return [start + dilation * tap for tap in range(kernel)]


def places(size: int, kernel: int, *, stride: int, pad: int, dilation: int = 1) -> int:
    """Slide a window over a padded line one step at a time and count where all its taps
    are on the line.
    """
    line = range(-pad, size + pad)
    return sum(
        all(tap in line for tap in taps(start, kernel, dilation))
        for start in line[::stride]
    )


@given(
    height=sizes,
    width=sizes,
    kernel=small,
    stride=small,
    pad=st.integers(0, 4),
    dilation=st.integers(1, 3),
)
def test_convolution_has_one_output_per_window_that_fits(
    height, width, kernel, stride, pad, dilation
):
    spec = Conv2d(3, kernel, stride=stride, padding=pad, dilation=dilation)
    rows = places(height, kernel, stride=stride, pad=pad, dilation=dilation)
    columns = places(width, kernel, stride=stride, pad=pad, dilation=dilation)
    if rows and columns:
        assert spec.output_shape((2, height, width)) == (3, rows, columns)
    else:
        with pytest.raises(ValueError, match="padded input"):
            spec.output_shape((2, height, width))


@given(size=sizes, kernel=small, stride=small, pad=st.integers(0, 2))
def test_ceiling_mode_adds_a_window_that_starts_on_the_line_and_sees_what_no_other_does(
    size, kernel, stride, pad
):
    if 2 * pad > kernel or kernel > size + 2 * pad:
        return
    windows = [0]  # starts, counted from the left end of the padding
    while windows[-1] + kernel < size + 2 * pad and windows[-1] + stride < size + pad:
        windows.append(windows[-1] + stride)
    shape = MaxPool2d(kernel, stride, padding=pad, ceil_mode=True).output_shape(
        (4, size, size)
    )
    assert shape == (4, len(windows), len(windows))


@given(size=sizes, kernel=st.integers(1, 7), stride=small)
def test_same_padding_gives_one_output_per_stride_begun(size, kernel, stride):
    spec = Conv2d(1, kernel, stride=stride, padding="same")
    assert spec.output_shape((1, size, size))[1] == len(range(0, size, stride))


def test_pairs_are_height_then_width():
    assert Conv2d(8, (1, 7), padding=(0, 3)).output_shape((3, 17, 20)) == (8, 17, 20)
    assert Conv2d(8, (1, 7), stride=(2, 1)).output_shape((3, 17, 20)) == (8, 9, 14)
    assert Conv2d(8, (1, 7)).weight_shape(6) == (8, 6, 1, 7)
    assert Conv2d(8, 3, groups=2).weight_shape(6) == (8, 3, 3, 3)


@pytest.mark.parametrize(
    ("spec", "inputs", "output"),
    [
        (ConnectedConv2d(((0,), (0, 2)), 5), [(3, 14, 14)], (2, 10, 10)),
        (MaxPool2d(2), [(6, 9, 8)], (6, 4, 4)),
        (MaxPool2d(3, 2, ceil_mode=True), [(1, 2, 2)], (1, 1, 1)),  # as PyTorch 2.13
        (Dropout(0), [(7,)], (7,)),
        (Patches(), [(8, 3, 5)], (15, 8)),
        (TakeChannels(0, 6), [(6, 9, 8)], (6, 9, 8)),
        (ShuffleChannels(2), [(6, 9, 8)], (6, 9, 8)),
        (TakeToken(4), [(5, 3)], (3,)),
        (TakeToken(-5), [(5, 3)], (3,)),
        (TakeToken(-5), [(5, 7)], (7,)),
        (TakeToken(), [(5, 7)], (7,)),
        (AvgPool2d(3, 2, padding=1), [(6, 9, 8)], (6, 5, 4)),
        (Subsample2d(2), [(6, 28, 28)], (6, 14, 14)),
        (GlobalAvgPool2d(), [(6, 9, 8)], (6, 1, 1)),
        (Linear(10), [(7,)], (10,)),
        (Linear(10), [(5, 7)], (5, 10)),
        (EuclideanRBF(10), [(84,)], (10,)),
        (BatchNorm2d(), [(6, 9, 8)], (6, 9, 8)),
        (LayerNorm(), [(5, 7)], (5, 7)),
        (RMSNorm(), [(5, 7)], (5, 7)),
        (LocalResponseNorm(), [(6, 9, 8)], (6, 9, 8)),
        (Activation("gelu"), [(5, 7)], (5, 7)),
        (Softmax(), [(7,)], (7,)),
        (Dropout(), [(7,)], (7,)),
        (Flatten(), [(6, 9, 8)], (432,)),
        (Patches(extra=1), [(768, 14, 14)], (197, 768)),
        (TakeToken(0), [(197, 768)], (768,)),
        (TakeChannels(2, 6), [(6, 9, 8)], (4, 9, 8)),
        (ShuffleChannels(3), [(6, 9, 8)], (6, 9, 8)),
        (Add(), [(6, 9, 8)] * 3, (6, 9, 8)),
        (Multiply(), [(6, 9, 8), (6, 1, 1)], (6, 9, 8)),
        (Multiply(), [(6, 1, 1), (6, 9, 8)], (6, 9, 8)),
        (Concat(), [(2, 9, 8), (4, 9, 8)], (6, 9, 8)),
        (Embedding(100, 16), [(5,)], (5, 16)),
        (PositionEmbedding(8), [(5, 16)], (5, 16)),
        (LSTM(32), [(5, 16)], (5, 32)),
        (GRU(32, biases=2), [(5, 16)], (5, 32)),
        (Attention(4), [(5, 16)], (5, 16)),
        (Attention(4, kv_heads=2, head_dim=8), [(5, 16), (9, 24)], (5, 16)),
        (Experts(8, active=2, hidden=64), [(5, 16)], (5, 16)),
    ],
    ids=lambda value: type(value).__name__ if hasattr(value, "output_shape") else "",
)
def test_shape_that_comes_out(spec, inputs, output):
    assert spec.output_shape(*inputs) == output


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Conv2d(0, 3), ["Conv2d(out_channels=0", "at least 1, got 0"]),
        (lambda: Conv2d(8, -3), ["kernel=-3", "at least 1"]),
        (lambda: Conv2d(8, (3, 0)), ["kernel", "got (3, 0)"]),
        (lambda: Conv2d(8, (3, 3, 3)), ["kernel", "or two", "(3, 3, 3)"]),
        (lambda: Conv2d(8, 3.0), ["kernel", "whole number", "3.0"]),
        (lambda: Conv2d(8, True), ["kernel", "True"]),
        (lambda: Conv2d(8, 3, stride=0), ["stride", "got 0"]),
        (lambda: Conv2d(8, 3, dilation=0), ["dilation", "got 0"]),
        (lambda: Conv2d(8, 3, groups=0), ["groups", "got 0"]),
        (lambda: Conv2d(8, 3, padding=-1), ["padding", "at least 0", "-1"]),
        (lambda: Conv2d(8, 3, padding="valid"), ["padding", '"same"', "'valid'"]),
        (lambda: MaxPool2d(2, padding=2), ["padding", "half the kernel"]),
        (lambda: MaxPool2d(0), ["MaxPool2d(kernel=0"]),
        (lambda: ConnectedConv2d(((0,), ()), 5), ["at least one input channel"]),
        (lambda: ConnectedConv2d(((0, 0),), 5), ["twice"]),
        (lambda: ConnectedConv2d([(0,)], 5), ["connections are a tuple"]),
        (lambda: ConnectedConv2d(([0],), 5), ["connections are a tuple"]),
        (lambda: Linear(-10), ["Linear(out_features=-10", "at least 1"]),
        (lambda: Activation("rulu"), ["rulu", "known: relu"]),
        (lambda: Dropout(1.0), ["rate", "below 1", "1.0"]),
        (lambda: LocalResponseNorm(0), ["size", "got 0"]),
        (lambda: LocalResponseNorm(4), ["odd", "got 4"]),
        (lambda: Patches(extra=-1), ["extra"]),
        (lambda: TakeToken(0.5), ["index", "0.5"]),
        (lambda: TakeChannels(0.5, 2), ["start", "0.5"]),
        (lambda: Dropout(float("nan")), ["rate", "nan"]),
        (lambda: Dropout(-0.1), ["rate", "-0.1"]),
        (lambda: Dropout(1), ["rate", "below 1"]),
        (lambda: Dropout(1.5), ["rate", "1.5"]),
        (lambda: Linear(300, 40), ["bias is True or False, got 40", "its shape"]),
        (lambda: LayerNorm(64), ["bias is True or False, got 64"]),
        (lambda: Conv2d(8, 3, bias=2), ["bias is True or False, got 2"]),
        (lambda: Attention(4, causal=1), ["causal is True or False, got 1"]),
        (lambda: MaxPool2d(2, ceil_mode=5), ["ceil_mode is True or False, got 5"]),
        (lambda: Linear(8, tied=4), ["tied is the name of a layer, got 4"]),
        (lambda: EuclideanRBF(0), ["classes"]),
        (lambda: ShuffleChannels(0), ["groups"]),
        (lambda: Embedding(0, 8), ["vocabulary"]),
        (lambda: PositionEmbedding(0), ["positions"]),
        (lambda: LSTM(0), ["hidden"]),
        (lambda: LSTM(8, biases=3), ["biases", "0, 1 or 2", "3"]),
        (lambda: Attention(0), ["heads"]),
        (lambda: Attention(8, kv_heads=3), ["3 key-value heads do not divide 8"]),
        (lambda: Attention(8, kv_heads=0), ["kv_heads", "got 0"]),
        (lambda: Experts(4, active=5, hidden=8), ["5 active", "4 there are"]),
        (lambda: Experts(4, active=2, hidden=8, shared=-1), ["shared"]),
    ],
)
def test_a_size_that_makes_no_sense_is_refused_with_the_whole_spec(make, words):
    with pytest.raises(ValueError) as caught:
        make()
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("spec", "inputs", "words"),
    [
        (Conv2d(8, 3), [(3, 2, 9)], ["kernel of 3", "(3, 2, 9)", "pad more"]),
        (Conv2d(8, 3, dilation=4), [(3, 8, 8)], ["spans 9", "dilation 4"]),
        (Conv2d(8, 3), [(9,)], ["(C H W)", "(9,)"]),
        (Conv2d(8, 3), [(3, 9, 9), (3, 9, 9)], ["one input, got 2"]),
        (Conv2d(8, 3), [], ["one input, got 0"]),
        (
            Conv2d(8, 3, groups=4),
            [(6, 9, 9)],
            ["4 groups", "6 input channels", "(6, 9, 9)"],
        ),
        (Conv2d(9, 3, groups=2), [(6, 9, 9)], ["2 groups", "9 output channels"]),
        (
            ConnectedConv2d(((0,), (0, 3)), 5),
            [(3, 14, 14)],
            ["[3]", "(3, 14, 14) has 3"],
        ),
        (ConnectedConv2d(((-1,),), 5), [(3, 14, 14)], ["[-1]"]),
        (MaxPool2d(3), [(6, 2, 2)], ["MaxPool2d", "kernel of 3", "(6, 2, 2)"]),
        (GlobalAvgPool2d(), [(6,)], ["(C H W)"]),
        (Linear(10), [(512, 7, 7)], ["(D) or (T D)", "(512, 7, 7)", "Flatten()"]),
        (LayerNorm(), [(6, 9, 8)], ["(D) or (T D)"]),
        (RMSNorm(), [(6, 9, 8)], ["(D) or (T D)"]),
        (BatchNorm2d(), [(7,)], ["(C H W)"]),
        (LocalResponseNorm(), [(7,)], ["(C H W)"]),
        (EuclideanRBF(10), [(6, 9, 8)], ["(D)"]),
        (Patches(), [(7,)], ["(C H W)"]),
        (Flatten(), [(3, -2)], ["whole numbers", "(3, -2)"]),
        (Flatten(), [[3, 2]], ["whole numbers", "[3, 2]"]),
        (Add(), [(3, 2.0), (3, 2.0)], ["whole numbers", "(3, 2.0)"]),
        (Attention(4, rotary=True), [(5, 4)], ["pairs of features", "1 a head"]),
        (TakeToken(-6), [(5, 7)], ["no token -6", "(5, 7)"]),
        (TakeToken(5), [(5, 7)], ["no token 5 in the 5 of (5, 7)"]),
        (TakeChannels(3, 3), [(6, 9, 8)], ["3 to 3", "6 channels"]),
        (TakeChannels(4, 8), [(6, 9, 8)], ["4 to 8", "6 channels"]),
        (ShuffleChannels(4), [(6, 9, 8)], ["4 groups", "6 channels"]),
        (Add(), [(6, 9, 8)], ["two or more", "got 1"]),
        (Add(), [(6, 9, 8), (6, 9, 9)], ["(6, 9, 8) and (6, 9, 9)", "1 x 1"]),
        (Multiply(), [(6, 9, 8), (5, 1, 1)], ["(6, 9, 8) and (5, 1, 1)"]),
        (Multiply(), [(6, 9, 8)] * 3, ["two inputs"]),
        (Concat(), [(2, 9, 8), (4, 9, 9)], ["(2, 9, 8) and (4, 9, 9)", "stride"]),
        (Concat(), [(2, 9, 8), (4, 8, 8)], ["(2, 9, 8) and (4, 8, 8)", "stride"]),
        (Embedding(100, 16), [(5, 16)], ["(T)", "(5, 16)"]),
        (PositionEmbedding(4), [(5, 16)], ["5 tokens", "4 positions"]),
        (LSTM(32), [(16,)], ["LSTM", "(T D)"]),
        (Attention(5), [(5, 16)], ["5 heads do not divide the 16 features"]),
        (Attention(4), [(5, 16)] * 3, ["got 3"]),
        (Attention(4), [(16,)], ["(T D)"]),
        (Experts(4, active=2, hidden=8), [(16,)], ["(T D)"]),
    ],
)
def test_an_input_that_does_not_fit_is_refused_with_its_shape(spec, inputs, words):
    with pytest.raises(ValueError) as caught:
        spec.output_shape(*inputs)
    for word in words:
        assert word in str(caught.value)


def test_the_smallest_that_fits_is_taken():
    assert ConvTranspose2d(8, 1).output_shape((3, 1, 1)) == (8, 1, 1)
    assert ConvTranspose2d(8, 3, padding=1).output_shape((3, 1, 1)) == (8, 1, 1)
    assert Experts(4, active=4, hidden=8).output_shape((5, 16)) == (5, 16)
    assert TakeChannels(0, 6).output_shape((6, 9, 8)) == (6, 9, 8)
    assert Dropout(0).output_shape((7,)) == (7,)


@pytest.mark.parametrize("rate", ["half", None, True, -0.1, 1, float("nan")])
def test_a_rate_of_dropout_is_a_share(rate):
    with pytest.raises(ValueError, match="the rate must be at least 0 and below 1"):
        Dropout(rate)


def test_defaults_are_those_of_the_docstrings():
    assert window_positions(6, 3, stride=2, pad=0) == 2  # neither spread nor rounded up
    assert PositionEmbedding() == PositionEmbedding(None, True)
    assert MaxPool2d(2) == MaxPool2d(2, 2, 0, False, 1)
    assert (RNN.gates, GRU.gates, LSTM.gates) == (1, 3, 4)
    assert TakeToken() == TakeToken(-1)
    assert Patches() == Patches(extra=0)
    assert Dropout() == Dropout(0.5)
    assert LocalResponseNorm() == LocalResponseNorm(5)
    assert LSTM(4) == LSTM(4, biases=1)
    assert Experts(4, 2, 8) == Experts(4, 2, 8, shared=0)
    assert Conv2d(8, 3) == Conv2d(8, 3, 1, 0, 1, 1, True)
    plain = ConvTranspose2d(8, 3, 1, 0, 0, 1, 1, True)
    assert ConvTranspose2d(8, 3) == plain
    assert plain.output_shape((4, 5, 6)) == (8, 7, 8)
    assert ConnectedConv2d(((0,),), 5) == ConnectedConv2d(((0,),), 5, 1, 0, 1, True)
    assert Attention(2) == Attention(2, None, None, False, True, False)


def test_specs_are_frozen_and_compare_by_value():
    assert Conv2d(8, 3) == Conv2d(8, 3, stride=1)
    assert len({MaxPool2d(2), MaxPool2d(2, 2)}) == 1
    with pytest.raises(AttributeError):
        Conv2d(8, 3).stride = 2
