"""Layers whose kernel slides over a map: convolution and pooling."""

from dataclasses import dataclass

from .base import (
    Pair,
    Shape,
    Spec,
    one_input,
    pair,
    require_axes,
    require_flag,
    require_pair,
    require_whole,
)


def window_positions(
    size: int,
    kernel: int,
    *,
    stride: int,
    pad: int,
    dilation: int = 1,
    ceil: bool = False,
) -> int:
    """Count the places where a dilated kernel fits on a padded line, moving by
    `stride`.

    `pad` is the padding of both ends together. With `ceil`, a last window may hang over
    the end as long as it starts inside the line or its left padding (the rule of Caffe
    and PyTorch), even over the whole line.

    >>> window_positions(224, 7, stride=2, pad=6)
    112
    >>> window_positions(112, 3, stride=2, pad=0, ceil=True)
    56
    """
    sizes = {"size": size, "kernel": kernel, "stride": stride, "dilation": dilation}
    for name, value in sizes.items():
        require_whole("window_positions", name, value)
    require_whole("window_positions", "pad", pad, 0)
    require_flag("window_positions", ceil=ceil)
    room = size + pad - dilation * (kernel - 1) - 1
    positions = (-(-room // stride) if ceil else room // stride) + 1
    if positions < 1:
        raise ValueError(
            f"a kernel of {kernel} (dilation {dilation}) spans "
            f"{dilation * (kernel - 1) + 1}, "
            f"more than the padded input of {size} + {pad}; pad more or use a smaller "
            "kernel"
        )
    return (
        positions - 1
        if ceil and (positions - 1) * stride >= size + pad // 2
        else positions
    )


@dataclass(frozen=True)
class _Window(Spec):
    """A spec with a kernel, a stride, a padding and a dilation, each a number or
    (height, width).
    """

    def pads(self, shape: Shape) -> tuple[int, int]:
        """Return the padding of both ends together, in rows and in columns, for an
        input of this shape.

        "same" pads so that the output has ceil(size / stride) positions, as TensorFlow
        does.
        """
        if self.padding != "same":
            return tuple(2 * side for side in pair(self.padding))
        sizes = zip(
            shape[1:],
            pair(self.kernel),
            pair(self.stride),
            pair(self.dilation),
            strict=True,
        )
        return tuple(
            max(0, (-(-n // s) - 1) * s + d * (k - 1) + 1 - n) for n, k, s, d in sizes
        )

    def __post_init__(self) -> None:
        super().__post_init__()
        require_pair(
            self, kernel=self.kernel, stride=self.stride, dilation=self.dilation
        )
        if not isinstance(self.padding, str):
            require_pair(self, least=0, padding=self.padding)
        elif self.padding != "same":
            raise ValueError(
                f'{self}: padding must be "same", a number or a pair, got '
                f"{self.padding!r}"
            )

    def _positions(self, shape: Shape, *, ceil: bool = False) -> Shape:
        require_axes(self, shape, "C H W")
        kernel, stride, dilation, pads = (
            pair(self.kernel),
            pair(self.stride),
            pair(self.dilation),
            self.pads(shape),
        )
        try:
            return tuple(
                window_positions(n, k, stride=s, pad=p, dilation=d, ceil=ceil)
                for n, k, s, p, d in zip(
                    shape[1:], kernel, stride, pads, dilation, strict=True
                )
            )
        except ValueError as error:
            raise ValueError(
                f"{type(self).__name__} on an input of {shape}: {error}"
            ) from None


@dataclass(frozen=True)
class Conv2d(_Window):
    """A convolution of `out_channels` filters, each over the channels of its group.

    Shapes: (C, H, W) -> (out_channels, P, Q); filters out_channels x C / groups x R x
    S.
    """

    out_channels: int
    kernel: Pair
    stride: Pair = 1
    padding: Pair | str = 0
    dilation: Pair = 1
    groups: int = 1
    bias: bool = True

    def weight_shape(self, channels: int) -> Shape:
        """Return M C/groups R S, the shape of the filters for an input of so many
        channels.
        """
        return (self.out_channels, channels // self.groups, *pair(self.kernel))

    def output_shape(self, *inputs: Shape) -> Shape:
        """Return (out_channels, P, Q)."""
        shape = one_input(self, inputs)
        positions = self._positions(shape)
        _require_divisors(self, shape)
        return (self.out_channels, *positions)


@dataclass(frozen=True)
class ConvTranspose2d(_Window):
    """A transposed convolution (转置卷积): each value is spread over a window of a
    larger map, as a convolution's gradient is.

    Shapes: (C, H, W) -> (out_channels, P, Q) with P = (H - 1) stride - 2 padding +
    dilation (R - 1) + output_padding + 1; filters C x out_channels / groups x R x S.
    The arguments mean what PyTorch's do.
    """

    out_channels: int
    kernel: Pair
    stride: Pair = 1
    padding: Pair = 0
    output_padding: Pair = 0
    dilation: Pair = 1
    groups: int = 1
    bias: bool = True

    def __post_init__(self) -> None:
        if isinstance(self.padding, str):
            raise ValueError(
                f"{self}: padding is a number or a pair, got {self.padding!r}"
            )
        super().__post_init__()
        require_pair(self, least=0, output_padding=self.output_padding)
        sizes = map(pair, (self.output_padding, self.stride, self.dilation))
        if any(more >= max(s, d) for more, s, d in zip(*sizes, strict=True)):
            raise ValueError(
                f"{self}: output_padding must be below the stride or the dilation"
            )

    def weight_shape(self, channels: int) -> Shape:
        """Return C M/groups R S, the shape of the filters for an input of so many
        channels.
        """
        return (channels, self.out_channels // self.groups, *pair(self.kernel))

    def output_shape(self, *inputs: Shape) -> Shape:
        """Return (out_channels, P, Q)."""
        shape = one_input(self, inputs)
        require_axes(self, shape, "C H W")
        _require_divisors(self, shape)
        fields = (self.kernel, self.stride, self.padding, self.output_padding)
        axes = zip(shape[1:], *map(pair, (*fields, self.dilation)), strict=True)
        size = tuple(
            (n - 1) * s - 2 * p + d * (k - 1) + more + 1 for n, k, s, p, more, d in axes
        )
        if min(size) < 1:
            raise ValueError(
                f"{self} on an input of {shape} leaves maps of {size}; pad less"
            )
        return (self.out_channels, *size)


def _require_divisors(spec: "Conv2d | ConvTranspose2d", shape: Shape) -> None:
    """Raise ValueError unless the groups divide input and output channels."""
    for name, channels in (("input", shape[0]), ("output", spec.out_channels)):
        if channels % spec.groups:
            raise ValueError(
                f"{type(spec).__name__}: {spec.groups} groups do not divide the "
                f"{channels} {name} channels (input {shape}, {spec.out_channels} "
                "filters); choose a common divisor"
            )


@dataclass(frozen=True)
class ConnectedConv2d(_Window):
    """A convolution whose filter m sees only the input channels listed in
    `connections[m]`, as C3 of LeNet-5.

    Shapes: (C, H, W) -> (len(connections), P, Q).
    """

    connections: tuple[tuple[int, ...], ...]
    kernel: Pair
    stride: Pair = 1
    padding: Pair | str = 0
    dilation: Pair = 1
    bias: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        rows = self.connections
        if not isinstance(rows, tuple) or not all(isinstance(r, tuple) for r in rows):
            raise ValueError(
                f"{self}: connections are a tuple of input channels for each filter"
            )
        if not all(isinstance(channel, int) for row in rows for channel in row):
            raise ValueError(f"{self}: a channel is a whole number")
        if not rows or not all(rows):
            raise ValueError(f"{self}: every filter needs at least one input channel")
        if any(len(set(row)) < len(row) for row in self.connections):
            raise ValueError(f"{self}: a filter names a channel twice")

    @property
    def links(self) -> int:
        """The number of (input channel, filter) pairs that are connected."""
        return sum(map(len, self.connections))

    def output_shape(self, *inputs: Shape) -> Shape:
        """Return (len(connections), P, Q)."""
        shape = one_input(self, inputs)
        positions = self._positions(shape)
        unknown = {channel for row in self.connections for channel in row} - set(
            range(shape[0])
        )
        if unknown:
            raise ValueError(
                f"ConnectedConv2d: connections name channels {sorted(unknown)}; "
                f"{shape} has {shape[0]}"
            )
        return (len(self.connections), *positions)


@dataclass(frozen=True)
class _Pool(_Window):
    kernel: Pair
    stride: Pair | None = None
    padding: Pair | str = 0
    ceil_mode: bool = False
    dilation: Pair = 1

    def __post_init__(self) -> None:
        if self.stride is None:
            object.__setattr__(self, "stride", self.kernel)
        super().__post_init__()
        if self.padding != "same" and any(
            2 * p > k
            for p, k in zip(pair(self.padding), pair(self.kernel), strict=True)
        ):
            raise ValueError(
                f"{self}: a padding above half the kernel makes windows that see no "
                "input"
            )

    def output_shape(self, *inputs: Shape) -> Shape:
        """Return (C, P, Q)."""
        shape = one_input(self, inputs)
        return (shape[0], *self._positions(shape, ceil=self.ceil_mode))


@dataclass(frozen=True)
class MaxPool2d(_Pool):
    """The largest value of each window; the stride defaults to the kernel. Shapes: (C,
    H, W) -> (C, P, Q).
    """


@dataclass(frozen=True)
class AvgPool2d(_Pool):
    """The mean of each window; the stride defaults to the kernel. Shapes: (C, H, W) ->
    (C, P, Q).

    Zeros of the padding count in the mean; what hangs over the end (`ceil_mode`) does
    not, as in PyTorch. `counting` counts such a window as a whole one.
    """


@dataclass(frozen=True)
class Subsample2d(_Pool):
    """LeNet-5's subsampling: each window is summed, multiplied by a trained
    coefficient, and a trained bias added.

    Shapes: (C, H, W) -> (C, P, Q); two parameters a channel. Source: LeCun et al. 1998,
    section II-B.
    """


@dataclass(frozen=True)
class GlobalAvgPool2d(Spec):
    """The mean of each whole map. Shapes: (C, H, W) -> (C, 1, 1)."""

    def output_shape(self, *inputs: Shape) -> Shape:
        """Return (C, 1, 1)."""
        shape = one_input(self, inputs)
        require_axes(self, shape, "C H W")
        return (shape[0], 1, 1)
