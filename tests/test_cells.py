"""A matrix filled in a real browser: bits as the library counts them."""

import re

import in_page_for_tests
import numpy as np
import pytest

from dlpatterns.explore import cells, filling

START = np.eye(4, 8)


def shown(filled=START, **how):
    return in_page_for_tests.shown(filling, lambda: cells(filled, **how))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a page on which a matrix is filled."""
    folder = tmp_path_factory.mktemp("cells")
    return in_page_for_tests.write_page(folder, "Cells", shown()["text/html"])


@pytest.fixture
def tab(browser, folder):
    with in_page_for_tests.opened(browser, folder) as tab:
        yield tab


def test_the_page_counts_what_the_library_counts(tab):
    rng = np.random.default_rng(0)
    for density in (0, 0.1, 0.3, 0.5, 1):
        for _ in range(10):
            places = rng.random((4, 8)) < density
            for bits in filling.WIDTHS:
                found = tab.evaluate(
                    "([cells, width]) => "
                    'document.querySelector(".dlp-cells").dlp.sizes(cells, width)',
                    [places.ravel().astype(int).tolist(), bits],
                )
                said = filling.sizes(places, bits)
                assert found == {n: list(v) if v else None for n, v in said.items()}


def test_a_click_and_a_key_fill_a_place(tab):
    buttons = tab.locator("button.dlp-cell")
    buttons.nth(1).click()
    assert tab.locator("output").inner_text().startswith("5 of 32")
    tab.keyboard.press("ArrowDown")
    tab.keyboard.press("Enter")
    assert buttons.nth(9).get_attribute("aria-pressed") == "false"
    assert tab.locator("output").inner_text().startswith("4 of 32")
    buttons.nth(2).click()
    buttons.nth(3).click()
    row = tab.locator('tr[data-name="n of m"]')
    assert "does not fit" in row.inner_text()
    tab.locator("select").select_option("32")
    assert "1024" in tab.locator('tr[data-name="dense"]').inner_text()
    tab.get_by_role("button", name="empty").click()
    assert tab.locator("output").inner_text().startswith("0 of 32")


def test_without_a_script_the_first_matrix_stands_there(browser, folder):
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto((folder / "page.html").as_uri())
    assert re.search(r"COO\s+4\s+52", tab.locator("table").inner_text())
    context.close()


def test_the_text_holds_every_format():
    text = shown()["text/plain"]
    assert "CSR: (4, 59)" in text and "n of m: (16, 160)" in text


def test_bad_matrices_are_refused():
    with pytest.raises(ValueError, match=r"twos and columns in fours.*\(3, 8\)"):
        cells(np.zeros((3, 8)))
    with pytest.raises(ValueError, match="1 to 128 places"):
        cells(np.zeros((16, 16)))
    with pytest.raises(ValueError, match="bits here, got 7"):
        cells(START, value_bits=7)
