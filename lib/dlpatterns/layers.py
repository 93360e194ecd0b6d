"""One frozen dataclass per kind of layer: shapes in, shape out, and nothing else.

A shape describes one example, without the batch: an image is ``(C, H, W)``, a sequence ``(T, D)``, a vector ``(D,)``.

>>> Conv2d(64, 7, stride=2, padding=3).output_shape((3, 224, 224))
(64, 112, 112)
"""

from dataclasses import dataclass
from math import prod

Shape = tuple[int, ...]
Pair = int | tuple[int, int]

ACTIVATIONS = (
    "relu", "relu6", "leaky_relu", "sigmoid", "tanh", "silu", "gelu", "hardsigmoid", "hardswish", "scaled_tanh",
)  # fmt: skip


def pair(value: Pair) -> tuple[int, int]:
    """Return ``(value, value)`` for a single number and ``(height, width)`` for a pair.

    >>> pair(3), pair((1, 7))
    ((3, 3), (1, 7))
    """
    return (value, value) if isinstance(value, int) else tuple(value)


def _positive(spec: object, **sizes: Pair) -> None:
    """Raise ValueError unless every size is a whole number above zero."""
    for name, size in sizes.items():
        for number in size if isinstance(size, tuple) else (size,):
            if isinstance(number, bool) or not isinstance(number, int) or number < 1:
                raise ValueError(f"{type(spec).__name__}: {name} must be a whole number of at least 1, got {size!r}")


def _rank(spec: object, shape: Shape, form: str) -> None:
    """Raise ValueError unless the shape has as many axes as `form`, for instance "C H W"."""
    if len(shape) != len(form.split()):
        raise ValueError(f"{type(spec).__name__} takes one example of shape ({form}), got {shape}")


def _one(spec: object, shapes: tuple[Shape, ...]) -> Shape:
    """Return the only input shape, or raise ValueError if there are none or several."""
    if len(shapes) != 1:
        raise ValueError(f"{type(spec).__name__} takes one input, got {len(shapes)}: {shapes}")
    return shapes[0]


@dataclass(frozen=True)
class Spec:
    """The description of a layer; `output_shape` checks its inputs and returns the shape that comes out."""

    def output_shape(self, *inputs: Shape) -> Shape:
        """Return the shape of the output: here, as for every element-wise layer, that of the one input."""
        return _one(self, inputs)


# --- Windows that slide over a map -------------------------------------------------------------------------------------


