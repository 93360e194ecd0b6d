"""Huffman codes: frequent symbols in few bits, canonical, so that a table of lengths is
enough to read them.

Source: Huffman 1952; canonical order as in RFC 1951 (Deutsch 1996), section 3.2.2.
"""

import heapq

import numpy as np

LONGEST = 31  # bits of a code, so that its length fits in five bits
LENGTH_BITS = 5


def lengths(counts: np.ndarray) -> np.ndarray:
    """Return the bits of each symbol's code, 0 for a symbol that never comes.

    Codes longer than 31 bits are avoided by halving the counts.

    >>> print(lengths(np.array([5, 1, 1, 0, 2])))
    [1 3 3 0 2]
    """
    counts = np.asarray(counts)
    if counts.ndim != 1 or counts.dtype.kind not in "iu" or (counts < 0).any():
        raise ValueError(f"counts are whole numbers, not negative; got {counts!r:.60}")
    while (found := _lengths(counts)).max(initial=0) > LONGEST:
        counts = (counts + 1) // 2
    return found


def _lengths(counts: np.ndarray) -> np.ndarray:
    found = np.zeros(len(counts), dtype=np.int64)
    heap = [(int(n), i, [i]) for i, n in enumerate(counts) if n]
    if len(heap) == 1:
        found[heap[0][1]] = 1
    heapq.heapify(heap)
    while len(heap) > 1:
        first, _, left = heapq.heappop(heap)
        second, order, right = heapq.heappop(heap)
        found[left + right] += 1
        heapq.heappush(heap, (first + second, order, left + right))
    return found


def codes(table: np.ndarray) -> np.ndarray:
    """Return the code of each symbol: shorter ones first, of equal length in order.

    Raises: ValueError for a table that no code has.

    >>> [f"{code:b}" for code in codes(np.array([2, 1, 3, 3]))]
    ['10', '0', '110', '111']
    """
    table = _checked(table)
    found, code, last = np.zeros(len(table), dtype=np.int64), 0, 0
    for symbol in sorted(np.flatnonzero(table), key=lambda s: (table[s], s)):
        code <<= int(table[symbol]) - last
        found[symbol], last = code, int(table[symbol])
        code += 1
    return found


def encode(symbols: np.ndarray, table: np.ndarray) -> bytes:
    """Return the symbols' codes, one after the other, highest bit first."""
    symbols, table = np.asarray(symbols), _checked(table)
    if symbols.size and not 0 <= symbols.min() <= symbols.max() < len(table):
        raise ValueError(
            f"symbols {symbols.min()} to {symbols.max()}, the table has {len(table)}"
        )
    sizes = table[symbols]
    if (sizes == 0).any():
        raise ValueError(
            f"the symbol {symbols[sizes == 0][0]} has no code in this table"
        )
    starts = np.cumsum(sizes) - sizes
    bits = np.zeros(int(sizes.sum()), dtype=np.uint8)
    each = codes(table)[symbols]
    for place in range(int(sizes.max(initial=0))):
        has = sizes > place
        bits[starts[has] + place] = each[has] >> (sizes[has] - 1 - place) & 1
    return np.packbits(bits).tobytes()


def decode(data: bytes, table: np.ndarray, count: int) -> np.ndarray:
    """Return so many symbols.

    Raises: ValueError if the bytes end before, hold a code that is not in the table, or
    go on for a byte or more.
    """
    table = _checked(table)
    if count > 8 * len(data):
        raise ValueError(
            f"{count} symbols cannot be in {len(data)} bytes; the stream is truncated"
        )
    pairs = zip(table.tolist(), codes(table).tolist(), strict=True)
    known = {pair: symbol for symbol, pair in enumerate(pairs) if pair[0]}
    bits = np.unpackbits(np.frombuffer(data, dtype=np.uint8)).tolist()
    longest, found, at = int(table.max(initial=0)), [], 0
    for _ in range(count):
        size = code = 0
        while (size, code) not in known:
            if size >= longest or at >= len(bits):
                raise ValueError(
                    f"after {len(found)} of {count} symbols no code of the table "
                    "fits; the stream is truncated, or the table is another's"
                )
            code, size, at = code << 1 | bits[at], size + 1, at + 1
        found.append(known[size, code])
    if len(bits) - at >= 8 or any(bits[at:]):
        raise ValueError(
            f"{len(bits) - at} bits are left behind {count} symbols; the stream is "
            "damaged, or the table is another's"
        )
    return np.array(found, dtype=np.int64)


def entropy(counts: np.ndarray) -> float:
    """Return the bits a symbol that no code of single symbols can go below.

    Source: Shannon 1948.

    >>> entropy(np.array([4, 2, 1, 1]))
    1.75
    """
    counts = np.asarray(counts)
    share = counts[counts > 0] / max(counts.sum(), 1)
    return float(-(share * np.log2(share)).sum()) + 0.0


def _checked(table: np.ndarray) -> np.ndarray:
    """Return a table of lengths whose codes fill the tree, or raise."""
    table = np.asarray(table)
    if table.ndim != 1 or table.dtype.kind not in "iu":
        raise ValueError(f"a table is one length a symbol, got {table!r:.60}")
    used = table[table > 0]
    if table.size and not 0 <= table.min() <= table.max() <= LONGEST:
        raise ValueError(f"codes have up to {LONGEST} bits, got {table.max()}")
    filled = float((2.0 ** -used.astype(float)).sum())
    alone = len(used) == 1 and used[0] == 1
    if used.size and not alone and filled != 1:
        raise ValueError(
            f"the lengths of the table fill {filled:g} of a code; the table is damaged"
        )
    return table.astype(np.int64)
