"""The command, run as a reader does, or in this process."""

import os
import subprocess
import sys
from pathlib import Path

from dlpatterns.command import terminal

ROOT = Path(__file__).resolve().parent.parent


def asked(*words: str, **environment: str) -> subprocess.CompletedProcess:
    """Run the command as a reader does."""
    kept = {k: v for k, v in os.environ.items() if k not in {"COLUMNS", "NO_COLOR"}}
    kept |= {"PYTHONPATH": str(ROOT / "lib"), "PYTHONUTF8": "1"}
    return subprocess.run(
        [sys.executable, "-m", "dlpatterns", *words],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=kept | environment,
    )


def said(capsys, *words: str) -> tuple[int, str, str]:
    """Run the command in this process: its exit code and what it wrote."""
    try:
        code = terminal.main(words)
    except SystemExit as left:
        code = left.code
    written = capsys.readouterr()
    return code, written.out, written.err
