"""Fewer weights: what may go, when it goes, and how it really goes.

| module | holds |
|---|---|
| `scores` | how much a weight seems to matter: magnitude, gradient x weight, chance |
| `masks` | which weights stay: per layer, over the whole network, by rows, N:M |
| `schedules` | how sparsity grows with the steps: at once, in rounds, cubic |
| `tuning` | training that keeps masked weights at zero; rewinding |
| `structured` | channels that must go together, their norms and masks |
| `surgery` | the network that is really smaller, without channels or branches |
| `dynamic` | channels chosen anew for every example |
| `distilling` | learning from the network before it was pruned |
| `tally` | parameters and MACs before and after |

A mask is an array of True (stays) and False (goes) in the shape of its parameter;
masks are kept under the names of `train.network.Network.params`.
"""
