"""The bytes of an ONNX file: fields of Protocol Buffers, read where they lie, so that
weights stay on the disk.

A message is a row of fields: a key (number and wire type), then a number, or so many
bytes, which may be a message again.
"""

import struct
from collections.abc import Iterator

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
MOST_TEXT, MOST_FIELDS = 10_000, 20_000_000


class Damaged(ValueError):
    """The file does not hold what it promises."""


def varint(data: memoryview, place: int, end: int) -> tuple[int, int]:
    """Return the number of at most 64 bits at a place, and the place behind it.

    >>> varint(memoryview(bytes([0xAC, 2])), 0, 2)
    (300, 2)
    """
    if place < end and data[place] < 128:
        return data[place], place + 1
    value = shift = 0
    while place < end:
        byte = data[place]
        place += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value & (1 << 64) - 1, place
        shift += 7
        if shift > 63:
            raise Damaged(f"a number at byte {place:,} has more than 64 bits")
    raise Damaged(f"the file ends in a number, at byte {place:,}; is it truncated?")


def signed(value: int) -> int:
    """Return a number of 64 bits as one with a sign."""
    return value - (1 << 64) if value >> 63 else value


def message(data: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Yield the fields of a message: a number, or the bytes, unread, that stand there.

    Raises: Damaged if the fields do not end where the message ends.
    """
    place, end = 0, len(data)
    while place < end:
        key, place = varint(data, place, end)
        kind = key & 7
        if kind == BYTES:
            size, place = varint(data, place, end)
        elif kind == VARINT:
            value, place = varint(data, place, end)
            yield key >> 3, value
            continue
        elif kind in (FIXED32, FIXED64):
            size = 4 if kind == FIXED32 else 8
        else:
            raise Damaged(f"a field has the wire type {kind}, which ONNX does not use")
        if size > end - place:
            raise Damaged(
                f"a field claims {size:,} bytes where {end - place:,} are left; is the "
                "file truncated?"
            )
        yield key >> 3, data[place : place + size]
        place += size


def text(value: int | memoryview) -> str:
    """Return the text in a field of bytes."""
    if isinstance(value, int):
        raise Damaged(f"a number, {value}, stands where a name is expected")
    if len(value) > MOST_TEXT:
        raise Damaged(f"a name has {len(value):,} bytes; {MOST_TEXT:,} are the most")
    try:
        return str(value, "utf-8")
    except UnicodeDecodeError:
        raise Damaged(f"a name is no text: {bytes(value[:20])!r}") from None


def inside(value: int | memoryview) -> memoryview:
    """Return the bytes of a field that holds a message."""
    if isinstance(value, int):
        raise Damaged(f"a number, {value}, stands where a message is expected")
    return value


def numbers(value: int | memoryview, *, most: int) -> list[int]:
    """Return the whole numbers of a field, one or packed, at most so many."""
    if isinstance(value, int):
        return [signed(value)]
    found, place, end = [], 0, len(value)
    while place < end:
        one, place = varint(value, place, end)
        found.append(signed(one))
        if len(found) > most:
            raise Damaged(f"a list has more than {most:,} numbers")
    return found


def unpacked(value: int | memoryview, letter: str) -> tuple:
    """Return the numbers of a format of `struct` that lie behind one another."""
    raw = inside(value)
    size = struct.calcsize(f"<{letter}")
    if len(raw) % size:
        raise Damaged(f"{len(raw)} bytes hold no whole number of {size} bytes each")
    return struct.unpack(f"<{len(raw) // size}{letter}", raw)
