"""The page that counts, in a real browser: what the library says, from a server and
without; stopped, shared, left and come back to.
"""

import json
import re
from pathlib import Path

import in_browser
import library_page_for_tests
import pytest
from playwright.sync_api import Page, expect
from site_server import Serving

from dlpatterns import models
from dlpatterns.command import page as room
from dlpatterns.counting import count

ROOT = Path(__file__).resolve().parent.parent
LLAMA = {"model_type": "llama", "hidden_size": 2048, "intermediate_size": 8192}
LLAMA |= {"num_hidden_layers": 16, "num_attention_heads": 32, "vocab_size": 128256}
LLAMA |= {"num_key_value_heads": 8, "head_dim": 64, "hidden_act": "silu"}
LLAMA |= {"max_position_embeddings": 131072, "tie_word_embeddings": True}
GPT = {"model_type": "gpt2", "n_embd": 768, "n_layer": 12, "n_head": 12}
GPT |= {"vocab_size": 50257, "n_positions": 1024}
BERT = {"model_type": "bert", "hidden_size": 768, "num_hidden_layers": 12}
BERT |= {"num_attention_heads": 12, "intermediate_size": 3072, "vocab_size": 30522}
BERT |= {"max_position_embeddings": 512, "type_vocab_size": 2, "hidden_act": "gelu"}
FUSED = {"layers": "fused"}
TEN = [
    {"network": "resnet50", "batch": 8, "machine": "NVIDIA H100 SXM5 80GB"},
    {"network": "alexnet"},
    {"network": "mobilenet_v2", "format": "int8", "machine": "NVIDIA T4"} | FUSED,
    {"network": "efficientnet_b4", "batch": 3, "format": "fp32"},
    {"network": "lstm_ptb_medium", "batch": 20},
    {"network": "mixtral_8x7b", "tokens": 128, "weights": "int4"},
    {"network": "llama2_7b", "tokens": 64, "machine": "Google TPU v5e"},
    {"config": LLAMA, "tokens": 512, "machine": "NVIDIA H200 SXM", "weights": "nvfp4"},
    {"config": GPT, "batch": 2},
    {"config": BERT, "tokens": 128, "format": "bf16", "machine": "AMD MI300X"},
]
PARAMETERS = {  # as published: of ResNet-50, AlexNet, Llama-2-7B, Llama-3.2-1B, GPT-2
    0: "25,557,032", 1: "61,100,840", 6: "6,738,415,616", 7: "1,235,814,400",
    8: "124,439,808",
}  # fmt: skip


@pytest.fixture(scope="module")
def served(built):
    with library_page_for_tests.serving(built) as site:
        yield site


@pytest.fixture(scope="module")
def tab(browser, served):
    """A page whose library stays loaded, which lets no request out."""
    with library_page_for_tests.opened(browser, served, "count.html") as page:
        yield page


def ask(page: Page, asked: dict) -> None:
    """Fill the form and press Count."""
    page.select_option("[name=network]", asked.get("network", ""))
    if "config" in asked:
        given = asked["config"]
        text = given if isinstance(given, str) else json.dumps(given)
        page.fill("[name=config]", text)
    for name in ("batch", "tokens"):
        if page.is_enabled(f"[name={name}]"):
            page.fill(f"[name={name}]", str(asked.get(name, "")))
    usual = {"format": "fp16", "weights": "", "machine": "", "layers": ""}
    for name in usual:
        page.select_option(f"[name={name}]", asked.get(name, usual[name]))
    page.evaluate("document.querySelector('[data-part=status]').textContent = ''")
    page.get_by_role("button", name="Count").click()


def answered(page: Page) -> list[list[str]]:
    """Return the facts on the page when they are there."""
    expect(page.locator("[data-part=status]")).to_contain_text(
        re.compile("parameters,|Not counted"), timeout=120_000
    )
    return page.locator(".dlp-facts tr").evaluate_all(
        "lines => lines.map(line => [...line.cells].map(it => it.textContent))"
    )


@pytest.mark.parametrize("place", range(len(TEN)))
def test_the_page_says_what_the_library_says(tab, place):
    asked = dict(TEN[place])
    ask(tab, asked)
    facts = answered(tab)
    if "config" in asked:
        asked["config"] = json.dumps(asked["config"])
    ours = json.loads(room.counted(json.dumps(asked)))
    assert facts == ours["facts"]
    if place in PARAMETERS:
        assert facts[0][1] == PARAMETERS[place]
    assert tab.locator(".dlp-title").text_content() == ours["title"]
    for table, rows in (("by_kind", 0), ("by_layer", 1)):
        shown = tab.locator(".dlp-numbers").nth(rows).locator("tr")
        assert shown.count() == len(ours[table])
    assert tab.locator(".dlp-count svg").count() == 1


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"config": '{"model_type": "llama", "hidden'}, "no JSON that can be read"),
        ({"config": '{"model_type": "unheard"}'}, "not supported"),
        ({"config": LLAMA | {"hidden_size": -8}}, "hidden_size is -8"),
        ({"config": LLAMA | {"num_hidden_layers": 10**8}}, "100,000,000"),
        ({"config": "[" * 50_000}, "no JSON that can be read"),
        ({"network": "vgg16", "machine": "NVIDIA K80 (board, 2xGK210)"}, "no publish"),
    ],
)
def test_what_cannot_be_counted_is_said(tab, asked, says):
    ask(tab, asked)
    status = tab.locator("[data-part=status]")
    expect(status).to_contain_text("Not counted", timeout=60_000)
    expect(status).to_contain_text(says)
    assert not tab.locator(".dlp-facts").count()


