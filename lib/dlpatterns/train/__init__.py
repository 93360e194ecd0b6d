"""Small networks trained in NumPy, in seconds.

* `network.Network` runs a `graph.Model` forward and backward; `modules` holds one
  running layer per kind of spec, `sequence_modules` those for sequences,
  `channel_modules` those that move channels.
* `losses`: softmax cross-entropy, squared error.   `optimisers`: SGD with momentum,
  Adam.
* `quick`: the same steps faster, for small image networks.
* `loop`: `fit`, `accuracy`, `predict`.   `data`: scikit-learn's handwritten digits and
  photographs.
* `state`: what a network has learned, taken aside and given back.   `small`: small
  networks for the digits.   `recall`: a small sequence task and its networks.
"""
