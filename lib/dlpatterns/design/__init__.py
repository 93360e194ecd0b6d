"""A space of chips: arrays of multipliers, buffers, a bus, number formats and what is
made of zeros, each priced in time, energy, area and good dies.

Everything is a closed form of `hardware` and the standard library, so that it runs in a
browser and weighs ten thousand designs a second.

| module | holds |
|---|---|
| `chip` | one design: its peak, its area, what a MAC and a byte cost in it |
| `workload` | networks as the products and bytes that a chip meets; the book's six |
| `evaluate` | how long a workload takes on a chip, and what it spends |
| `published` | chips of the world as designs, beside what is printed of them |
| `market` | yield, good dies of a wafer, their price |
| `space` | all designs of a grid, those that keep a budget, those that no other beats |
| `asking` | the controls of the page on which a reader designs, and what they ask for |
| `standing` | where a design stands among the book's own |
| `borne` | what fewer bits cost a small network, as measured |
| `words`, `picture`, `page` | an answer in words, as a drawing, as JSON |
"""
