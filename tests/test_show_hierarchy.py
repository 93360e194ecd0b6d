"""The picture of a memory hierarchy."""

import pytest

from dlpatterns import show
from dlpatterns.show import Crossing, Store


def inside(fig):
    alt = "Boxes with arrows between them, one a tensor."
    return show.frame(fig, caption="levels", alt=alt).drawing.inside


def test_what_crosses_is_named_and_counted():
    stores = Store("DRAM", note="650 pJ"), Store("buffer", 200, 256)
    drawn = inside(
        show.hierarchy(stores, [{"map": Crossing(123), "sums": Crossing(4, 5)}])
    )
    for text in ("DRAM · 650 pJ", "buffer · 200 of 256", "map", "123", "sums", ">9<"):
        assert text in drawn


def test_a_large_count_is_short():
    stores = Store("memory"), Store("multipliers")
    assert "1.5 M" in inside(show.hierarchy(stores, [{"map": Crossing(1_500_000)}]))


def test_four_levels_make_a_taller_picture_with_the_same_width():
    def fig(levels):
        stores = [Store(f"level {i}") for i in range(levels)]
        return show.hierarchy(stores, [{"x": Crossing(1)}] * (levels - 1))

    small, large = fig(2).get_size_inches(), fig(4).get_size_inches()
    assert small[0] == large[0] == 4.6 and large[1] > 2 * small[1]


def test_a_store_that_is_too_full_has_another_edge():
    two = Store("memory"), Store("buffer", 300, 256)
    full = show.hierarchy(two, [{"x": Crossing(1)}])
    edges = {collection.get_linewidth()[0] for collection in full.axes[0].collections}
    assert 3 in edges


@pytest.mark.parametrize(
    ("stores", "groups"), [([Store("a")], []), ([Store("a"), Store("b")], [{}, {}])]
)
def test_each_gap_needs_one_group(stores, groups):
    with pytest.raises(ValueError, match="give one group a gap"):
        show.hierarchy(stores, groups)
