"""The verdict of a check: the same words as text and as HTML, readable without colour,
in light and in dark.
"""

import html
import re

import pytest
from tasks_for_tests import check

from dlpatterns.exercises._result import COLOURS, HEADS, MOST, SIGNS, Result

VERDICTS = {
    "correct": Result("correct", "Groups halve the `weights`."),
    "wrong": Result(
        "wrong",
        "6 of 6 values differ.",
        (("for", "f(x, k=2)"), ("expected", "<1 & 2>")),
        "Use `k`, not 2.",
    ),
    "open": Result("open", "Expected: a number."),
    "close": Result("close", "It agrees to 3 digits."),
}
LIGHT, DARK = "#ffffff", "#14181e"  # backgrounds of the theme


def words(result, kind):
    """Return the words of a result as text or as HTML, without marks of layout."""
    markup = re.sub(r"</?(code|strong)>", "", result._repr_html_())
    plain = (
        repr(result)
        if kind == "text"
        else html.unescape(re.sub(r"<[^>]+>", " ", markup))
    )
    return re.sub(r"[`:]", " ", plain).replace(" .", ".").replace(" ,", ",").split()


@pytest.mark.parametrize("status", VERDICTS)
def test_text_and_html_say_the_same_in_the_same_order(status):
    assert words(VERDICTS[status], "text") == words(VERDICTS[status], "html")


@pytest.mark.parametrize("status", VERDICTS)
def test_the_verdict_is_told_in_words_and_by_a_sign_of_its_own(status):
    for kind in ("text", "html"):
        assert words(VERDICTS[status], kind)[0] == SIGNS[status]
    assert HEADS[status] in VERDICTS[status]._repr_html_()
    assert (
        len(set(HEADS.values()))
        == len(set(SIGNS.values()))
        == len(set(COLOURS.values()))
        == len(VERDICTS)
    )


def test_the_text_is_aligned():
    assert repr(VERDICTS["wrong"]).splitlines() == [
        "✗ Not right yet. 6 of 6 values differ.",
        "  for       f(x, k=2)",
        "  expected  <1 & 2>",
        "  Hint: Use `k`, not 2.",
    ]


def test_html_is_escaped_and_balanced():
    text = VERDICTS["wrong"]._repr_html_()
    assert "<code>&lt;1 &amp; 2&gt;</code>" in text
    assert "<code>k</code>" in text
    assert text.count("<div") == text.count("</div>")


def test_a_student_s_text_cannot_become_markup():
    result = check("text", "</code><script>alert(1)</script>`<b>`")
    assert "<script" not in result._repr_html_()
    assert "<b>" not in result._repr_html_()


def _luminance(colour):
    channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    """Return the contrast ratio of two colours as WCAG 2.1 defines it."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_contrast_of_black_on_white():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01), (
        "WebAIM's checker"
    )


@pytest.mark.parametrize("status", COLOURS)
@pytest.mark.parametrize("background", [LIGHT, DARK])
def test_the_bar_stands_out_from_the_page(status, background):
    assert contrast(COLOURS[status], background) >= 3, "WCAG 2.1, 1.4.11: graphics"


def test_only_the_bar_is_coloured():
    text = VERDICTS["wrong"]._repr_html_()
    assert re.findall(r"#[0-9a-f]{6}", text) == [COLOURS["wrong"]]
    assert "color:" not in text.replace("border-left", "")


def test_long_texts_are_cut_and_say_so():
    result = Result.cleaned(
        "wrong", "x" * 10_000, [("yours", "y" * 10_000)], "z" * 10_000
    )
    assert {len(text) for text in (result.message, result.rows[0][1], result.hint)} == {
        MOST
    }
    assert result.message.endswith("…")


def test_truth():
    true = [status for status, result in VERDICTS.items() if result]
    assert true == ["correct"]
