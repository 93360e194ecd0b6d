"""Published tables and stored measurements: files parse, rows have sources, and what is
printed is read right.
"""

import csv
import json
import re

import pytest

from dlpatterns import datasets

FILES = {name: datasets.DATA.joinpath(f"{name}.csv") for name in datasets.tables()}
MEASUREMENTS = sorted(
    entry.name[:-5] for entry in datasets.DATA.iterdir() if entry.name.endswith(".json")
)
# tables whose every row has one source, named in the lecture that shows them
SOURCELESS = {
    "classic_models": "the column of references is a row of the table itself",
    "profiler_reasons": "the source of a reason is the thread that discusses it",
}
# columns that hold numbers wherever they hold anything, and the range no entry can
# leave
NUMBERS = {
    "accelerators": {
        "process_nm": (1, 1000),
        "peak_fp32_tflops": (0.01, 1e4),
        "memory_gb": (0.1, 1e4),
        "tdp_w": (1, 1e5),
    },
    "energy_45nm": {"bits": (1, 64 * 1024), "energy_pj": (1e-3, 1e5)},
    "llm_throughput": {"memory_bw_gb_s": (100, 1e4), "tokens_per_s": (1, 1e5)},
    "measured_throughput": {
        "images_per_s": (1, 1e6),
        "gmacs": (0.01, 1e3),
        "mega_activations": (0.1, 1e3),
        "mega_params": (1, 1e3),
    },
    "memory_latency": {"bandwidth_gb_s": (1, 1e5), "latency_ns": (1, 1e4)},
    "golden_decade": {"factor": (1, 100)},
    "kv_caches": {"layers": (1, 1000), "heads": (1, 1000), "head_dim": (1, 1024)},
    "published_counts": {"params": (1e3, 1e13), "macs": (1e5, 1e16)},
    "torchvision_accuracy": {
        "year": (2012, 2026),
        "params": (1e6, 1e9),
        "top1_percent": (50, 90),
        "top5_percent": (75, 99),
    },
    "training_compute": {"parameters": (1, 1e14), "training_flop": (1, 1e28)},
    "training_compute_notable": {"training_flop": (1, 1e28)},
    "transistors": {"year": (1971, 2026), "transistors": (2000, 1e13)},
    "timeline": {"year": (1900, 2026)},
}


def lines(name):
    with FILES[name].open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


@pytest.mark.parametrize("name", FILES)
def test_a_table_is_a_table(name):
    """One heading a column, no row shorter or longer than the headings, no empty first
    cell, no spaces around a cell.
    """
    head, *rows = lines(name)
    assert rows and len(set(head)) == len(head) and all(head)
    for number, row in enumerate(rows, start=2):
        assert len(row) == len(head), (
            f"line {number} has {len(row)} cells, the head {len(head)}"
        )
        assert row[0] and all(cell == cell.strip() for cell in row), f"line {number}"


@pytest.mark.parametrize("name", FILES)
def test_no_row_stands_twice(name):
    rows = [tuple(row) for row in lines(name)[1:]]
    assert len(set(rows)) == len(rows)


@pytest.mark.parametrize("name", FILES)
def test_every_row_names_its_source(name):
    if name in SOURCELESS:
        assert "source" not in lines(name)[0], "drop the table from SOURCELESS"
        return
    for row in datasets.table(name):
        assert (
            re.search(r"[A-Za-z]{3}", str(row["source"]))
            and len(str(row["source"])) >= 10
        ), row


@pytest.mark.parametrize(
    ("name", "column"),
    [(name, column) for name, columns in NUMBERS.items() for column in columns],
)
def test_numbers_parse_and_are_possible(name, column):
    low, high = NUMBERS[name][column]
    values = [row[column] for row in datasets.table(name) if row[column] is not None]
    assert values
    for value in values:
        assert isinstance(value, int | float) and low <= value <= high, value


def test_every_number_is_a_number_and_nan_stands_nowhere():
    for name in FILES:
        for row in datasets.table(name):
            assert not any(
                isinstance(value, float) and value != value for value in row.values()
            ), row


def test_a_table_reads_as_it_is_written():
    """The file's own first row, typed off by eye."""
    first = datasets.table("torchvision_accuracy")[0]
    assert (first["network"], first["params"], first["top1_percent"]) == (
        "alexnet",
        61_100_840,
        56.522,
    )
    assert datasets.table("kv_caches")[0]["latent"] is None


def test_torchvisions_own_parameters_agree_with_the_published_counts():
    """Two tables from two sources print the parameters of ResNet-50; they must not
    drift apart.
    """
    theirs = next(
        row
        for row in datasets.table("torchvision_accuracy")
        if row["network"] == "resnet50"
    )
    ours = next(
        row
        for row in datasets.table("published_counts")
        if row["model"] == "ResNet-50 v1.5"
    )
    assert theirs["params"] == ours["params"] == 25_557_032


@pytest.mark.parametrize("name", MEASUREMENTS)
def test_a_measurement_says_on_what_it_was_taken(name):
    stored = datasets.measurement(name)
    text = json.dumps(stored).lower()
    assert stored["versions"]
    if re.search(r'seconds|(?<![a-z])ms"', text):
        assert re.search(r'"(machine|cpu|processor|device)"', text), (
            "a time without its machine"
        )
    assert not re.search(r"/(home|work|root|tmp|users)/", text), (
        "a path of somebody's machine"
    )


def test_what_does_not_exist_is_answered_with_what_does():
    with pytest.raises(
        ValueError, match=r"no table 'energy'; there are: .*energy_45nm"
    ):
        datasets.table("energy")
    with pytest.raises(
        ValueError, match=r"no measurement 'speed'; there are: .*profilers"
    ):
        datasets.measurement("speed")


PRINTED = [  # text, a count it stands for, a count it does not
    ("1.43G", 1_434_999_999, 1_436_000_000),
    ("16", 16.4, 16.6),
    ("2.6k", 2_550, 2_549),
    ("61M", 60_965_224, 62_378_344),
    ("0.5", 0.45, 0.44),
]


@pytest.mark.parametrize(("text", "right", "wrong"), PRINTED)
def test_a_printed_number_stands_for_what_rounds_to_it(text, right, wrong):
    number = datasets.printed(text)
    assert number.agrees(right) and not number.agrees(wrong)


@pytest.mark.parametrize("text", ["n/a", "-", "28x28", "1.2.3", "3 apples", ""])
def test_what_is_no_number_is_none(text):
    assert datasets.printed(text) is None


def test_the_error_is_a_share_of_the_count():
    assert datasets.printed("110").error(100) == pytest.approx(0.1)


def test_peaks_of_accelerators_are_dense():
    """Figures that were wrong before, from the makers' papers: MI355X at FP8 and FP4;
    125 PFLOP/s of a WSE-3 are with sparsity; an Ascend 910's memory and compute die.
    """
    rows = {row["accelerator"]: row for row in datasets.table("accelerators")}
    amd, wafer = rows["AMD MI355X"], rows["Cerebras WSE-3"]
    assert round(amd["peak_fp8_dense_tflops"]) == 5033
    assert round(amd["peak_fp4_dense_tflops"]) == 10066
    assert wafer["peak_fp16_bf16_dense_tflops"] is None
    ascend = rows["Huawei Ascend 910"]
    assert (ascend["memory_bw_gb_s"], ascend["die_mm2"]) == (1228, 456)
