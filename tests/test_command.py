"""The command of the library: counts as published, tables that fit, exit codes."""

import csv
import io
import json
import os
import subprocess
import sys

import pytest
from command_for_tests import ROOT, asked, said

from dlpatterns import models
from dlpatterns.command import answering, finding, terminal, texts
from dlpatterns.counting import count, decoding
from dlpatterns.hardware import generation, machines, roofline


def test_a_network_is_counted():
    """25,557,032 parameters and 4,089,184,256 MACs are torchvision's ResNet-50."""
    ran = asked("count", "resnet50", "--batch", "8")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "25,557,032" in ran.stdout and f"{8 * 4_089_184_256:,}" in ran.stdout
    assert "each tensor once" in ran.stdout and "\x1b" not in ran.stdout


@pytest.mark.parametrize("by", ["layer", "kind"])
def test_csv_holds_exact_numbers_that_add_up(capsys, by):
    code, out, _ = said(capsys, "count", "vgg16", "--by", by, "--csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert code == 0 and len(rows) == (39 if by == "layer" else 6)
    assert sum(int(row["params"]) for row in rows) == 138_357_544
    assert sum(int(row["macs"]) for row in rows) == 15_470_264_320


def test_json_holds_everything(capsys):
    """Llama-2-7B has 6,738,415,616 parameters; 32 layers keep 2 x 32 heads x 128
    values of 2 bytes a token.
    """
    _, out, _ = said(capsys, "count", "llama2_7b", "--tokens", "64", "--json")
    read = json.loads(out)
    assert read["params"] == 6_738_415_616
    assert read["cache"]["bytes_per_token"] == 32 * 2 * 32 * 128 * 2
    assert read["cache"]["bytes"] == 64 * 524_288 and read["tokens"] == 64
    assert read["bytes_assumption"] == "once" and "machine" not in read
    assert sum(row["macs"] for row in read["by_layer"]) == read["macs"]


def test_bounds_are_those_of_the_rooms_below():
    question = answering.Question(4, 32, "fp16", "int4", "H100")
    got = answering.answer(finding.network("gpt2"), question)
    how = {"batch": 4, "dtype": "fp16", "weight_dtype": "int4"}
    h100 = machines.get("H100")
    bounds = roofline.layers(models.gpt2(tokens=32), h100, **how)
    assert got["bytes_once"] == sum(one.bytes_once for one in bounds)
    assert got["seconds_overlapped"] == sum(one.overlapped for one in bounds)
    step = generation.decode(models.gpt2(tokens=1), h100, cached=32, **how)
    assert got["next_token"]["macs"] == 4 * decoding.decode_macs(
        models.gpt2(tokens=1), 32
    )
    assert got["next_token"]["seconds"] == sum(one.overlapped for one in step)
    assert sum(row["seconds"] for row in got["by_kind"]) == pytest.approx(
        got["seconds_overlapped"]
    )


def test_one_format_moves_what_the_counts_say():
    got = answering.answer(finding.network("alexnet"), answering.Question(2))
    assert got["bytes_once"] == count(models.alexnet(), 2).traffic_bytes("fp16")


def test_energy_by_hand():
    """The table at 45 nm: an FP16 product 1.1 pJ, an FP32 sum 0.9 pJ, a DRAM access of
    8 bytes 1,300 pJ.
    """
    got = answering.answer(
        finding.network("lenet5"), answering.Question(machine="V100")
    )
    assert got["energy_pj"]["arithmetic"] == pytest.approx(got["macs"] * 2.0)
    assert got["energy_pj"]["DRAM"] == pytest.approx(got["bytes_once"] * 1300 / 8)


def test_a_format_without_a_measured_energy_says_so(capsys):
    code, out, _ = said(
        capsys, "count", "lenet5", "--format", "bf16", "--machine", "H100"
    )
    assert code == 0 and "unknown" in out and "no MAC in bf16 was measured" in out


def test_what_does_not_fit_is_said(capsys):
    _, out, _ = said(capsys, "count", "llama2_70b", "--tokens", "8", "--machine=H100")
    assert "does not fit 80.0 GB" in out


@pytest.mark.parametrize("width", [24, 40, 60, 80, 120, 200])
@pytest.mark.parametrize("by", ["layer", "kind"])
def test_tables_fit_the_terminal(capsys, monkeypatch, width, by):
    monkeypatch.setenv("COLUMNS", str(width))
    _, out, _ = said(capsys, "count", "googlenet", "--by", by, "--machine", "T4")
    longest = max(map(len, out.splitlines()))
    assert longest <= max(width, 46)
    if width == 60:
        assert "no room for" in out
    if width == 200:
        assert "no room for" not in out and "1,498,376,192" in out


def test_without_a_terminal_nothing_is_left_out(capsys, monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    _, out, _ = said(capsys, "count", "googlenet", "--by", "layer", "--machine", "T4")
    assert "activations" in out and "no room for" not in out


def test_colours_are_for_terminals(monkeypatch):
    assert terminal.strong("total") == "total"
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert terminal.strong("total") == "\x1b[1mtotal\x1b[0m"
    monkeypatch.setenv("NO_COLOR", "1")
    assert terminal.strong("total") == "total"


def test_compare(capsys):
    code, out, _ = said(capsys, "compare", "resnet50", "mobilenet_v2", "--csv")
    rows = {row[""]: row for row in csv.DictReader(io.StringIO(out))}
    assert code == 0 and rows["parameters"]["mobilenet_v2"] == "3504872"
    assert float(rows["MACs"]["second / first"]) == pytest.approx(1 / 13.6, rel=0.01)
    assert "KV cache, bytes a token" not in rows


def test_compare_keeps_tokens_for_those_who_read_some(capsys):
    code, out, _ = said(capsys, "compare", "gpt2", "vgg16", "gpt2", "--tokens=8")
    assert code == 0 and "gpt2 (1)" in out and "gpt2 (3)" in out


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ("count resnet5", "did you mean resnet"),
        ("count qqqq", "--list names them all"),
        ("count", "required: network"),
        ("", "say what to do"),
        ("count vgg16 --batch 0", "a whole number of at least 1"),
        ("count vgg16 --batch 1e9", "a whole number of at least 1"),
        ("count vgg16 --batch 9999999999999", "a whole number of at least 1"),
        ("count vgg16 --tokens 8", "reads no sequence"),
        ("count vgg16 --format fp61", "unknown number format"),
        ("count vgg16 --weights fp61", "unknown number format"),
        ("count vgg16 --machine T5", "no machine is called"),
        ("count vgg16 --machine NVIDIA", "several machines are"),
        ("count vgg16 --machine T4 --format fp4_e2m1", "no published rate"),
        ("count vgg16 --csv --json", "not allowed with"),
        ("compare vgg16", "two networks or more"),
    ],
)
def test_wrong_use(capsys, words, hint):
    code, out, err = said(capsys, *words.split())
    assert (code, out) == (2, "") and hint in err
    assert "Traceback" not in err


