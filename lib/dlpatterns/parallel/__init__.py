"""Many chips at once: what they send one another, what each holds, and who waits.

| module | holds |
|---|---|
| `messages` | rounds of messages between ranks: run on values, counted by rank |
| `collectives` | broadcast to all-to-all, by algorithm: rounds, closed form, seconds |
| `ranks` | real ranks, over MPI or pipes, that send those rounds point to point |
| `memory` | what training must hold: states, ZeRO, activations, recomputation |
| `pipeline` | schedules run event by event: bubbles, activations, a timeline |
| `schedules` | GPipe, 1F1B, interleaved, zero-bubble, DualPipe as orders of work |
| `partition` | layers split over ranks: work, memory and messages of each way |
| `links` | when computing hides communicating |
| `failures` | time between failures, and how often to save |
| `plans` | plans for a model on a cluster: memory, step time, the fastest found |
"""
