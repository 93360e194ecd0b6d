"""Symbolism: facts, rules, and a program that fires the rules until nothing new
follows.
"""

from collections.abc import Callable, Iterable

from ... import tracing

Rules = list[tuple[list, object]]

RULES = """
hair: mammal
milk: mammal
feathers: bird
flies, lays eggs: bird
mammal, eats meat: carnivore
mammal, pointed teeth, claws, forward eyes: carnivore
mammal, hoofs: ungulate
carnivore, tawny, dark spots: cheetah
carnivore, tawny, black stripes: tiger
ungulate, long legs, long neck, tawny, dark spots: giraffe
ungulate, black stripes: zebra
bird, does not fly, long legs, long neck: ostrich
bird, does not fly, swims: penguin
bird, flies well: albatross"""

ANIMALS = {
    "cheetah": "hair, eats meat, tawny, dark spots",
    "tiger": "milk, pointed teeth, claws, forward eyes, tawny, black stripes",
    "giraffe": "hair, hoofs, long legs, long neck, tawny, dark spots",
    "zebra": "hair, hoofs, black stripes",
    "ostrich": "feathers, does not fly, long legs, long neck",
    "penguin": "feathers, does not fly, swims",
    "albatross": "flies, lays eggs, flies well",
}


def read(rules: str, symbol: Callable = str) -> Rules:
    """Return the rules as pairs of conditions and conclusion."""
    pairs = (line.split(": ") for line in rules.strip().splitlines())
    return [(_symbols(left, symbol), symbol(right)) for left, right in pairs]


def _symbols(text: str, symbol: Callable) -> list:
    return [symbol(word) for word in text.split(", ")]


def infer(observed: Iterable, rules: Rules) -> dict:
    """Fire rules until nothing new follows; return why each fact holds."""
    because, fired = {fact: [] for fact in observed}, True
    while fired:
        fired = False
        for conditions, conclusion in rules:
            if conclusion in because:
                continue
            if all(each in because for each in conditions):
                because[conclusion], fired = conditions, True
    return because


def explain(fact: str, because: dict, depth: int = 0) -> list[str]:
    """Return the reasons for a fact, and theirs in turn, as indented lines."""
    found = fact + (", because" if because[fact] else ": observed")
    lines = ["    " * depth + found]
    return lines + [
        line for each in because[fact] for line in explain(each, because, depth + 1)
    ]


def traced_animals() -> dict[str, tracing.Tally]:
    """Return the tally of naming each animal; wrapping the symbols is left out of
    it.
    """
    return {animal: _traced(animal) for animal in ANIMALS}


def _traced(animal: str) -> tracing.Tally:
    with tracing.tally():
        rules = read(RULES, tracing.Value)
        observed = _symbols(ANIMALS[animal], tracing.Value)
        with tracing.tally() as t:
            facts = infer(observed, rules)
        if animal not in map(tracing.plain, facts):
            raise ValueError(f"the rules do not lead to {animal!r}")
    return t
