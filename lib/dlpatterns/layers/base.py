"""What every layer spec shares: the base class, the types, and the checks that show
what does not fit.
"""

from dataclasses import dataclass, fields
from typing import ClassVar

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


def require_whole(spec: object, name: str, size: int, least: int = 1) -> None:
    """Raise ValueError unless the size is a whole number of at least `least`."""
    if not is_whole(size, least):
        raise ValueError(
            f"{spec}: {name} must be a whole number of at least {least}, got {size!r}"
        )


def require_flag(spec: object, **flags: bool) -> None:
    """Raise ValueError unless every flag is True or False; a size there was meant for
    another argument.
    """
    for name, flag in flags.items():
        if not isinstance(flag, bool):
            raise ValueError(
                f"{spec}: {name} is True or False, got {flag!r}; the sizes of the "
                "input are not given, they come from its shape"
            )


def require_shapes(spec: object, shapes: tuple[Shape, ...]) -> None:
    """Raise ValueError unless every shape is a tuple of whole numbers above zero."""
    for shape in shapes:
        if not isinstance(shape, tuple) or not shape or not all(map(is_whole, shape)):
            raise ValueError(
                f"{type(spec).__name__} takes shapes of whole numbers of at least 1 "
                f"without the batch, such as (3, 224, 224); got {shape!r}"
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
                f"{spec}: {name} must be a whole number of at least {least}, or two, "
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
    require_shapes(spec, inputs)
    if len(inputs) != 1:
        raise ValueError(
            f"{type(spec).__name__} takes one input, got {len(inputs)}: {inputs}"
        )
    return inputs[0]


@dataclass(frozen=True)
class Spec:
    """The description of a layer; `output_shape` checks its inputs and returns the
    shape that comes out.

    By its annotation a field is a whole number of at least 1 (or `least` says), a pair
    of them, True or False, or the name of another layer.
    """

    least: ClassVar[dict[str, int]] = {}

    def __post_init__(self) -> None:
        for field in fields(self):
            value, kind = getattr(self, field.name), field.type
            if kind is bool:
                require_flag(self, **{field.name: value})
            elif kind is int or (kind == int | None and value is not None):
                require_whole(self, field.name, value, self.least.get(field.name, 1))
            elif kind == str | None and not isinstance(value, str | None):
                raise ValueError(
                    f"{self}: {field.name} is the name of a layer, got {value!r}"
                )

    def output_shape(self, *inputs: Shape) -> Shape:
        """Return the shape of the output: here, as for every element-wise layer, that
        of the one input.
        """
        return one_input(self, inputs)
