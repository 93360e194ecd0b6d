"""Imports matplotlib so that nothing of the reader's own settings is heard or seen."""

import logging
import os
import sys
import tempfile
from pathlib import Path


def writable(folder: Path) -> bool:
    """Tell whether a folder is there, or can be made, and can be written to."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)


def _settings_folder() -> None:
    """Give Matplotlib a temporary folder where it would warn that it has none."""
    try:
        home = Path.home()
    except RuntimeError:
        home = Path(os.devnull)
    places = [
        Path(os.environ.get(variable) or home / usual) / "matplotlib"
        for variable, usual in (
            ("XDG_CONFIG_HOME", ".config"),
            ("XDG_CACHE_HOME", ".cache"),
        )
    ]
    if "MPLCONFIGDIR" in os.environ:
        places = [Path(os.environ["MPLCONFIGDIR"])]
    if not all(map(writable, places)):
        # it is a few kilobytes, and a kernel's children may share it
        os.environ["MPLCONFIGDIR"] = tempfile.mkdtemp(prefix="matplotlib-")


def _import() -> None:
    """Import matplotlib, in silence about bad lines in a settings file, and without a
    window that the file may name and this machine lack.
    """
    logger = logging.getLogger("matplotlib")
    level = logger.level
    logger.setLevel(logging.ERROR)
    import matplotlib

    logger.setLevel(level)
    if not os.environ.get("MPLBACKEND") and "matplotlib.pyplot" not in sys.modules:
        matplotlib.use("agg")


_settings_folder()
_import()
