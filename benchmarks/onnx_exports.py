"""Export torchvision's networks to ONNX, read each file with `models.from_onnx`, and
compare parameters and MACs with torchvision's as it runs (tests/torchvision_zoo.json).

All parameters are random: the exporter stores equal tensors once, as the scales of
normalisations that were never trained. Normalisation stays apart from
the convolutions, as in training, so that every parameter is in the file. Swin-T has
4,508 too many, its MACs are exact: the exporter writes the masks of its shifted windows
as real numbers, 56² + 28² + 3 × 14² of them, and no file says what was trained.

    PYTHONPATH=lib python benchmarks/onnx_exports.py [network ...]
    (writes benchmarks/results/onnx_exports.json; a network stored there with the same
    versions is kept if it is not named)
"""

import json
import sys
import tempfile
import time
import warnings
from pathlib import Path

import torch
import torchvision

from dlpatterns import models
from dlpatterns.counting import count

HERE = Path(__file__).resolve().parent
REFERENCE = HERE.parent / "tests" / "torchvision_zoo.json"
RESULT = HERE / "results" / "onnx_exports.json"
VERSIONS = {"torch": torch.__version__, "torchvision": torchvision.__version__}


def exported(name: str, size: int, path: Path) -> None:
    """Write one network as an ONNX file."""
    options = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
    network = torchvision.models.get_model(name, weights=None, **options).eval()
    for head in ("aux1", "aux2", "AuxLogits"):
        if hasattr(network, head):
            setattr(network, head, None)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.normal_()
    training = torch.onnx.TrainingMode.PRESERVE
    torch.onnx.export(
        network,
        (torch.zeros(1, 3, size, size),),
        str(path),
        dynamo=False,
        training=training,
        do_constant_folding=False,
    )


def compared(name: str, reference: dict) -> dict:
    """Return what the file of one network counts, beside torchvision's own count."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.onnx"
        exported(name, reference["size"], path)
        start = time.process_time()
        counts = count(models.from_onnx(path))
        seconds = time.process_time() - start
        megabytes = round(path.stat().st_size / 1e6, 1)
    ours = {"params": counts.params, "macs": counts.macs}
    theirs = {key: reference[key] for key in ours}
    return ours | {"equal": ours == theirs, "s": round(seconds, 3), "MB": megabytes}


def kept() -> dict:
    """Return the rows that are stored, none if they are of other versions."""
    stored = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    return stored["networks"] if stored.get("versions") == VERSIONS else {}


def main() -> None:
    """Compare the networks named on the command line, or all."""
    warnings.filterwarnings("ignore")
    networks = json.loads(REFERENCE.read_text())["networks"]
    rows = kept()
    for name in sys.argv[1:] or networks:
        try:
            rows[name] = compared(name, networks[name])
        except Exception as error:  # the exporter's own refusals are part of the result
            rows[name] = {"error": f"{type(error).__name__}: {str(error)[:200]}"}
        print(name, rows[name], flush=True)
    RESULT.write_text(json.dumps({"versions": VERSIONS, "networks": rows}, indent=1))
    RESULT.write_text(RESULT.read_text() + "\n")


if __name__ == "__main__":
    main()
