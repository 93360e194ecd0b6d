"""Run lectures from top to bottom in a clean kernel and store their outputs in place.

python tools/outputs.py                  all lectures
python tools/outputs.py convolution      one of them
"""

import sys
from pathlib import Path

from build import ROOT, execute


def main(names: list[str]) -> None:
    """Execute the named lectures, or all of them, in place."""
    for path in [ROOT / "chapters" / f"{name}.ipynb" for name in names] or sorted(
        (ROOT / "chapters").glob("*.ipynb")
    ):
        print(execute(path, Path(path)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
