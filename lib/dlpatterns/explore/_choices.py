"""What a reader can choose: a slider, a menu, a switch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from numbers import Real

from ..show import number

MOST_CHOICES = 3


@dataclass(frozen=True)
class Choice:
    """One thing the reader chooses: its values in order, what each is called, and which
    comes first.
    """

    kind: str
    values: tuple
    names: tuple[str, ...]
    label: str
    start: int
    play: bool = False


def Slider(
    values: Sequence,
    *,
    label: str = "",
    unit: str = "",
    start: object = None,
    play: bool = False,
) -> Choice:
    """Return a choice among ordered values, shown as a slider with its value beside it,
    and with a button that plays them one after the other if they are steps.
    """
    names = tuple(f"{number(value)} {unit}".strip() for value in values)
    return replace(_choice("slider", values, names, label, start), play=play)


def Menu(
    options: Sequence | Mapping[str, object], *, label: str = "", start: object = None
) -> Choice:
    """Return a choice from a menu: a list of values, or names mapped to values."""
    names = tuple(map(str, options))
    values = tuple(options.values()) if isinstance(options, Mapping) else tuple(options)
    return _choice("menu", values, names, label, start)


def Switch(*, label: str = "", start: bool = False) -> Choice:
    """Return a choice between no and yes."""
    return _choice("switch", (False, True), ("off", "on"), label, start)


def _choice(
    kind: str, values: Sequence, names: tuple[str, ...], label: str, start: object
) -> Choice:
    values = tuple(values)
    if len(values) < 2:
        raise ValueError(
            f"a {kind} needs at least two values to choose from, got {values}"
        )
    if twice := {name for name in names if names.count(name) > 1}:
        raise ValueError(
            f"the {kind} {label!r} has two values that both read {min(twice)}; its "
            f"values are {values}"
        )
    if start is not None and start not in values:
        raise ValueError(
            f"the {kind} {label!r} cannot start at {start!r}; its values are {values}"
        )
    return Choice(
        kind, values, names, label, 0 if start is None else values.index(start)
    )


def planned(given: Mapping[str, object]) -> dict[str, Choice]:
    """Return one to three choices by name, each made from what is given."""
    plan = {name: as_choice(name, one) for name, one in given.items()}
    if not 1 <= len(plan) <= MOST_CHOICES:
        raise ValueError(
            f"explore takes one to {MOST_CHOICES} choices, got {len(plan)}: "
            f"{', '.join(plan) or 'none'}"
        )
    return plan


def as_choice(name: str, given: object) -> Choice:
    """Return the choice itself, or make one: True or False a switch, numbers a slider,
    anything else a menu.
    """
    label = name.replace("_", " ")
    if isinstance(given, Choice):
        return given if given.label else replace(given, label=label)
    if isinstance(given, bool):
        return Switch(label=label, start=given)
    if isinstance(given, Mapping):
        return Menu(given, label=label)
    if not isinstance(given, Sequence) or isinstance(given, str):
        raise TypeError(
            f"{name} must be a Slider, Menu, Switch, or a list of values, got {given!r}"
        )
    return (Slider if all(isinstance(x, Real) for x in given) else Menu)(
        given, label=label
    )
