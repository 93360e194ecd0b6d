"""Fewer bytes and fewer products: matrices in which most places are zero.

| module | holds |
|---|---|
| `lists` | COO, CSR, CSC: the place of each value |
| `patterns` | BSR and n of m: blocks, and n values of every m neighbours |
| `streams` | a bitmap of all places, and the runs of zeros between values |
| `base` | what all have: pack, unpack, bits, bytes really packed, product |
| `packing` | whole numbers of any width in bytes |
| `files` | a packed matrix as one string of bytes, and back |
| `sizes` | bits by formula, and where a format takes as much as dense |
| `sharing` | few values for many weights: clusters, and their training |
| `huffman` | frequent symbols in few bits |
| `deep_compression` | a pruned and shared network as one stream, every byte counted |

`FORMATS` maps names to the formats.
"""

from .lists import COO, CSC, CSR
from .patterns import BSR, NOfM
from .streams import Bitmap, RunLength

FORMATS = {form.name: form for form in (COO, CSR, CSC, BSR, Bitmap, RunLength, NOfM)}
