"""Searched mappings beside every mapping tried, and beside what nothing undercuts."""

from itertools import permutations, product

import pytest

from dlpatterns.hardware import memory, search
from dlpatterns.hardware.hierarchy import Level, Mapping, outermost, traffic
from dlpatterns.hardware.work import convolution, matmul


def buffered(values, *inner):
    return (Level("DRAM"), Level("buffer", values), *inner)


SMALL = [(5, 6, 7, 9), (4, 6, 4, 16), (6, 7, 4, 29), (7, 3, 5, 12), (3, 3, 7, 40)]


@pytest.mark.parametrize(("m", "n", "k", "buffer"), SMALL)
def test_no_order_and_no_tile_is_better(m, n, k, buffer):
    """`memory.tiled` tries them all, by another formula."""
    work = matmul(m, n, k)
    nests = [
        memory.Nest(work, "".join(order), dict(zip("MNK", tile, strict=True)))
        for tile in product(*(range(1, size + 1) for size in (m, n, k)))
        for order in permutations("MNK")
    ]
    least = min(memory.tiled(n, buffer).values for n in nests if n.needs <= buffer)
    assert search.crossing(search.best_mapping(work, buffered(buffer))) == least


@pytest.mark.parametrize(
    ("m", "n", "k", "buffer", "most"),
    [(512, 512, 512, 1024, 1.10), (1024, 256, 2048, 4096, 1.05), (64, 64, 64, 99, 1.3)],
)
def test_a_product_comes_near_what_nothing_undercuts(m, n, k, buffer, most):
    """Smith et al. 2017: 2 M N K / sqrt(S) - 2 S. Tiles must be whole, hence more."""
    found = search.best_mapping(matmul(m, n, k), buffered(buffer))
    least = memory.least_for_product(m, n, k, buffer)
    assert least <= search.crossing(found) <= most * least
    assert found.needs(1) <= buffer


def test_all_that_fits_crosses_once():
    work = convolution((1, 4, 8, 8), (4, 4, 3, 3), padding=1)
    found = search.best_mapping(work, buffered(work.values))
    assert search.crossing(found) == work.values


def test_a_cost_of_all_levels_chooses_tiles_for_all():
    """With registers that cost something, the search lowers the sum of the levels."""
    work, levels = matmul(24, 24, 24), buffered(200, Level("register", 12))
    price = {"DRAM": 200, "buffer": 6, "register": 1}

    def cost(mapping):
        return sum(
            price[level] * sum(moved)
            for level, tensors in traffic(mapping).items()
            for moved in tensors.values()
        )

    found = search.best_mapping(work, levels, cost)
    plain = search.best_mapping(work, levels)
    assert cost(found) < cost(plain)
    assert found.needs(1) <= 200 and found.needs(2) <= 12


def test_what_moves_outermost_is_what_traffic_says():
    mapping = Mapping(matmul(5, 4, 3), buffered(9))
    assert outermost(mapping) == traffic(mapping)["DRAM"]


def test_a_buffer_too_small_for_any_tile_is_named():
    with pytest.raises(ValueError, match="'buffer' holds 2 values and is smaller than"):
        search.best_mapping(matmul(4, 4, 4), buffered(2))
    with pytest.raises(ValueError, match="at least one level"):
        search.best_mapping(matmul(4, 4, 4), ())
