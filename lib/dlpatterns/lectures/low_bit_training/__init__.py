"""What the lecture on training for few bits computes and draws.

| module | holds |
|---|---|
| `experiment` | every way, one seed at a time; rates by validation; rivals |
| `stored` | what ten seeds found, in tables |
| `costs` | bytes, operations, energy and area of each way |
| `working` | latent weights, rounded updates, one sum in every way, the map |
| `world` | what papers print, ImageNet, and measured times |
"""
