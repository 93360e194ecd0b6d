"""What every layer spec shares: the base class, the types, and the checks that show
what does not fit.
"""

from dataclasses import dataclass

Shape = tuple[int, ...]
Pair = int | tuple[int, int]


def pair(value: Pair) -> tuple[int, int]:
    """Return ``(value, value)`` for a single number and ``(height, width)`` for a pair.

    >>> pair(3), pair((1, 7))
    ((3, 3), (1, 7))
    """
    return (value, value) if isinstance(value, int) else tuple(value)


def is_whole(number: object, least: int = 1) -> bool:
    """Tell whether this is an int of at least `least` (True and False are no numbers
    here).

    >>> is_whole(3), is_whole(0), is_whole(2.0), is_whole(True)
    (True, False, False, False)
    """
    return isinstance(number, int) and not isinstance(number, bool) and number >= least


def require_positive(spec: object, **sizes: int) -> None:
    """Raise ValueError unless every size is a whole number above zero."""
    for name, size in sizes.items():
        if not is_whole(size):
            raise ValueError(
                f"{spec}: {name} must be a whole number of at least 1, got {size!r}"
            )


def require_pair(spec: object, *, least: int = 1, **sizes: Pair) -> None:
    """Raise ValueError unless every size is a whole number of at least `least`, or
    (height, width) of such.
    """
    for name, size in sizes.items():
        first, last = (
            size if isinstance(size, tuple) and len(size) == 2 else (size, size)
        )
        if not (is_whole(first, least) and is_whole(last, least)):
            raise ValueError(
                f"{spec}: {name} must be a whole number of at least {least}, or "
                "two, "
                f"got {size!r}"
            )


def require_axes(spec: object, shape: Shape, *forms: str, hint: str = "") -> None:
    """Raise ValueError unless the shape has as many axes as one of the forms, for
    instance "C H W".
    """
    if len(shape) not in {len(form.split()) for form in forms}:
        wanted = " or ".join(f"({form})" for form in forms)
        raise ValueError(
            f"{type(spec).__name__} takes one example of shape {wanted}, got "
            f"{shape}{hint}"
        )


def one_input(spec: object, inputs: tuple[Shape, ...]) -> Shape:
    """Return the only input shape, or raise ValueError if there are none or several."""
    if len(inputs) != 1:
        raise ValueError(
            f"{type(spec).__name__} takes one input, got {len(inputs)}: {inputs}"
        )
    return inputs[0]


@dataclass(frozen=True)
class Spec:
    """The description of a layer; `output_shape` checks its inputs and returns the
    shape that comes out.
    """

    def output_shape(self, *inputs: Shape) -> Shape:
        """Return the shape of the output: here, as for every element-wise layer, that
        of the one input.
        """
        return one_input(self, inputs)
