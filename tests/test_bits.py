"""Bits flipped in a real browser: values as the library has them, by mouse and by keys,
and without JavaScript.
"""

import re
from pathlib import Path

import in_page_for_tests
import numpy as np
import pytest
from playwright.sync_api import Locator, Page

from dlpatterns import formats
from dlpatterns.explore import bits, flipping

AXE = Path(__file__).resolve().parent.parent / "node_modules/axe-core/axe.min.js"
NAMES = (
    "fp32", "tf32", "bf16", "fp16", "fp8_e4m3", "fp8_e5m2", "fp6_e2m3", "fp6_e3m2",
    "fp4_e2m1", "fp8_e8m0", "int8", "int4", "uint8",
)  # fmt: skip
EVERY_CODE = [n for n in NAMES if formats.get(n).bits <= 16]
TWENTY_SIX = 0b0_10000011_10100000000000000000000
DECODE = """([at, count]) => Array.from({length: count}, (_, code) => {
  const value = document.querySelector(".dlp-bits").dlp.decode(at, code);
  return Object.is(value, -0) ? "-0" : String(value); })"""
ENCODE = """([at, values]) => values.map(value => {
  const one = value === "-0" ? -0 : Number(value);
  return document.querySelector(".dlp-bits").dlp.encode(at, one); })"""


def shown(*names: str, code: int = 0) -> dict:
    return in_page_for_tests.shown(flipping, lambda: bits(*names, code=code))


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A folder with a page on which bits are flipped."""
    folder = tmp_path_factory.mktemp("bits")
    html = shown(*NAMES, code=TWENTY_SIX)["text/html"]
    return in_page_for_tests.write_page(folder, "Bits", html)


@pytest.fixture
def page(browser) -> Page:
    """A tab that complains about errors of scripts."""
    tab, errors = browser.new_page(), []
    tab.on("pageerror", lambda error: errors.append(str(error)))
    yield tab
    tab.close()
    assert not errors


@pytest.fixture
def flipper(page: Page, folder: Path) -> Locator:
    """The page's bits, in an open browser."""
    page.goto((folder / "page.html").as_uri())
    return page.locator(".dlp-bits")


def said(flipper: Locator) -> str:
    return flipper.locator("output strong").inner_text()


@pytest.mark.parametrize("name", EVERY_CODE)
def test_the_page_decodes_every_code_as_the_library_does(page, flipper, name):
    form = formats.get(name)
    codes = np.arange(2**form.bits)
    theirs = page.evaluate(DECODE, [NAMES.index(name), codes.size])
    ours = form.decode(codes).astype(float)
    np.testing.assert_array_equal(np.array(theirs, float), ours)
    number = ~np.isnan(ours)  # JavaScript shows no sign of a NaN
    signs = np.signbit(np.array(theirs, float)[number])
    np.testing.assert_array_equal(signs, np.signbit(ours[number]))


@pytest.mark.parametrize("name", NAMES)
def test_the_page_encodes_as_the_library_does(page, flipper, name):
    form, rng = formats.get(name), np.random.default_rng(0)
    values = rng.normal(size=2000) * 2.0 ** rng.integers(-40, 40, 2000)
    values = np.concatenate([values, np.arange(-20, 20) / 16, [0.0, 1e300, 1e-300]])
    if name == "fp8_e8m0":
        values = np.abs(values[values != 0])
    theirs = page.evaluate(
        ENCODE, [NAMES.index(name), [repr(v) for v in values.tolist()]]
    )
    assert theirs == form.encode(values).tolist()


def test_what_a_format_has_not_is_not_encoded(page, flipper):
    lacking = (
        ("fp4_e2m1", "NaN"),
        ("fp8_e8m0", "-1"),
        ("fp8_e8m0", "0"),
        ("int8", "NaN"),
    )
    for name, value in lacking:
        assert page.evaluate(ENCODE, [NAMES.index(name), [value]]) == [None]


