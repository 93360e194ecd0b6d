"""Behaviourism: Q-learning on the cliff of Sutton and Barto, example 6.6."""

import numpy as np

START, GOAL = (3, 0), (3, 11)
MOVES = {"up": (-1, 0), "right": (0, 1), "down": (1, 0), "left": (0, -1)}


def step(place: tuple[int, int], move: str) -> tuple[tuple[int, int], int]:
    """Return where a move leads and what it earns."""
    row, column = np.add(place, MOVES[move]).clip(0, (3, 11)).tolist()
    fell = row == 3 and 0 < column < 11
    return (START, -100) if fell else ((row, column), -1)


def best(q: dict, place: tuple[int, int]) -> str:
    """Return the move with the largest value in the table."""
    return max(MOVES, key=lambda move: q[place, move])


def learn(q, place, move, rate=0.5):
    """Make a move and correct its value in the table."""
    after, reward = step(place, move)
    promised = reward + q[after, best(q, after)]
    q[place, move] += rate * (promised - q[place, move])
    return after, reward


def episode(q: dict, rng: np.random.Generator, curiosity: float = 0.1) -> int:
    """Walk from start to goal and return what was earned in all."""
    place, earned = START, 0
    while place != GOAL:
        curious = rng.random() < curiosity
        move = rng.choice(list(MOVES)) if curious else best(q, place)
        place, reward = learn(q, place, move)
        earned += reward
    return earned


def learned(seed: int, episodes: int = 300) -> tuple[dict, list[int]]:
    """Return the table and the earnings of all episodes."""
    q = {(place, move): 0.0 for place in np.ndindex(4, 12) for move in MOVES}
    rng = np.random.default_rng(seed)
    return q, [episode(q, rng) for _ in range(episodes)]


def start_to_goal(q: dict, longest: int = 60) -> list[tuple[int, int]]:
    """Return the places that the table leads to when it is simply obeyed."""
    places = [START]
    while places[-1] != GOAL and len(places) < longest:
        places.append(step(places[-1], best(q, places[-1]))[0])
    return places
