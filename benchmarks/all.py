"""Run every benchmark that the page *How fast is it?* reads, then write the page.

    pip install -r benchmarks/requirements.txt
    python benchmarks/all.py

A script whose peers are not installed is named and its stored result kept; so is one
that fails. Measure on a machine that does nothing else: about half an hour.
"""

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
SCRIPTS = ("counting_speed", "convolution", "sequences", "format_speed")
SCRIPTS += ("integer_products", "sparse_speed", "systolic_speed", "cost_model")
SCRIPTS += ("language_speed", "planner", "page")


def ran(script: str) -> bool:
    """Run one script, whose workers set their threads themselves; say how it went."""
    paths = (str(HERE.parent / "lib"), os.environ.get("PYTHONPATH", ""))
    quiet = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    quiet["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    command = [sys.executable, str(HERE / f"{script}.py")]
    done = subprocess.run(command, env=os.environ | quiet, check=False)
    print(f"{script}: {'done' if done.returncode == 0 else 'FAILED, result kept'}")
    return done.returncode == 0


def main() -> int:
    """Run all of them; return how many failed."""
    return sum(not ran(script) for script in SCRIPTS)


if __name__ == "__main__":
    sys.exit(main())
