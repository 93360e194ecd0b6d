"""A network from an ONNX file: its operations become layers, its weights stay where
they are. The file is read byte by byte here, without the package `onnx`.

| module | subject |
|---|---|
| `wire` | the bytes of the file, field by field |
| `parts` | graph, nodes, constants |
| `values` | what goes from node to node, and the layers written down |
| `emit` | from a node to a layer |
| `evaluate` | small constants worked out |
| `shaping` | readers of operations that move values |
| `plain` | readers of operations value by value, of rows, of windows |
| `products` | readers of operations with matrix products |
| `reading` | from file to network |
"""

from .reading import from_onnx

__all__ = ["from_onnx"]
