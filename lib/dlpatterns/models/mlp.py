"""Nothing but full connections."""

from ..graph import Builder, Model
from ..layers import Activation, Flatten, Linear, Shape

RUMELHART = (
    "Rumelhart, Hinton & Williams 1986, Learning representations by "
    "back-propagating errors, Nature 323"
)


def mlp() -> Model:
    """The two hidden layers of 300 and 100 units that LeCun set against his
    convolutions: 784-300-100-10.

    Source: LeCun et al. 1998, section III-C, "28x28-300-100-10"; called LeNet-300-100
    by Han et al. 2016.
    """
    return multilayer("MLP 300-100", (1, 28, 28), widths=(300, 100, 10))


def multilayer(
    name: str, input_shape: Shape, *, widths: tuple[int, ...], act: str = "tanh"
) -> Model:
    """A multilayer perceptron: all values in one row, then full connections of these
    widths with `act` between them.

    Source: Rumelhart et al. 1986.
    """
    if not isinstance(widths, tuple) or not widths:
        raise ValueError(
            f"{name}: widths are one or more whole numbers, got {widths!r}"
        )
    net = Builder(name, input_shape, source=RUMELHART)
    x = net(Flatten(), net.input, name="flatten")
    for i, width in enumerate(widths[:-1], start=1):
        x = net.chain(
            x, Linear(width), Activation(act), names=(f"fc{i}", f"fc{i}_{act}")
        )
    return net.model(net(Linear(widths[-1]), x, name=f"fc{len(widths)}"))
