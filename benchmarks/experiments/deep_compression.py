"""How small does a network for the digits become? Pruned, its weights shared, coded;
bytes and accuracy after every stage, ten seeds.

What comes out goes to lib/dlpatterns/data/deep_compression.json, which the lecture on
sparsity reads, with the network of seed 0 pruned and the stream that it becomes.

    OPENBLAS_NUM_THREADS=1 nice python benchmarks/experiments/deep_compression.py
"""

import base64
import json
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np

from dlpatterns.lectures.sparsity import experiment
from dlpatterns.sparse import deep_compression, files
from dlpatterns.sparse.streams import Bitmap

TARGET = (
    Path(__file__)
    .parents[2]
    .joinpath("lib", "dlpatterns", "data", "deep_compression.json")
)


def text(data: bytes) -> str:
    """Return bytes as text."""
    return base64.b64encode(data).decode()


def stored(net) -> dict[str, str]:
    """Return the arrays of a network as text, each a bitmap and float32 values."""
    return {
        name: text(files.dump(Bitmap.pack(np.atleast_2d(value).astype(np.float32))))
        for name, value in net.params.items()
    }


def main() -> None:
    """Run the study for every seed and store it."""
    rows = []
    for seed in range(10):
        rows.append(experiment.study(seed))
        print({k: v for k, v in rows[-1].items() if k != "networks"}, flush=True)
    kept, net, found = rows[0]["networks"]
    arrays = experiment.whole(net, found)
    coded = deep_compression.encode(arrays, run_bits=experiment.RUN_BITS)
    result = {
        "what": "bytes and accuracy of every stage of Deep Compression on the digits",
        "date": datetime.now(UTC).date().isoformat(),
        "versions": {"python": platform.python_version()}
        | {name: version(name) for name in ("numpy", "scikit-learn")},
        "rows": [{k: v for k, v in row.items() if k != "networks"} for row in rows],
        "pruned": stored(kept),
        "stream": text(coded.data),
    }
    TARGET.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
