"""What counts and costs needs the standard library alone, as in a reader's browser."""

import subprocess
import sys

import pytest

ALONE = """
import sys

class Fence:
    "Lets nothing in that does not come with Python, but for the library itself."

    def find_spec(self, name, path=None, target=None):
        first = name.partition(".")[0]
        if first not in sys.stdlib_module_names | {"dlpatterns"}:
            raise ImportError(f"{name} is outside of the fence")

sys.meta_path.insert(0, Fence())
"""
USES = {
    "layers": """
from dlpatterns.layers import Conv2d
Conv2d(8, 3).output_shape((3, 8, 8))
""",
    "graph": """
from dlpatterns.graph import Builder
Builder("net", (3,)).input
""",
    "models": """
from dlpatterns import models
models.resnet50()
""",
    "formats": """
from dlpatterns import formats
formats.get("bf16").bytes_for(3)
""",
    "datasets": """
from dlpatterns import datasets
datasets.table("accelerators")
""",
    "counting": """
from dlpatterns import models
from dlpatterns.counting import count, decoding, depth, products
count(models.resnet50()).macs
decoding.cache_bytes_per_token(models.gpt2())
""",
    "command": """
from dlpatterns.command import page
assert "138,357,544" in page.counted('{"network": "vgg16", "machine": "NVIDIA T4"}')
""",
    "hardware": """
from dlpatterns import models
from dlpatterns.hardware import energy, generation, hierarchy, machines, memory
from dlpatterns.hardware import methods, roofline, search, systolic, timeloop, work

levels = hierarchy.Level("DRAM"), hierarchy.Level("buffer", 20)
found = search.best_mapping(work.matmul(8, 8, 8), levels)
energy.of_mapping(found, {"DRAM": 200, "buffer": 6}, mac=1)
energy.of_run(systolic.run(8, 8, 8, rows=4, cols=4))
memory.tiled(memory.best_tiling(work.matmul(8, 8, 8), 20), 20)
timeloop.compared()
h100 = machines.get("H100")
roofline.network(roofline.layers(models.resnet50(), h100))
generation.sweep(models.llama2_7b(tokens=1), h100, [1], cached=8)
""",
}


@pytest.mark.parametrize("room", USES)
def test_a_room_needs_nothing_but_python(room):
    ran = subprocess.run(
        [sys.executable, "-c", ALONE + USES[room]], capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr[-600:]


def test_the_fence_holds():
    ran = subprocess.run(
        [sys.executable, "-c", ALONE + "import numpy"], capture_output=True, text=True
    )
    assert "numpy is outside of the fence" in ran.stderr