def test_a_click_flips_a_bit(page, flipper):
    assert said(flipper) == "26"
    flipper.locator(".dlp-bit").first.click()
    assert said(flipper) == "−26"
    assert "1.625" not in said(flipper)
    flipper.locator(".dlp-bit").nth(8).click()  # the lowest bit of the exponent
    assert said(flipper) == "−13"
    assert flipper.locator(".dlp-bit").first.get_attribute("aria-pressed") == "true"


def test_bits_are_reached_by_keys_alone(page, flipper):
    page.keyboard.press("Tab")
    for _ in range(4):
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.dataset.i") == "0"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("document.activeElement.dataset.i") == "30"
    page.keyboard.press("Home")
    page.keyboard.press("Space")
    assert said(flipper) == "−26"
    assert page.evaluate("document.activeElement.dataset.i") == "0"


def test_a_number_can_be_typed_and_its_neighbours_stepped_to(page, flipper):
    flipper.locator("select").select_option(label="fp8_e4m3")
    assert said(flipper) == "26"
    entry = flipper.locator("input")
    for text, value in (("465", "448"), ("-0.1", "−0.1015625"), ("nan", "NaN")):
        entry.fill(text)
        entry.press("Enter")
        assert said(flipper) == value
    entry.fill("1")
    entry.press("Enter")
    flipper.locator(".dlp-step").last.click()
    assert said(flipper) == "1.125"
    flipper.locator("select").select_option(label="fp8_e8m0")
    entry.fill("-3")
    entry.press("Enter")
    assert flipper.locator("output").inner_text() == "fp8_e8m0 has no such number"


def test_the_page_survives_the_way_back(page, flipper, folder):
    flipper.locator(".dlp-bit").first.click()
    page.goto("about:blank")
    page.go_back()
    assert said(page.locator(".dlp-bits")) == "−26"


@pytest.mark.parametrize(
    "value", [26.0, -6.103515625e-05, 5.9604644775390625e-08, 0.0, 65504.0, 1.5]
)
def test_page_and_library_write_a_number_alike(page, flipper, value):
    code = int(formats.get("fp16").encode(value))
    flipper.locator("select").select_option(label="fp16")
    entry = flipper.locator("input")
    entry.fill(repr(value))
    entry.press("Enter")
    first = flipper.locator("output").inner_html().split(" <span>")[0]
    ours = flipping.described(formats.get("fp16"), code)
    number = r"<strong>(.*?)</strong>"
    theirs = float(re.search(number, first)[1].replace("−", "-"))
    assert theirs == float(re.search(number, ours)[1].replace("−", "-")) == value
    if value:
        assert first.split(" = ")[1] == ours.split(" = ")[1]


def test_without_javascript_the_first_number_stands_there(browser, folder):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((folder / "page.html").as_uri())
    assert page.locator(".dlp-bit").count() == 32
    assert page.locator("button").count() == 0
    text = page.locator("output").inner_text()
    assert text == "26 = 2131 − 127 × (1 + 5/8)"  # the exponent stands above
    context.close()


def test_it_is_accessible_and_fits_a_phone(page, flipper):
    if not AXE.exists():
        pytest.skip("axe-core is not installed")
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.add_script_tag(path=str(AXE))
    found = page.evaluate("axe.run('.dlp-bits').then(r => r.violations.map(v => v.id))")
    assert found == []


def test_words_for_the_tests_and_what_is_refused():
    assert shown("int4", code=0b1010)["text/plain"] == "int4\n1010: −6 = −8 + 2"
    assert "NaN" in shown("fp8_e4m3", code=127)["text/plain"]
    with pytest.raises(ValueError, match="at least one number format"):
        bits()
    with pytest.raises(ValueError, match="not in mxint8"):
        bits("mxint8")
    with pytest.raises(ValueError, match="not in fp64"):
        bits("fp64")
    with pytest.raises(ValueError, match="codes are 0 to 15"):
        bits("int4", code=16)
