"""A pruned network with shared weights as one stream of bytes, and back: relative
indices, codebooks, Huffman codes; every byte is counted by what it is for.

Each array with codes is stored as runs of zeros and codes, where a zero fills in for a
run that is too long. Arrays without codes (biases) are stored as float32. The end mark
is a checksum of all before it. Source: Han et al. 2016.
"""

import struct
import zlib
from collections import Counter
from dataclasses import dataclass
from math import prod

import numpy as np

from . import _checks, huffman, packing
from .sharing import Shared
from .streams import RunLength

MAGIC = b"DLPC"
MOST_WEIGHTS = 2**27  # that a stream may claim without being asked
Network = dict[str, Shared | np.ndarray]


@dataclass(frozen=True)
class Stream:
    """The sections of a stream in order, each with what it is for."""

    sections: tuple[tuple[str, bytes], ...]

    @property
    def data(self) -> bytes:
        """The bytes of all."""
        return b"".join(part for _, part in self.sections)

    def by_kind(self) -> dict[str, int]:
        """Return the bytes of each kind; their sum is the stream."""
        found = Counter()
        for kind, part in self.sections:
            found[kind] += len(part)
        return dict(found)


def encode(network: Network, *, run_bits: int = 5, coded: bool = True) -> Stream:
    """Return a network as a stream; without Huffman codes each run and each code takes
    the same number of bits.

    Raises: TypeError for an array that is neither codes nor float32.
    """
    if _checks.width(run_bits, "a run") > 8:
        raise ValueError(f"runs are of 1 to 8 bits here, got {run_bits}")
    sections = [("headers", MAGIC + struct.pack("<BH", coded, len(network)))]
    for name, array in network.items():
        sections += _array(name, array, run_bits, coded)
    check = zlib.crc32(b"".join(part for _, part in sections))
    return Stream((*sections, ("end mark", struct.pack("<I", check))))


def _array(name: str, array: Shared | np.ndarray, run_bits: int, coded: bool) -> list:
    shared = isinstance(array, Shared)
    shape = array.codes.shape if shared else array.shape
    text = name.encode()
    if len(text) > 255 or len(shape) > 255:
        raise ValueError(f"names have up to 255 bytes, got {len(text)}: {name:.40}...")
    sizes = struct.pack(f"<{len(shape)}I", *shape)
    head = bytes([shared, len(text)]) + text + bytes([len(shape)]) + sizes
    if not shared:
        if array.dtype != np.float32:
            raise TypeError(f"{name!r} is {array.dtype}; store float32, or share it")
        return [("headers", head), ("biases", array.astype("<f4").tobytes())]
    runs = RunLength.pack(array.codes.reshape(1, -1), run_bits)
    book = array.codebook.astype("<f4").tobytes()
    more = struct.pack("<BBI", array.codebook.size, run_bits, runs.kept)
    parts = [
        *_numbers("codes", runs.values, array.codebook.size + 1, coded),
        *_numbers("runs", runs.runs, 2**run_bits, coded),
    ]
    return [("headers", head + more), ("codebooks", book), *parts]


def _numbers(kind: str, numbers: np.ndarray, alphabet: int, coded: bool) -> list:
    if not coded:
        bits = _checks.bits_for(alphabet - 1)
        return [(kind, packing.pack(numbers.astype(np.int64), bits))]
    table = huffman.lengths(np.bincount(numbers.astype(np.int64), minlength=alphabet))
    data = huffman.encode(numbers.astype(np.int64), table)
    return [
        ("Huffman tables", packing.pack(table, huffman.LENGTH_BITS)),
        ("headers", struct.pack("<I", len(data))),
        (kind, data),
    ]


def decode(data: bytes, *, most: int = MOST_WEIGHTS) -> dict[str, np.ndarray]:
    """Return the arrays of a stream, float32, exactly as they were encoded; `most`
    weights in all.

    Raises: ValueError for a stream that is none, truncated or damaged; no more memory
    is taken than the bytes and `most` allow.
    """
    stream = _Reader(data, most)
    if stream.take(4) != MAGIC:
        raise ValueError(f"this is no compressed network: it begins with {data[:4]!r}")
    coded, arrays = stream.unpack("<BH")
    found = dict(_read(stream, bool(coded)) for _ in range(arrays))
    before = stream.at
    (check,) = stream.unpack("<I")
    if stream.at != len(data) or check != zlib.crc32(data[:before]):
        raise ValueError("the end mark is not that of these bytes; they are damaged")
    return found


class _Reader:
    """Takes bytes off a stream, and counts the weights that it claims."""

    def __init__(self, data: bytes, most: int) -> None:
        self.data, self.at, self.left = data, 0, most

    def take(self, size: int) -> bytes:
        """Return the next bytes."""
        if self.at + size > len(self.data):
            raise ValueError(
                f"{size} bytes are expected at {self.at} of {len(self.data)}; the "
                "stream is truncated or damaged"
            )
        self.at += size
        return self.data[self.at - size : self.at]

    def unpack(self, form: str) -> tuple[int, ...]:
        """Return the next numbers."""
        return struct.unpack(form, self.take(struct.calcsize(form)))

    def claim(self, weights: int) -> None:
        """Count weights, or raise if they are too many."""
        self.left -= weights
        if self.left < 0:
            raise ValueError(
                f"the stream claims {weights} weights, more than allowed in all; raise "
                "most=, if that is right"
            )


def _read(stream: _Reader, coded: bool) -> tuple[str, np.ndarray]:
    shared, length = stream.unpack("<BB")
    try:
        name = stream.take(length).decode()
    except UnicodeDecodeError as error:
        raise ValueError("a name is no text; the stream is damaged") from error
    (axes,) = stream.unpack("<B")
    shape = stream.unpack(f"<{axes}I")
    if axes > 32:
        raise ValueError(f"{name!r} has {axes} axes; the stream is damaged")
    stream.claim(prod(shape))
    if not shared:
        raw = stream.take(4 * prod(shape))
        return name, np.frombuffer(raw, dtype="<f4").reshape(shape).astype(np.float32)
    entries, run_bits, kept = stream.unpack("<BBI")
    if not 1 <= run_bits <= 8 or kept > prod(shape):
        raise ValueError(
            f"{name!r} has runs of {run_bits} bits and {kept} values for {prod(shape)} "
            "places; the stream is damaged"
        )
    book = np.frombuffer(stream.take(4 * entries), dtype="<f4").astype(np.float32)
    codes = _take(stream, entries + 1, kept, coded)
    runs = _take(stream, 2**run_bits, kept, coded)
    _checks.indices(codes, entries + 1, "codes")
    packed = RunLength((1, prod(shape)), codes.astype(np.uint8), runs, run_bits)
    return name, Shared(packed.unpack().reshape(shape), book).values()


def _take(stream: _Reader, alphabet: int, count: int, coded: bool) -> np.ndarray:
    if not coded:
        bits = _checks.bits_for(alphabet - 1)
        return packing.unpack(stream.take(packing.size(bits, count)), bits, count)
    size = packing.size(huffman.LENGTH_BITS, alphabet)
    table = packing.unpack(stream.take(size), huffman.LENGTH_BITS, alphabet)
    (length,) = stream.unpack("<I")
    return huffman.decode(stream.take(length), table, count)
