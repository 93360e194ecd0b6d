"""How much must be on its way at once, so that a memory never waits: Little's law.

What is under way is the rate times the time that each takes: bytes in flight =
bandwidth x latency. Units: bytes, seconds. Source: Little 1961.
"""

from numbers import Real


def bytes_in_flight(bandwidth: float, latency: float) -> float:
    """Return the bytes that must be on their way all the time for a memory to deliver
    its bandwidth.

    >>> round(bytes_in_flight(131e9, 89e-9))
    11659
    """
    positive(bandwidth=bandwidth, latency=latency)
    return bandwidth * latency


def requests(size: float, bandwidth: float, latency: float) -> float:
    """Return how many requests of so many bytes must be on their way."""
    positive(size=size)
    return bytes_in_flight(bandwidth, latency) / size


def busy(waiting: float, size: float, bandwidth: float, latency: float) -> float:
    """Return the share of its bandwidth that a memory delivers while so many requests
    wait for it.

    >>> f"{100 * busy(1, 16, 131e9, 89e-9):.2f} %"
    '0.14 %'
    """
    positive(waiting=waiting)
    return min(1.0, waiting / requests(size, bandwidth, latency))


def positive(**given: float) -> None:
    """Raise a ValueError for a value that is not a positive finite number."""
    for name, value in given.items():
        whole = isinstance(value, Real) and not isinstance(value, bool)
        if not whole or not 0 < value < float("inf"):
            raise ValueError(f"{name} must be a positive number, got {value!r}")
