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
| `transformer` | a language model as plans see it: parameters, MACs of a token |
| `plans` | what a plan takes on a cluster: memory, and seconds by term |
| `planner` | every plan that divides model and cluster, the fastest, and why it won |
| `published` | runs whose plans and speeds are published, to compare with |
"""
