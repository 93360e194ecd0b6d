"""The command with ONNX files: made with `onnx.helper`, counted by hand; and machines
that fuse layers.
"""

import csv
import io
import json
import re
import sys
from subprocess import run

import pytest
from command_for_tests import asked, said
from onnx import helper
from onnx_for_tests import branched_by_sum, given, weight, write

from dlpatterns import models
from dlpatterns.command import answering, finding, page
from dlpatterns.hardware import machines, roofline


@pytest.fixture
def product(tmp_path):
    """Write a product with 8 x 5 weights, a Relu behind it, axes N and M open."""
    nodes = [helper.make_node("MatMul", ["x", "w"], ["p"], "product")]
    nodes.append(helper.make_node("Relu", ["p"], ["y"], "half"))
    path = tmp_path / "model.onnx"
    return write(path, nodes, [weight("w", 8, 5)], given("x", "N", "M", 8))


def test_a_file_is_counted(product):
    """2 x 3 rows of 8 values meet 40 weights: 240 MACs, 48 + 40 + 3 x 30 values."""
    ran = asked("count", str(product), "--axis", "N=2", "--axis", "M=3", "--json")
    assert (ran.returncode, ran.stderr) == (0, "")
    read = json.loads(ran.stdout)
    assert (read["params"], read["macs"], read["bytes_once"]) == (40, 240, 2 * 178)
    assert read["network"] == "model.onnx" and read["input"] == [2, 3, 8]


def test_a_batch_multiplies_what_the_file_holds(capsys, product):
    words = ("--axis=N=2", "--axis=M=3", "--batch=4", "--csv")
    code, out, _ = said(capsys, "count", str(product), *words)
    rows = list(csv.DictReader(io.StringIO(out)))
    assert code == 0 and [row["macs"] for row in rows] == ["960", "0"]


def test_a_branch_is_chosen(tmp_path):
    """3 rows of 8 meet 5 columns, or 2."""
    path = str(branched_by_sum(tmp_path / "which.onnx"))
    for said_so, macs in (("yes", 120), ("no", 48)):
        ran = asked("count", path, "--branch", f"which={said_so}", "--json")
        assert ran.returncode == 0 and json.loads(ran.stdout)["macs"] == macs
    ran = asked("count", path)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert "If 'which'" in ran.stderr and "--branch NAME=no" in ran.stderr


def test_two_files_are_compared(capsys, product):
    words = ("--axis=N=1", "--axis=M=1", "--csv")
    code, out, _ = said(capsys, "compare", str(product), "lenet5", *words)
    assert code == 0 and "parameters,40," in out


def test_open_axes_are_asked_for(product):
    ran = asked("count", str(product), "--axis", "N=2")
    assert (ran.returncode, ran.stdout) == (1, "")
    assert "axes without a size" in ran.stderr and "'M': 1" in ran.stderr
    assert "--axis NAME=SIZE" in ran.stderr and "Traceback" not in ran.stderr


@pytest.mark.parametrize("content", [None, b"", b"\xff" * 100, b"PK\x03\x04" * 9])
def test_a_bad_file(capsys, tmp_path, content):
    path = tmp_path / "bad.onnx"
    if content is not None:
        path.write_bytes(content)
    code, out, err = said(capsys, "count", str(path))
    assert (code, out) == (1, "") and "bad.onnx" in err and len(err) < 1000


def test_operations_that_are_not_supported_are_named(capsys, tmp_path):
    nodes = [helper.make_node("NonZero", ["x"], ["y"])]
    path = write(tmp_path / "m.onnx", nodes, [], given("x", 2))
    code, _, err = said(capsys, "count", str(path))
    assert code == 1 and "NonZero (1)" in err


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ("--axis N", "NAME=SIZE is wanted"),
        ("--axis =3", "NAME=SIZE is wanted"),
        ("--axis N=0", "a whole number of at least 1"),
        ("--axis N=2 --axis N=3", "given twice"),
        ("--branch which", "NAME=yes or NAME=no"),
        ("--branch which=maybe", "NAME=yes or NAME=no"),
        ("--axis N=2 --axis M=3 --tokens 8", "axes get their sizes by name"),
        ("--axis N=2 --axis M=3 --fused", "name a machine"),
    ],
)
def test_wrong_use(capsys, product, words, hint):
    code, out, err = said(capsys, "count", str(product), *words.split())
    assert (code, out) == (2, "") and hint in err


@pytest.mark.parametrize("words", ["count vgg16", "compare vgg16 alexnet"])
def test_networks_by_name_have_no_axes(capsys, words):
    code, _, err = said(capsys, *words.split(), "--axis", "N=2")
    assert code == 2 and ".onnx file" in err


def test_neither_numpy_nor_onnx_is_needed(product):
    code = "import sys; sys.modules['numpy'] = sys.modules['onnx'] = None; "
    code += "from dlpatterns.command.terminal import main; "
    code += "sys.exit(main(['count', sys.argv[1], '--axis=N=2', '--axis=M=3']))"
    ran = run([sys.executable, "-c", code, str(product)], capture_output=True)
    assert ran.returncode == 0, ran.stderr[-400:]


# --- Fused ----------------------------------------------------------------------------


def test_a_fused_layer_moves_nothing_more(product):
    """Each of 240 MACs' 30 results is written once; Relu neither reads nor writes."""
    words = ("--axis=N=2", "--axis=M=3", "--machine=H100", "--fused", "--json")
    read = json.loads(asked("count", str(product), *words).stdout)
    assert read["fused"] and read["bytes_assumption"] == "once, fused"
    assert read["bytes_once"] == 2 * (48 + 40 + 30)
    assert [row["bytes_once"] for row in read["by_layer"]] == [236, 0]
    assert read["by_layer"][1]["seconds"] == 0


@pytest.mark.parametrize("name", ["resnet50", "gpt2"])
def test_fused_bounds_are_those_of_the_roofline(name):
    found, h100 = finding.network(name), machines.get("H100")
    got = answering.answer(found, answering.Question(machine="H100", fused=True))
    bounds = roofline.layers(models.ZOO[name](), h100, fused=True)
    assert got["seconds_overlapped"] == sum(one.overlapped for one in bounds)
    assert got["bytes_once"] == sum(one.bytes_once for one in bounds)
    times = sum(row["seconds"] for row in got["by_layer"])
    assert times == pytest.approx(got["seconds_overlapped"])
    assert [row["macs"] for row in got["by_layer"] if row["macs"]] == [
        one.macs for one in bounds if one.macs
    ]


def test_fusing_is_said_beside_the_number(capsys):
    words = ("count", "resnet50", "--machine", "H100")
    apart, fused = (said(capsys, *words, *more)[1] for more in ((), ("--fused",)))
    note = " ".join(re.search(r"time at least[^\n]*(?:\n  [^\n]*)?", fused)[0].split())
    assert ", fused" in note and "fused" not in apart


def test_the_page_says_it_too():
    request = {"network": "resnet50", "machine": "H100", "layers": "fused"}
    read = json.loads(page.counted(json.dumps(request)))
    notes = {name: note for name, _, note in read["facts"]}
    assert ", fused" in notes["time at least"] and ", fused" in read["caption"]
    del request["machine"]
    read = json.loads(page.counted(json.dumps(request)))
    assert "error" not in read and "fused" not in str(read["facts"])
