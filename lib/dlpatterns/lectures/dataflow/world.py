"""Our numbers beside printed ones: SCALE-Sim, Eyeriss, TPUv1."""

from ... import datasets, show
from ...hardware import systolic

TPU_NETWORKS = ("MLP0", "MLP1", "LSTM0", "LSTM1", "CNN0", "CNN1")
TPU_SIDE, TPU_CLOCK, TPU_BYTES_A_SECOND, TPU_PEAK = 256, 700e6, 34e9, 92
SHOWN = ("resnet50_c2_1x1_64to64", "mobilenet_dw3x3_onechannel_112")


def simulated_runs() -> list[dict]:
    """Return SCALE-Sim's runs with our cycles, whose last is numbered one less."""
    return [
        row
        | {
            "ours": systolic.run(
                row["M"],
                row["N"],
                row["K"],
                rows=row["array_rows"],
                cols=row["array_cols"],
                dataflow=row["dataflow"],
            )
        }
        for row in datasets.table("systolic_reference")
    ]


def agreeing() -> tuple[int, int]:
    """Return how many of SCALE-Sim's runs agree in cycles, reads of both operands and
    writes, and how many there are.
    """
    rows = simulated_runs()
    same = sum(
        row["ours"].cycles - 1 == row["cycles"]
        and row["ours"].input_reads == row["ifmap_sram_reads"]
        and row["ours"].weight_reads == row["filter_sram_reads"]
        and row["ofmap_sram_writes"] in (None, row["ours"].output_writes)
        for row in rows
    )
    return same, len(rows)


def checks() -> list[dict]:
    """Return a row a printed figure: ours, as printed, where, whether they agree."""
    rows = [
        (
            f"{row['layer'].split('_', 1)[0]} {row['M']} × {row['N']} × {row['K']}, "
            f"{row['array_rows']}², {row['dataflow']}: last cycle",
            row["ours"].cycles - 1,
            row["cycles"],
            "SCALE-Sim 3.0.0",
        )
        for row in simulated_runs()
        if row["layer"] in SHOWN
    ]
    rows += [
        (
            f"AlexNet {row['layer']}: active elements",
            systolic.row_stationary(row["kernel_rows"], row["output_rows"]),
            row["active_elements"],
            row["source"],
        )
        for row in datasets.table("eyeriss_alexnet")
    ]
    rows += [
        (
            "TPUv1: cycles to load a tile of weights",
            round(tile_wait(), -1),
            1350,
            "Jouppi et al. 2017, fig. 5",
        ),
    ]
    return [
        {"figure": figure, "ours": show.number(int(ours))}
        | {"printed": show.number(printed), "source": source}
        | {"agrees": "yes" if ours == printed else "no"}
        for figure, ours, printed, source in rows
    ]


def tile_wait() -> float:
    """Return the cycles in which TPUv1's memory brings 256 × 256 weights of a byte."""
    return TPU_SIDE**2 / (TPU_BYTES_A_SECOND / TPU_CLOCK)


def printed(network: str, metric: str) -> float:
    """Return a figure of the paper's tables for one of its six networks."""
    return datasets.where("published_hardware", item=f"TPUv1 {network}", metric=metric)[
        0
    ]["value"]


def tpu_useful(network: str) -> float:
    """Return the speed that another row of the same table implies, in 10^12 a second:
    its share of useful MACs, times the peak.
    """
    return printed(network, "Useful MACs (% peak)") / 100 * TPU_PEAK


def tpu_rows() -> list[dict]:
    """Return a row a network: rows that meet each weight, what the array could do if it
    never waited, if it waits for weights, and what was printed, in 10^12 a second.
    """
    found = []
    for name in TPU_NETWORKS:
        rows = float(printed(name, "ops per weight byte"))
        share = rows / max(rows, tile_wait())
        found.append(
            {"network": name, "rows a tile": int(rows), "never waits": float(TPU_PEAK)}
            | {"waits for weights": TPU_PEAK * share}
            | {"printed": float(printed(name, "TeraOps/s (92 peak)"))}
            | {"printed weight stall, %": float(printed(name, "Weight stall cycles"))}
        )
    return found
