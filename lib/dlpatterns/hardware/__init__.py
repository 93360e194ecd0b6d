"""Machines: one model of what moving and computing costs.

| module | holds |
|---|---|
| `systolic` | matrix products in a systolic array, by closed form |
| `simulated` | the same, beat by beat, with the product that comes out |
"""
