"""Real ranks: processes with nothing in common that send each other arrays, over MPI
or, where there is none, over pipes.

`perform` sends the very rounds that `collectives` counts, point to point, and every
rank counts the bytes that it sends. A program is a function of a `World` and options;
`launch.run` starts it on several ranks.
"""

import sys
from collections.abc import Sequence
from importlib import import_module
from multiprocessing import Pipe, Process
from multiprocessing.connection import Connection
from threading import Thread
from typing import Any, Protocol

import numpy as np

from . import collectives, messages

MARK = "ranks answered: "  # what stands before the answers on the last line


class Carrier(Protocol):
    """What carries bytes between ranks."""

    rank: int
    size: int

    def exchange(self, data: bytes | None, to: int, source: int | None) -> bytes | None:
        """Send bytes to a rank and receive from another, at once."""


class World:
    """This rank among the others: its number, how many there are, and the bytes that
    it has sent.
    """

    def __init__(self, carrier: Carrier) -> None:
        self._carrier = carrier
        self.rank, self.size = carrier.rank, carrier.size
        self.sent = 0

    def exchange(
        self, array: np.ndarray | None, to: int = -1, source: int | None = None
    ) -> np.ndarray | None:
        """Send an array to a rank, receive one from another at the same time, and
        return what came; None stands for nothing sent, or nothing to come.
        """
        data = None if array is None else np.ascontiguousarray(array)
        self.sent += 0 if data is None else data.nbytes
        packed = (
            None if data is None else data.dtype.str.encode().ljust(8) + bytes(data)
        )
        came = self._carrier.exchange(packed, to, source)
        return (
            None if came is None else np.frombuffer(came[8:], came[:8].decode().strip())
        )

    def perform(
        self,
        collective: str,
        algorithm: str,
        held: dict[int, np.ndarray],
        *,
        node: int | None = None,
    ) -> dict[int, np.ndarray]:
        """Return what this rank holds after a collective, given the chunks that it
        holds before, as flat arrays of one type.
        """
        held = dict(held)
        lengths = self._lengths(collective, held)
        for a_round in collectives.rounds(collective, algorithm, self.size, node=node):
            out = next((m for m in a_round if m.source == self.rank), None)
            came = next((m for m in a_round if m.target == self.rank), None)
            data = out and np.concatenate([held[chunk] for chunk in out.chunks])
            got = self.exchange(
                data, out.target if out else -1, came.source if came else None
            )
            if came:
                self._keep(held, came, got, lengths)
        return held

    def _keep(
        self,
        held: dict[int, np.ndarray],
        message: messages.Message,
        got: np.ndarray,
        lengths: Sequence[int],
    ) -> None:
        ends = np.cumsum([lengths[chunk] for chunk in message.chunks])[:-1]
        for chunk, values in zip(message.chunks, np.split(got, ends), strict=True):
            adding = message.adds and chunk in held
            held[chunk] = held[chunk] + values if adding else values

    def _lengths(self, collective: str, held: dict[int, np.ndarray]) -> list[int]:
        """Every rank tells how long its chunks are; only the answer is not counted."""
        chunks = self.size**2 if collective == "all-to-all" else self.size
        mine = np.zeros(chunks, dtype=np.int64)
        for chunk, values in held.items():
            mine[chunk] = len(values)
        before, lengths = self.sent, mine
        for step in range(1, self.size):
            to, source = (self.rank + step) % self.size, (self.rank - step) % self.size
            lengths = np.maximum(lengths, self.exchange(mine, to, source))
        self.sent = before
        return lengths.tolist()

    def broadcast(self, vector: np.ndarray | None) -> np.ndarray:
        """Return rank 0's vector, flat, on every rank; the others give None."""
        held = {} if vector is None else dict(enumerate(self._parts(vector)))
        held = self.perform("broadcast", "tree", held)
        return np.concatenate([held[chunk] for chunk in range(self.size)])

    def all_reduce(self, vector: np.ndarray, algorithm: str = "ring") -> np.ndarray:
        """Return the sum of everybody's vectors, flat, on every rank."""
        held = dict(enumerate(self._parts(vector)))
        held = self.perform("all-reduce", algorithm, held)
        return np.concatenate([held[chunk] for chunk in range(self.size)])

    def reduce_scatter(self, vector: np.ndarray) -> np.ndarray:
        """Return this rank's part of the sum of everybody's vectors."""
        held = dict(enumerate(self._parts(vector)))
        return self.perform("reduce-scatter", "ring", held)[self.rank]

    def all_gather(self, part: np.ndarray) -> np.ndarray:
        """Return everybody's parts behind one another, flat, on every rank."""
        held = self.perform("all-gather", "ring", {self.rank: part.ravel()})
        return np.concatenate([held[chunk] for chunk in range(self.size)])

    def _parts(self, vector: np.ndarray) -> list[np.ndarray]:
        ends = np.cumsum(messages.split(vector.size, self.size))[:-1]
        return np.split(vector.ravel(), ends)