def test_a_name_is_text(tab):
    """What stands in a pasted file never becomes a part of the page."""
    evil = '<img src=x onerror="document.body.dataset.bad=1">'
    ask(tab, {"config": GPT | {"_name_or_path": evil}, "machine": "NVIDIA T4"})
    answered(tab)
    assert evil in tab.locator(".dlp-title").text_content()
    assert not tab.locator(".dlp-count img").count()
    assert tab.evaluate("document.body.dataset.bad") is None


def test_a_huge_one_ends_and_can_be_stopped(tab):
    """Ten thousand blocks are a hundred thousand layers and more."""
    ask(tab, {"config": LLAMA | {"num_hidden_layers": 10_000}, "tokens": 16})
    stop = tab.get_by_role("button", name="Stop")
    stop.click()
    expect(tab.locator("[data-part=status]")).to_contain_text("Stopped")
    expect(stop).to_be_hidden()
    ask(tab, {"config": LLAMA | {"num_hidden_layers": 10_000}, "tokens": 16})
    status = tab.locator("[data-part=status]")
    ended = re.compile("parameters,|No answer in")
    expect(status).to_contain_text(ended, timeout=100_000)
    if tab.locator(".dlp-facts").count():
        assert tab.locator(".dlp-numbers tr").count() < 400
        expect(tab.locator(".dlp-count details")).to_contain_text("more layers")


def test_nothing_is_loaded_before_the_click(browser, served):
    page = browser.new_page()
    served.sent.clear()
    page.goto(f"{served.address}/count.html#network=vgg16&batch=4")
    page.wait_for_load_state("networkidle")
    assert not [path for path, _ in served.sent if "pyodide" in path or "zip" in path]
    assert page.input_value("[name=network]") == "vgg16"
    assert page.input_value("[name=batch]") == "4"
    page.close()


def test_shared_left_and_come_back_to(browser, served):
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{served.address}/count.html")
    ask(page, {"network": "lenet5", "batch": 2})
    first = answered(page)
    address = page.url
    assert "network=lenet5" in address and "batch=2" in address
    ask(page, {"config": GPT, "tokens": 8})
    expect(page.locator(".dlp-title")).to_contain_text("gpt2", timeout=60_000)
    page.go_back()
    expect(page.locator(".dlp-title")).to_contain_text("LeNet")
    assert answered(page) == first
    page.go_forward()
    expect(page.locator(".dlp-title")).to_contain_text("gpt2")
    page.goto(f"{served.address}/running.html")
    page.go_back()
    expect(page.locator(".dlp-title")).to_contain_text("gpt2")
    assert json.loads(page.input_value("[name=config]")) == GPT
    other = context.new_page()
    other.goto(address)
    expect(other.locator("[data-part=status]")).to_contain_text("press Count")
    other.keyboard.press("Tab")
    other.locator("[name=batch]").focus()
    other.keyboard.press("Enter")
    assert answered(other) == first
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_has_room_for_the_answer(tab, scheme):
    tab.emulate_media(color_scheme=scheme)
    ask(tab, TEN[7])
    answered(tab)
    tab.locator("details summary", has_text="Layer by layer").click()
    tab.set_viewport_size({"width": 390, "height": 844})
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    tab.set_viewport_size({"width": 1300, "height": 900})


def test_opened_as_a_file_it_says_what_to_do(browser, built):
    page = browser.new_page()
    page.goto(f"{built.as_uri()}/count.html")
    page.get_by_role("button", name="Count").click()
    expect(page.locator("[data-part=status]")).to_contain_text("python -m http.server")
    page.close()


def test_built_without_npm_it_says_what_to_do(browser, built, tmp_path):
    page = browser.new_page()
    text = (built / "count.html").read_text(encoding="utf-8")
    text = text.replace('data-ready="yes"', 'data-ready="no"')
    (tmp_path / "count.html").write_text(text, encoding="utf-8")
    (tmp_path / "_static").symlink_to(built / "_static")
    with Serving(tmp_path) as site:
        page.goto(f"{site.address}/count.html")
        page.get_by_role("button", name="Count").click()
        expect(page.locator("[data-part=status]")).to_contain_text("npm ci")
    page.close()


def test_the_core_is_found_where_npm_puts_it(tmp_path):
    inside = tmp_path / "_build" / "stage"
    inside.mkdir(parents=True)
    assert in_browser.core(inside) is None
    core = tmp_path / "node_modules" / "pyodide"
    core.mkdir(parents=True)
    for name in in_browser.CORE[1:]:
        (core / name).write_text("{}", encoding="utf-8")
    assert in_browser.core(inside) is None
    (core / in_browser.CORE[0]).write_text("", encoding="utf-8")
    assert in_browser.core(inside) == core
    in_browser.lay_in(tmp_path, inside)
    assert (tmp_path / "_static" / "pyodide" / "pyodide.mjs").exists()


def test_one_request_in_python():
    got = json.loads(room.counted('{"network": "vgg16", "batch": 2}'))
    facts = {name: value for name, value, _ in got["facts"]}
    assert facts["MACs"] == f"{count(models.vgg16(), 2).macs:,}"
    assert len(got["by_layer"]) == 40 and got["more"] == 0


@pytest.mark.parametrize(
    "text",
    [
        *["", "{", "[]", "3", '{"batch": true}', '{"batch": "3"}', '{"network": 3}'],
        *['{"network": "vgg16", "batch": -1}', '{"network": "vgg16", "format": "x"}'],
        *['{"config": "{}"}', '{"config": 3}', "[" * 100_000],
    ],
)
def test_a_wrong_request_is_answered_with_its_error(text):
    assert json.loads(room.counted(text))["error"]