LLAMA = {"model_type": "llama", "hidden_size": 4096, "intermediate_size": 11008}
LLAMA |= {"num_hidden_layers": 32, "num_attention_heads": 32, "vocab_size": 32000}
LLAMA |= {"num_key_value_heads": 32, "max_position_embeddings": 4096}
LLAMA |= {"tie_word_embeddings": False, "rms_norm_eps": 1e-5, "hidden_act": "silu"}


@pytest.mark.parametrize("where", ["file", "folder", "in"])
def test_a_config_is_counted(capsys, monkeypatch, tmp_path, where):
    """Llama-2-7B as published: 6,738,415,616 parameters."""
    path = tmp_path / "config.json"
    path.write_text(json.dumps(LLAMA), encoding="utf-8")
    monkeypatch.setattr(sys, "stdin", io.StringIO(path.read_text(encoding="utf-8")))
    given = {"file": str(path), "folder": str(tmp_path), "in": "-"}[where]
    code, out, err = said(capsys, "count", given, "--tokens", "16", "--machine=H100")
    assert (code, err) == (0, "") and "6,738,415,616" in out and "524,288" in out


@pytest.mark.parametrize(
    ("content", "hint"),
    [
        (None, "cannot be read"),
        (b"", "no JSON"),
        (b'{"model_type": "llama"', "no JSON"),
        (b"[" * 200_000, "no JSON"),
        (b"[1, 2]", "no JSON object"),
        (b"\xff\xfe\x00", "no text"),
        (b'{"model_type": "unheard-of"}', "not supported"),
        (b'{"model_type": "llama"}', "hidden_size is missing"),
        (json.dumps(LLAMA | {"hidden_size": -1}).encode(), "hidden_size is -1"),
        (json.dumps(LLAMA | {"num_hidden_layers": 10**9}).encode(), "1,000,000,000"),
    ],
)
def test_a_bad_file(capsys, tmp_path, content, hint):
    path = tmp_path / "bad.json"
    if content is not None:
        path.write_bytes(content)
    code, out, err = said(capsys, "count", str(path))
    assert (code, out) == (1, "") and hint in err and len(err) < 1000
    assert "Traceback" not in err


def test_an_encoder_with_a_decoder_has_a_cache_and_no_bound_for_a_token(capsys):
    """T5-small: 60,506,624 parameters; six decoder layers keep 2 x 512 values."""
    _, out, _ = said(
        capsys, "count", "t5_small", "--tokens=8", "--machine=H100", "--json"
    )
    read = json.loads(out)
    assert read["params"] == 60_506_624 and read["next_token"] is None
    assert read["cache"]["bytes_per_token"] == 6 * 2 * 512 * 2 and read["tokens"] == 8


def test_help_has_examples_and_each_works(capsys):
    code, out, _ = said(capsys, "--help")
    examples = [line.strip() for line in out.splitlines() if "dlpatterns count" in line]
    assert code == 0 and len(examples) >= 3
    for line in examples:
        if "path/to" in line:
            continue
        words = line.partition("dlpatterns ")[2].partition(" >")[0].split()
        assert said(capsys, *words)[0] == 0


def test_list_names_all(capsys):
    code, out, _ = said(capsys, "--list")
    assert code == 0
    for name in [*models.ZOO, *machines.known(), "fp8_e4m3"]:
        assert name in out


def test_a_reader_who_has_read_enough():
    """As `... | head -1`: no message, no traceback."""
    command = [sys.executable, "-m", "dlpatterns", "count", "googlenet", "--json"]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "lib")}
    running = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
    )
    running.stdout.close()
    assert running.stderr.read() == b"" and running.wait() == 141
    running.stderr.close()


def test_numpy_is_not_imported():
    code = "import sys; sys.modules['numpy'] = None; "
    code += "from dlpatterns.command.terminal import main; "
    code += "sys.exit(main(['count', 'llama2_7b', '--machine', 'H100']))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True)
    assert ran.returncode == 0, ran.stderr[-400:]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *[(0, "0 s"), (999.6, "1.00 ks"), (1e-15, "0.00 ps"), (4.5e-9, "4.50 ns")],
        *[(1, "1 s"), (9.999, "10.0 s"), (2e21, "2000 Es"), (999_600, "1.00 Ms")],
    ],
)
def test_short_numbers(value, text):
    assert texts.short(value, "s") == text


def test_a_cut_name_keeps_its_ends():
    assert texts.middle_cut("abcdefghij", 5) == "ab…ij"
    assert texts.middle_cut("abc", 5) == "abc"
