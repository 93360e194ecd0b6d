"""A sum rescaled in a real browser: by both rules as the library does it, by keys, and
without JavaScript.
"""

from pathlib import Path

import in_page_for_tests
import numpy as np
import pytest

from dlpatterns import quantize
from dlpatterns.explore import rescale, rescaling
from dlpatterns.quantize import fixed

AXE = Path(__file__).resolve().parent.parent / "node_modules/axe-core/axe.min.js"
RULE = """([sums, multipliers, shifts, rule]) => sums.map((sum, i) =>
  document.querySelector(".dlp-rescale").dlp.requantise(
    sum, multipliers[i], shifts[i], rule))"""
SCALES = """scales => scales.map(
  scale => document.querySelector(".dlp-rescale").dlp.multiplierOf(scale))"""
# 529 x 0.000945 by hand: 0.499905, which double lifts onto a tie and then to one
SUM, SCALE = 529, 0.000945


def shown(total: int = SUM, scale: float = SCALE) -> dict:
    return in_page_for_tests.shown(rescaling, lambda: rescale(total, scale))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a page on which a sum is rescaled."""
    folder = tmp_path_factory.mktemp("rescale")
    return in_page_for_tests.write_page(folder, "Rescaling", shown()["text/html"])


@pytest.fixture
def tab(browser, folder):
    with in_page_for_tests.opened(browser, folder) as tab:
        yield tab


def library(sums, multipliers, shifts, rule):
    """Return what the library makes of each, None where it refuses."""
    found = []
    for each in zip(sums, multipliers, shifts, strict=True):
        try:
            found.append(int(quantize.requantize(*map(np.array, each), rule)))
        except ValueError as refused:
            assert "int32" in str(refused)
            found.append(None)
    return found


@pytest.mark.parametrize("rule", fixed.RULES)
def test_the_page_rescales_as_the_library_does(tab, rule):
    rng = np.random.default_rng(0)
    size = 3000
    shifts = rng.integers(-31, 31, size)
    sums = rng.integers(-(2**31), 2**31, size) >> rng.integers(0, 31, size)
    multipliers = rng.integers(2**30, 2**31, size)
    ties = np.arange(-500, 500)  # a half, a quarter, ... meet ties all the time
    sums = np.concatenate([sums, ties, [-(2**31), 2**31 - 1] * 20])
    multipliers = np.concatenate([multipliers, np.full(1040, 2**30)])
    shifts = np.concatenate([shifts, -(ties % 7), np.repeat(np.arange(-10, 10), 2)])
    given = [each.tolist() for each in (sums, multipliers, shifts)]
    theirs, ours = tab.evaluate(RULE, [*given, rule]), library(*given, rule)
    assert theirs == ours
    assert 100 < ours.count(None) < len(ours) - 2000


def test_page_and_library_know_the_same_multipliers(tab):
    rng = np.random.default_rng(1)
    scales = rng.random(2000) * 2.0 ** rng.integers(-36, 30, 2000)
    scales = [*scales.tolist(), 1.0, 0.5, 2.0**-31, 2.0**-32, 1 - 2.0**-40, 2.0**30]
    ours = [list(quantize.quantise_multiplier(scale)) for scale in scales]
    assert tab.evaluate(SCALES, scales) == ours


def test_the_known_sum_differs_and_the_next_is_found(tab):
    text = tab.locator("output").inner_text()
    assert text.startswith("529 × 0.000945 = 0.499905") and "differ by one" in text
    assert tab.locator("tbody tr").last.locator("td").all_inner_texts() == ["1", "0"]
    tab.get_by_role("button", name="sum plus one").click()
    assert "Both rules agree" in tab.locator("output").inner_text()
    tab.get_by_role("button", name="next sum that differs").click()
    found = int(tab.locator("input").first.input_value())
    sums = np.arange(530, found + 1)
    pair = quantize.quantise_multiplier(SCALE)
    both = [quantize.requantize(sums, *pair, rule) for rule in fixed.RULES]
    assert np.flatnonzero(both[0] != both[1]).tolist() == [found - 530]


def test_sums_and_scales_can_be_typed(tab):
    entry, factor = tab.locator("input").all()
    for field, text in ((entry, "−1,000"), (factor, "0.0315")):
        field.fill(text)
        field.press("Enter")
    assert tab.locator("output").inner_text().startswith("−1,000 × 0.0315 = −31.5")
    cells = tab.locator("tbody tr").last.locator("td").all_inner_texts()
    pair = quantize.quantise_multiplier(0.0315)
    ours = [int(quantize.requantize(-1000, *pair, rule)) for rule in fixed.RULES]
    assert [int(cell.replace("−", "-")) for cell in cells] == ours
    entry.fill("2.5")
    entry.press("Enter")
    assert "whole number of 32 bits" in tab.locator("output").inner_text()
    factor.fill("-1")
    factor.press("Enter")
    assert "above zero" in tab.locator("output").inner_text()
    for field, text in ((entry, "2147483647"), (factor, "8")):
        field.fill(text)
        field.press("Enter")
    assert "not defined" in tab.locator("output").inner_text()


def test_the_bits_are_those_of_the_product(tab):
    multiplier, shift = quantize.quantise_multiplier(SCALE)
    bits = "".join(tab.locator(".dlp-bit-row .dlp-bit").all_inner_texts())
    assert int(bits, 2) == SUM * multiplier
    assert tab.locator(".dlp-bit-row .dlp-mantissa").count() == 31
    assert tab.locator(".dlp-bit-row .dlp-sign").count() == -shift


def test_the_page_survives_the_way_back(tab):
    tab.get_by_role("button", name="sum plus one").click()
    tab.goto("about:blank")
    tab.go_back()
    assert tab.locator("output").inner_text().startswith("530 ")


def test_without_a_script_the_same_stands_there(tab, browser, folder):
    context = browser.new_context(java_script_enabled=False)
    plain = context.new_page()
    plain.goto((folder / "page.html").as_uri())
    assert plain.locator("button, input").count() == 0
    for part in ("output", "table", ".dlp-bit-row"):
        assert plain.locator(part).inner_text() == tab.locator(part).inner_text()
    context.close()


def test_it_is_accessible_and_fits_a_phone(tab):
    tab.set_viewport_size({"width": 390, "height": 800})
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    if not AXE.exists():
        pytest.skip("axe-core is not installed")
    tab.add_script_tag(path=str(AXE))
    found = tab.evaluate(
        "axe.run('.dlp-rescale').then(r => r.violations.map(v => v.id))"
    )
    assert found == []


def test_words_for_the_tests_and_what_is_refused():
    assert "529 × 0.000945" in shown()["text/plain"]
    assert "Both rules agree" in shown(530)["text/plain"]
    for scale in (0, -1.0, float("nan")):
        with pytest.raises(ValueError, match="above zero"):
            rescale(1, scale)
    with pytest.raises(ValueError, match="multiplier lies between"):
        rescale(1, 2.0**31)
    with pytest.raises(ValueError, match="overflows an int32"):
        rescale(2**31 - 1, 8.0)
    with pytest.raises(ValueError, match="accumulator"):
        rescale(2**31, 0.5)
