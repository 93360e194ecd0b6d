"""The lecture on recurrence and attention.

* `recurrence`: parameters, MACs and critical path of the recurrent layers;
* `blocks`: the parts of a Transformer block, the crossover, caches and decoding;
* `traffic`: the bytes of plain and of tiled attention, by formula and by replay;
* `memory`: the study of what recurrent networks and attention remember;
* `drawings`: the pictures of all of them;
* `world`: our numbers beside printed ones.
"""
