"""Exercises of the lecture on classic models."""

from dlpatterns.exercises._tasks import Value

TASKS = {
    "conv2_weights": Value(
        256 * 48 * 5 * 5,
        expects="the number of weights that conv2 stores, a whole number",
        mistakes=[
            (256 * 96 * 5 * 5, "That is the layer without groups: a filter sees only half of the 96 maps."),
            (256 * 48 * 5 * 5 + 256, "You counted the 256 biases; the question asks for weights."),
        ],
        why="Two groups halve the weights and the MACs: in 2012 because one GPU's memory was too small.",
    ),
}
