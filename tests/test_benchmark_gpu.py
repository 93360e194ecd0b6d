"""The script that measures a GPU, as far as it goes without one."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "gpu.py"


def run(*arguments):
    return subprocess.run(
        [sys.executable, SCRIPT, *map(str, arguments)], capture_output=True, text=True
    )


@pytest.fixture
def script():
    spec = importlib.util.spec_from_file_location("gpu", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class NoGpu:
    """A PyTorch that sees no GPU."""

    class cuda:
        @staticmethod
        def is_available():
            return False


def test_without_a_gpu_it_says_so_and_writes_nothing(
    script, monkeypatch, tmp_path, capsys
):
    monkeypatch.setitem(sys.modules, "torch", NoGpu)
    assert script.main(["--out", str(tmp_path / "gpu.json")]) == 1
    told = capsys.readouterr()
    assert told.err == (
        "PyTorch sees no GPU: nothing was measured, nothing is written.\n"
    )
    assert not told.out and not list(tmp_path.iterdir())


def test_without_pytorch_it_says_so(script, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "torch", None)
    assert script.main([]) == 1
    assert "PyTorch is not installed" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--sizes", 0], "'0' is no whole number of at least 1"),
        (["--repeats", "many"], "'many' is no whole number"),
        (["--sets", -4], "'-4' is no whole number"),
        (["--colour"], "unrecognized arguments"),
    ],
)
def test_wrong_arguments_are_named(arguments, told):
    ran = run(*arguments)
    assert ran.returncode == 2 and told in ran.stderr and not ran.stdout


def test_a_format_that_fails_is_stored_with_what_it_said(script):
    class Torch:
        """No more than what is reset after each format."""

        class backends:
            class cuda:
                class matmul:
                    allow_tf32 = True

        class cuda:
            @staticmethod
            def empty_cache():
                pass

    def make(torch, size):
        raise RuntimeError(f"no tensor cores for {size}\nand a long trace")

    row = script.measured(Torch, script.Timer(Torch, 1), make, 64, 1)
    assert row == {"error": "RuntimeError: no tensor cores for 64"}
    assert Torch.backends.cuda.matmul.allow_tf32 is False


def test_every_format_of_the_plan_is_there(script):
    formats = "fp32 tf32 bf16 fp16 fp8_e4m3 int8 fp16_2:4"
    assert [name.replace(" ", "_") for name in script.PRODUCTS] == formats.split()