# --- MPI


class OverMPI:
    """Bytes carried by MPI messages."""

    def __init__(self) -> None:
        from mpi4py import MPI

        self._mpi, self._world = MPI, MPI.COMM_WORLD
        self.rank, self.size = self._world.rank, self._world.size

    def exchange(self, data: bytes | None, to: int, source: int | None) -> bytes | None:
        """Start to send, then wait for what comes and until all is sent."""
        waiting = None if data is None else self._world.Isend(data, dest=to)
        came = None if source is None else self._receive(source)
        if waiting:
            waiting.Wait()
        return came

    def _receive(self, source: int) -> bytes:
        status = self._mpi.Status()
        self._world.Probe(source=source, status=status)
        came = bytearray(status.Get_count(self._mpi.BYTE))
        self._world.Recv([came, self._mpi.BYTE], source=source)
        return bytes(came)


# --- pipes


class OverPipes:
    """Bytes carried by a pipe between each two processes."""

    def __init__(self, rank: int, size: int, pipes: dict[int, Connection]) -> None:
        self.rank, self.size, self._pipes = rank, size, pipes

    def exchange(self, data: bytes | None, to: int, source: int | None) -> bytes | None:
        """Send in a thread, since a full pipe waits for its reader."""
        sending = None
        if data is not None:
            sending = Thread(target=self._pipes[to].send_bytes, args=(data,))
            sending.start()
        came = None if source is None else self._pipes[source].recv_bytes()
        if sending:
            sending.join()
        return came


def _mesh(size: int) -> list[dict[int, Connection]]:
    ends: list[dict[int, Connection]] = [{} for _ in range(size)]
    for one in range(size):
        for other in range(one):
            ends[one][other], ends[other][one] = Pipe()
    return ends


# --- programs


def answer(world: World, program: str, options: dict) -> list[Any] | None:
    """Run a program on this rank; return everybody's answers on rank 0, else None."""
    import json

    room, name = program.split(":")
    mine = json.dumps(getattr(import_module(room), name)(world, **options))
    if world.rank:
        world.exchange(np.frombuffer(mine.encode(), np.uint8), to=0)
        return None
    others = [world.exchange(None, source=rank) for rank in range(1, world.size)]
    return [json.loads(mine), *(json.loads(bytes(other)) for other in others)]


def _on_a_pipe(place: int, ends: list, program: str, options: dict) -> None:
    for rank, others in enumerate(ends):
        if rank != place:
            for connection in others.values():
                connection.close()
    _say(answer(World(OverPipes(place, len(ends), ends[place])), program, options))


def _say(answers: list[Any] | None) -> None:
    import json

    if answers is not None:
        sys.stdout.write(MARK + json.dumps(answers) + "\n")
        sys.stdout.flush()


def main(carrier: str, size: str, program: str, options: str) -> int:
    """Be a rank of MPI, or start all ranks on pipes and wait for them."""
    import json

    given = json.loads(options)
    if carrier == "mpi":
        _say(answer(World(OverMPI()), program, given))
        return 0
    ends = _mesh(int(size))
    workers = [
        Process(target=_on_a_pipe, args=(rank, ends, program, given))
        for rank in range(int(size))
    ]
    for worker in workers:
        worker.start()
    for others in ends:
        for connection in others.values():
            connection.close()
    for worker in workers:
        worker.join()
    return max(abs(worker.exitcode or 0) for worker in workers)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