def window_positions(size: int, kernel: int, *, stride: int, pad: int, dilation: int = 1, ceil: bool = False) -> int:
    """Count the places where a dilated kernel fits on a padded line, moving by `stride`.

    `pad` is the padding of both ends together. With `ceil`, a last window may hang over the end
    as long as it starts inside the line or its left padding (the rule of Caffe and PyTorch).

    >>> window_positions(224, 7, stride=2, pad=6)
    112
    >>> window_positions(112, 3, stride=2, pad=0, ceil=True)
    56
    """
    room = size + pad - dilation * (kernel - 1) - 1
    if room < 0:
        raise ValueError(
            f"a kernel of {kernel} (dilation {dilation}) spans {dilation * (kernel - 1) + 1}, "
            f"more than the padded input of {size} + {pad}; pad more or use a smaller kernel"
        )
    positions = (-(-room // stride) if ceil else room // stride) + 1
    return positions - 1 if ceil and (positions - 1) * stride >= size + pad // 2 else positions


@dataclass(frozen=True)
class _Window(Spec):
    """A spec with a kernel, a stride, a padding and a dilation, each a number or (height, width)."""

    def pads(self, shape: Shape) -> tuple[int, int]:
        """Return the padding of both ends together, in rows and in columns, for an input of this shape.

        "same" pads so that the output has ceil(size / stride) positions, as TensorFlow does.
        """
        if self.padding != "same":
            return tuple(2 * side for side in pair(self.padding))
        sizes = zip(shape[1:], pair(self.kernel), pair(self.stride), pair(self.dilation), strict=True)
        return tuple(max(0, (-(-n // s) - 1) * s + d * (k - 1) + 1 - n) for n, k, s, d in sizes)

    def _check_window(self) -> None:
        _positive(self, kernel=self.kernel, stride=self.stride, dilation=self.dilation)
        if self.padding != "same" and (isinstance(self.padding, str) or min(pair(self.padding)) < 0):
            raise ValueError(
                f'{type(self).__name__}: padding must be "same", a number or a pair, none below 0; got {self.padding!r}'
            )

    def _positions(self, shape: Shape, *, ceil: bool = False) -> Shape:
        _rank(self, shape, "C H W")
        kernel, stride, dilation = pair(self.kernel), pair(self.stride), pair(self.dilation)
        try:
            return tuple(
                window_positions(
                    shape[1 + i], kernel[i], stride=stride[i], pad=self.pads(shape)[i], dilation=dilation[i], ceil=ceil
                )
                for i in range(2)
            )
        except ValueError as error:
            raise ValueError(f"{type(self).__name__} on an input of {shape}: {error}") from None


@dataclass(frozen=True)
class Conv2d(_Window):
    """A convolution of `out_channels` filters, each over the channels of its group.

    Shapes: (C, H, W) -> (out_channels, P, Q); filters out_channels x C / groups x R x S.
    """

    out_channels: int
    kernel: Pair
    stride: Pair = 1
    padding: Pair | str = 0
    dilation: Pair = 1
    groups: int = 1
    bias: bool = True

    def __post_init__(self) -> None:
        _positive(self, out_channels=self.out_channels, groups=self.groups)
        self._check_window()

    def weight_shape(self, channels: int) -> Shape:
        """Return M C/groups R S, the shape of the filters for an input of so many channels."""
        return (self.out_channels, channels // self.groups, *pair(self.kernel))

    def output_shape(self, *inputs: Shape) -> Shape:
        shape = _one(self, inputs)
        positions = self._positions(shape)
        for name, channels in (("input", shape[0]), ("output", self.out_channels)):
            if channels % self.groups:
                raise ValueError(
                    f"Conv2d: {self.groups} groups do not divide the {channels} {name} channels "
                    f"(input {shape}, {self.out_channels} filters); choose a common divisor"
                )
        return (self.out_channels, *positions)


@dataclass(frozen=True)
class ConnectedConv2d(_Window):
    """A convolution whose filter m sees only the input channels listed in `connections[m]`, as C3 of LeNet-5.

    Shapes: (C, H, W) -> (len(connections), P, Q).
    """

    connections: tuple[tuple[int, ...], ...]
    kernel: Pair
    stride: Pair = 1
    padding: Pair | str = 0
    dilation: Pair = 1
    bias: bool = True

    def __post_init__(self) -> None:
        self._check_window()
        if not self.connections or not all(self.connections):
            raise ValueError(f"ConnectedConv2d: every filter needs at least one input channel, got {self.connections}")

    @property
    def links(self) -> int:
        """The number of (input channel, filter) pairs that are connected."""
        return sum(map(len, self.connections))

    def output_shape(self, *inputs: Shape) -> Shape:
        shape = _one(self, inputs)
        positions = self._positions(shape)
        channels = {channel for row in self.connections for channel in row}
        if min(channels) < 0 or max(channels) >= shape[0]:
            raise ValueError(f"ConnectedConv2d: connections name channel {max(channels)}, the input {shape} has {shape[0]}")
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
        self._check_window()

    def output_shape(self, *inputs: Shape) -> Shape:
        shape = _one(self, inputs)
        return (shape[0], *self._positions(shape, ceil=self.ceil_mode))


@dataclass(frozen=True)
class MaxPool2d(_Pool):
    """The largest value of each window; the stride defaults to the kernel. Shapes: (C, H, W) -> (C, P, Q)."""


@dataclass(frozen=True)
class AvgPool2d(_Pool):
    """The mean of each window; the stride defaults to the kernel. Shapes: (C, H, W) -> (C, P, Q)."""


@dataclass(frozen=True)
class Subsample2d(_Pool):
    """LeNet-5's subsampling: each window is summed, multiplied by a trained coefficient, and a trained bias added.

    Shapes: (C, H, W) -> (C, P, Q); two parameters a channel. Source: LeCun et al. 1998, section II-B.
    """


@dataclass(frozen=True)
class GlobalAvgPool2d(Spec):
    """The mean of each whole map. Shapes: (C, H, W) -> (C, 1, 1)."""

    def output_shape(self, *inputs: Shape) -> Shape:
        shape = _one(self, inputs)
        _rank(self, shape, "C H W")
        return (shape[0], 1, 1)


# --- Layers without windows --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Linear(Spec):
    """A full connection along the last axis. Shapes: (..., D) -> (..., out_features).

    `tied` names the layer whose weights these are, so that they are counted once (an output projection
    that reuses the embedding).
    """

    out_features: int
    bias: bool = True
    tied: str | None = None

    def __post_init__(self) -> None:
        _positive(self, out_features=self.out_features)

    def output_shape(self, *inputs: Shape) -> Shape:
        return (*_one(self, inputs)[:-1], self.out_features)


@dataclass(frozen=True)
class EuclideanRBF(Spec):
    """LeNet-5's output: the squared distance to a fixed code, one per class. Shapes: (D,) -> (classes,)."""

    classes: int

    def output_shape(self, *inputs: Shape) -> Shape:
        _rank(self, _one(self, inputs), "D")
        return (self.classes,)


@dataclass(frozen=True)
class BatchNorm2d(Spec):
    """Scale and shift each channel by statistics of the batch. Shapes: (C, H, W) -> the same; 2 C parameters."""

    def output_shape(self, *inputs: Shape) -> Shape:
        _rank(self, _one(self, inputs), "C H W")
        return inputs[0]


@dataclass(frozen=True)
class LayerNorm(Spec):
    """Normalise along the last axis, then scale and shift. Shapes: (..., D) -> the same; 2 D parameters (D without bias)."""

    bias: bool = True


@dataclass(frozen=True)
class RMSNorm(Spec):
    """Divide by the root mean square along the last axis, then scale. Shapes: (..., D) -> the same; D parameters."""


@dataclass(frozen=True)
class LocalResponseNorm(Spec):
    """Divide by a sum of squares over `size` neighbouring channels (Krizhevsky et al. 2012, section 3.3)."""

    size: int = 5


@dataclass(frozen=True)
class Activation(Spec):
    """An element-wise function of the given kind; `ACTIVATIONS` lists the kinds. Shape: any -> the same."""

    kind: str

    def __post_init__(self) -> None:
        if self.kind not in ACTIVATIONS:
            raise ValueError(f"Activation: unknown kind {self.kind!r}; known: {', '.join(ACTIVATIONS)}")


@dataclass(frozen=True)
class Softmax(Spec):
    """Exponentials that sum to one along the last axis. Shape: any -> the same."""


@dataclass(frozen=True)
class Dropout(Spec):
    """Zero a share of the values while training; nothing at inference. Shape: any -> the same."""

    rate: float = 0.5


@dataclass(frozen=True)
class Flatten(Spec):
    """All values in one row. Shape: any -> (D,)."""

    def output_shape(self, *inputs: Shape) -> Shape:
        return (prod(_one(self, inputs)),)


@dataclass(frozen=True)
class Patches(Spec):
    """The positions of a map as a sequence, behind `extra` learned tokens (a class token). Shapes: (C, H, W) -> (T, C)."""

    extra: int = 0

    def output_shape(self, *inputs: Shape) -> Shape:
        shape = _one(self, inputs)
        _rank(self, shape, "C H W")
        return (shape[1] * shape[2] + self.extra, shape[0])


@dataclass(frozen=True)
class TakeToken(Spec):
    """One position of a sequence. Shapes: (T, D) -> (D,)."""

    index: int = -1

    def output_shape(self, *inputs: Shape) -> Shape:
        shape = _one(self, inputs)
        _rank(self, shape, "T D")
        return shape[1:]


@dataclass(frozen=True)
class TakeChannels(Spec):
    """The channels from `start` up to `stop`. Shapes: (C, H, W) -> (stop - start, H, W)."""

    start: int
    stop: int

    def output_shape(self, *inputs: Shape) -> Shape:
        shape = _one(self, inputs)
        if not 0 <= self.start < self.stop <= shape[0]:
            raise ValueError(f"TakeChannels: {self.start} to {self.stop} do not lie in the {shape[0]} channels of {shape}")
        return (self.stop - self.start, *shape[1:])


@dataclass(frozen=True)
class ShuffleChannels(Spec):
    """Channels dealt out anew over the groups (ShuffleNet). Shape: (C, H, W) -> the same."""

    groups: int

    def output_shape(self, *inputs: Shape) -> Shape:
        shape = _one(self, inputs)
        if shape[0] % self.groups:
            raise ValueError(f"ShuffleChannels: {self.groups} groups do not divide the {shape[0]} channels of {shape}")
        return shape


# --- Where branches meet -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Join(Spec):
    def _at_least_two(self, inputs: tuple[Shape, ...]) -> None:
        if len(inputs) < 2:
            raise ValueError(f"{type(self).__name__} joins two or more inputs, got {len(inputs)}: {inputs}")


@dataclass(frozen=True)
class Add(_Join):
    """The element-wise sum of inputs of one shape."""

    def output_shape(self, *inputs: Shape) -> Shape:
        self._at_least_two(inputs)
        if len(set(inputs)) > 1:
            raise ValueError(f"Add needs inputs of one shape, got {' and '.join(map(str, inputs))}")
        return inputs[0]


@dataclass(frozen=True)
class Multiply(_Join):
    """The element-wise product of two inputs; a (C, 1, 1) input scales the channels of a (C, H, W) input."""

    def output_shape(self, *inputs: Shape) -> Shape:
        self._at_least_two(inputs)
        shapes = sorted(inputs, key=prod)
        if len(inputs) > 2 or shapes[0] not in (shapes[1], (shapes[1][0], 1, 1)):
            raise ValueError(f"Multiply needs two inputs of one shape, or (C, H, W) and (C, 1, 1); got {inputs}")
        return shapes[1]


@dataclass(frozen=True)
class Concat(_Join):
    """Inputs behind one another along the first axis (channels). Shapes: (C1, H, W), (C2, H, W) -> (C1 + C2, H, W)."""

    def output_shape(self, *inputs: Shape) -> Shape:
        self._at_least_two(inputs)
        if len({shape[1:] for shape in inputs}) > 1:
            raise ValueError(f"Concat needs inputs that agree in all but the channels, got {' and '.join(map(str, inputs))}")
        return (sum(shape[0] for shape in inputs), *inputs[0][1:])


# --- Sequences ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Embedding(Spec):
    """A row of a table for each token; a look-up, no arithmetic. Shapes: (T,) -> (T, dim)."""

    vocabulary: int
    dim: int

    def __post_init__(self) -> None:
        _positive(self, vocabulary=self.vocabulary, dim=self.dim)

    def output_shape(self, *inputs: Shape) -> Shape:
        shape = _one(self, inputs)
        _rank(self, shape, "T")
        return (*shape, self.dim)


@dataclass(frozen=True)
class PositionEmbedding(Spec):
    """A learned vector added at each position. Shapes: (T, D) -> the same; `positions` x D parameters (default: T)."""

    positions: int | None = None

    def output_shape(self, *inputs: Shape) -> Shape:
        shape = _one(self, inputs)
        _rank(self, shape, "T D")
        if self.positions is not None and shape[0] > self.positions:
            raise ValueError(f"PositionEmbedding: {shape[0]} tokens of {shape} are more than its {self.positions} positions")
        return shape


@dataclass(frozen=True)
class _Recurrent(Spec):
    """A recurrent layer of `hidden` units; `biases` is 1 (Keras, ONNX) or 2 (PyTorch, cuDNN) vectors a gate."""

    hidden: int
    biases: int = 1

    def __post_init__(self) -> None:
        _positive(self, hidden=self.hidden)
        if self.biases not in (0, 1, 2):
            raise ValueError(f"{type(self).__name__}: biases is 0, 1 or 2 vectors a gate, got {self.biases!r}")

    def output_shape(self, *inputs: Shape) -> Shape:
        shape = _one(self, inputs)
        _rank(self, shape, "T D")
        return (shape[0], self.hidden)


@dataclass(frozen=True)
class RNN(_Recurrent):
    """h = tanh(W x + U h + b), step by step. Shapes: (T, D) -> (T, hidden)."""

    gates = 1


@dataclass(frozen=True)
class GRU(_Recurrent):
    """Gated recurrent unit: update gate, reset gate, candidate. Shapes: (T, D) -> (T, hidden)."""

    gates = 3


@dataclass(frozen=True)
class LSTM(_Recurrent):
    """Long short-term memory: input, forget and output gates, cell candidate. Shapes: (T, D) -> (T, hidden)."""

    gates = 4


@dataclass(frozen=True)
class Attention(Spec):
    """Multi-head attention with its four projections; a second input, if any, supplies keys and values.

    Shapes: (T, D) -> (T, D), or (T, D), (S, E) -> (T, D). `kv_heads` below `heads` is grouped-query attention;
    `head_dim` defaults to D / heads; `causal` says what is masked, not what is counted; `rotary` turns pairs of
    query and key features by an angle that grows with the position.
    """

    heads: int
    kv_heads: int | None = None
    head_dim: int | None = None
    causal: bool = False
    bias: bool = True
    rotary: bool = False

    def __post_init__(self) -> None:
        _positive(self, heads=self.heads, kv_heads=self.kv_heads or 1, head_dim=self.head_dim or 1)
        if self.heads % (self.kv_heads or self.heads):
            raise ValueError(f"Attention: {self.kv_heads} key-value heads do not divide {self.heads} heads")

    def head_sizes(self, features: int) -> tuple[int, int, int]:
        """Return (heads, key-value heads, head dimension) for an input of so many features."""
        return (self.heads, self.kv_heads or self.heads, self.head_dim or features // self.heads)

    def output_shape(self, *inputs: Shape) -> Shape:
        if len(inputs) not in (1, 2):
            raise ValueError(f"Attention takes one input, or queries and memory; got {len(inputs)}: {inputs}")
        for shape in inputs:
            _rank(self, shape, "T D")
        if self.head_dim is None and inputs[0][1] % self.heads:
            raise ValueError(f"Attention: {self.heads} heads do not divide the {inputs[0][1]} features of {inputs[0]}")
        return inputs[0]


@dataclass(frozen=True)
class Experts(Spec):
    """A mixture of `experts` gated feed-forward networks of which a router picks `active` for each token.

    Shapes: (T, D) -> (T, D). Each expert is down(silu(gate x) * up x) with `hidden` features; `shared` experts see every token.
    """

    experts: int
    active: int
    hidden: int
    shared: int = 0

    def __post_init__(self) -> None:
        _positive(self, experts=self.experts, active=self.active, hidden=self.hidden)
        if self.active > self.experts:
            raise ValueError(f"Experts: {self.active} active experts are more than the {self.experts} there are")

    def output_shape(self, *inputs: Shape) -> Shape:
        shape = _one(self, inputs)
        _rank(self, shape, "T D")
        return shape


