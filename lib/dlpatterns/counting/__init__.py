"""Parameters, MACs, other operations and bytes of a network: descriptions in, numbers
out, no array is made.

| module | holds |
|---|---|
| `counts` | `count(model)`: per layer, per kind and in total |
| `costs` | what one layer costs for one example, one small function a kind |
| `attending` | the same for attention and experts |
| `products` | the matrix products inside every layer |
| `depth` | the longest way through a network |
| `decoding` | what one more token costs a language model |

>>> from dlpatterns import models
>>> count(models.vgg16()).macs
15470264320
"""

from .counts import Counts, LayerCount, count, count_layer

__all__ = ["Counts", "LayerCount", "count", "count_layer"]
