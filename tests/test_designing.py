"""Blocks under a budget in a real browser: counted as the library counts their layers,
by keys, and without JavaScript.
"""

from itertools import product

import in_page_for_tests
import pytest

from dlpatterns.lectures.efficient_models import blocks, counts, designing, small

COST = "([kind, C, size, batch, fused]) => R.dlp.cost(kind, C, size, batch, fused)"
FITTED = "([kind, state]) => R.dlp.fitted(kind, state)?.channels ?? null"


def shown() -> dict:
    return in_page_for_tests.shown(designing, designing.design)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a page on which blocks are designed."""
    folder = tmp_path_factory.mktemp("design")
    return in_page_for_tests.write_page(folder, "Design", shown()["text/html"])


@pytest.fixture
def tab(browser, folder):
    with in_page_for_tests.opened(browser, folder) as tab:
        tab.evaluate("() => { globalThis.R = document.querySelector('.dlp-blocks'); }")
        yield tab


def cells(tab) -> list[list[str]]:
    return tab.eval_on_selector_all(
        ".dlp-blocks tbody tr",
        "rows => rows.map(r => [...r.children].map(cell => cell.textContent))",
    )


@pytest.mark.parametrize("kind", blocks.BODIES)
def test_the_page_counts_as_the_library(tab, kind):
    """Widths that four divides and that it does not; a point, and whole maps."""
    step = small.STEPS.get(kind, 1)
    ways = product((4, 12, 4 + step, 64 - step, 96), (1, 7, 28), (1, 32), (True, False))
    for channels, size, batch, fused in ways:
        ours = counts.cost(kind, channels, size=size, batch=batch, fused=fused)
        found = tab.evaluate(COST, [kind, channels, size, batch, fused])
        assert found["macs"] == ours["macs"]
        assert found["weights"] == ours["weights"]
        assert found["bytes"] == pytest.approx(ours["bytes"], rel=1e-12)
        assert found["seconds"] == pytest.approx(ours["seconds"], rel=1e-12)


@pytest.mark.parametrize(
    ("measure", "budget", "size"),
    [("seconds", 2, 28), ("macs", 0.7, 14), ("bytes", 900, 28), ("weights", 7, 7)],
)
def test_the_widest_block_within_a_budget(tab, measure, budget, size):
    how = {"size": size, "batch": 32, "fused": True}
    for kind in ("3 × 3", "groups, shuffled", "inverted residual, SE", "ghost"):
        found = tab.evaluate(
            FITTED, [kind, how | {"measure": measure, "budget": budget}]
        )
        assert found == designing.widest(kind, measure, budget, **how)
        wider = counts.cost(kind, found + small.STEPS.get(kind, 1), **how)
        unit = designing.MEASURES[measure]["unit"]
        assert counts.cost(kind, found, **how)[measure] <= budget * unit
        assert wider[measure] > budget * unit


def test_nothing_fits_in_nothing(tab):
    state = designing.START | {"budget": 0.001}
    assert tab.evaluate(FITTED, ["3 × 3", state]) is None
    how = {name: state[name] for name in ("size", "batch", "fused")}
    assert designing.widest("3 × 3", "seconds", 0.001, **how) is None


def test_the_page_begins_with_what_stands_there_without_javascript(
    tab, browser, folder
):
    plain = browser.new_page(java_script_enabled=False)
    plain.goto((folder / "page.html").as_uri())
    words = plain.locator("output").text_content()
    table = plain.locator("tbody").inner_text()
    plain.close()
    assert words == tab.locator("output").text_content()
    assert table == tab.locator("tbody").inner_text()
    assert words in shown()["text/plain"]


def test_by_hand_a_budget_of_weights(tab):
    """A 3 x 3 block has 9 C² weights: 10,000 hold 33 channels; SE is 2 C S more."""
    tab.locator("select").first.select_option("weights")
    found = {line[0]: line[1] for line in cells(tab)}
    assert found["3 × 3"] == "33"
    assert found["5 × 5"] == "20"


def test_by_keys_and_back(tab):
    entry = tab.locator('input[type="text"]')
    entry.fill("1.5")
    entry.press("Enter")
    entry.blur()
    tab.get_by_label("fused").check()
    changed = cells(tab)
    assert float(changed[2][6]) <= 1.5
    tab.goto("about:blank")
    tab.go_back()
    assert cells(tab) == changed
    assert tab.get_by_label("fused").is_checked()


@pytest.mark.parametrize("text", ["", "none", "-1", "0", "1e13"])
def test_a_wrong_budget_is_refused(tab, text):
    before = cells(tab)
    entry = tab.locator('input[type="text"]')
    entry.fill(text)
    entry.blur()
    assert "above zero" in tab.locator("output").text_content()
    assert cells(tab) == before
