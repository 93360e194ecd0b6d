"""A small matrix that the reader fills and empties, and what sparse formats make of it;
computed in the page.
"""

import json
from functools import cache
from html import escape
from importlib.resources import files

import numpy as np
from IPython.display import display

from ..sparse.lists import COO, CSC, CSR
from ..sparse.patterns import BSR, NOfM
from ..sparse.streams import Bitmap, RunLength

WIDTHS, RUN_BITS, BLOCK = (4, 8, 16, 32), 3, (2, 4)
HEADS = ("format", "values stored", "bits")


@cache
def script() -> str:
    """Return the code that fills places."""
    return files(__package__).joinpath("cells.js").read_text(encoding="utf-8")


def cells(filled: np.ndarray, *, value_bits: int = 8) -> None:
    """Show a matrix of places to be filled and emptied, and the bits of each format.

    Raises: ValueError unless rows come in twos and columns in fours, up to 128
    places, and the bits are among 4, 8, 16, 32.
    """
    places = np.asarray(filled) != 0
    _check(places, value_bits)
    found = sizes(places, value_bits)
    lines = "".join(
        f'<tr data-name="{name}"><th scope="row">{escape(_said(name))}</th>'
        f"<td>{each[0] if each else ''}</td>"
        f"<td>{each[1] if each else 'does not fit'}</td></tr>"
        for name, each in found.items()
    )
    head = "".join(f'<th scope="col">{name}</th>' for name in HEADS)
    grid = "".join(
        f'<span class="dlp-cell">{"●" if cell else 0}</span>' for cell in places.ravel()
    )
    words = _words(places, found)
    page = (
        '<div class="dlp-cells"><figure class="dlp-figure">'
        f'<div class="dlp-cell-grid" role="group" aria-label="matrix" '
        f'style="--columns:{places.shape[1]}">{grid}</div>'
        f'<table class="dlp-table"><thead><tr>{head}</tr></thead>'
        f"<tbody>{lines}</tbody></table>"
        f'<output aria-live="polite">{words}</output></figure>'
        f'<script type="application/json">{_data(places, value_bits)}</script>'
        f"<script>{script()}</script></div>"
    )
    plain = "\n".join(f"{name}: {each}" for name, each in found.items())
    display({"text/html": page, "text/plain": f"{words}\n{plain}"}, raw=True)


def sizes(places: np.ndarray, value_bits: int) -> dict[str, tuple[int, int] | None]:
    """Return the values that each format stores of a matrix, and its bits; None where
    two of four do not fit.
    """
    matrix = np.asarray(places).astype(np.uint8)
    packed = [form.pack(matrix) for form in (COO, CSR, CSC)]
    packed += [BSR.pack(matrix, BLOCK), Bitmap.pack(matrix)]
    packed += [RunLength.pack(matrix, RUN_BITS)]
    found = {"dense": (matrix.size, matrix.size * value_bits)}
    found |= {each.name: (each.kept, each.bits(value_bits)) for each in packed}
    fits = matrix.reshape(-1, 4).sum(axis=1).max(initial=0) <= 2
    both = NOfM.pack(matrix) if fits else None
    found["n of m"] = (both.kept, both.bits(value_bits)) if both else None
    return found


def _check(places: np.ndarray, value_bits: int) -> None:
    if places.ndim != 2 or places.shape[0] % BLOCK[0] or places.shape[1] % BLOCK[1]:
        raise ValueError(
            f"rows come in twos and columns in fours, got the shape {places.shape}"
        )
    if not 0 < places.size <= 128:
        raise ValueError(f"a page shows 1 to 128 places, got {places.size}")
    if value_bits not in WIDTHS:
        raise ValueError(f"values have {WIDTHS} bits here, got {value_bits!r}")


def _said(name: str) -> str:
    more = {
        "BSR": f"BSR, blocks of {BLOCK[0]} × {BLOCK[1]}",
        "run-length": f"run-length, {RUN_BITS} bits",
        "n of m": "2 of 4",
    }
    return more.get(name, name)


def _words(places: np.ndarray, found: dict) -> str:
    least = min(each[1] for each in found.values() if each)
    best = [name for name, each in found.items() if each and each[1] == least]
    return (
        f"{int(places.sum())} of {places.size} places hold a value. Fewest bits: "
        f"{', '.join(best)}, {least}."
    )


def _data(places: np.ndarray, value_bits: int) -> str:
    rows, columns = places.shape
    known = {
        "rows": rows,
        "columns": columns,
        "cells": places.ravel().astype(int).tolist(),
        "widths": WIDTHS,
        "width": value_bits,
        "runs": RUN_BITS,
        "block": BLOCK,
    }
    return json.dumps(known, separators=(",", ":"))
