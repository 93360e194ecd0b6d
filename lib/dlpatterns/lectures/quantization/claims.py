"""Verdicts on the slides' sentence about quantization and on its five promises."""

from ...show import percent
from ..claims.kinds import Part, Verdict
from . import networks, promises, stored

PROMISES = "What do fewer bits promise?"
ATTACK = "An attack on few bits"
CHIP = "What this asks of the chip (AI 计算模式思考)"


def fewer_bits_each() -> Verdict:
    """Judge whether a network is kept when each weight has fewer bits."""
    right = stored.table()[stored.found()["widths"].index(4)]["weights"]
    deep = networks.loss("residual", "weights", 4).mean()
    few, ahead = stored.fewest("weights"), stored.ahead(2)
    return Verdict(
        claim=16,
        kind="if",
        when=f"the network bears it: a perceptron and a CNN on digits do at {few} "
        "bits, a small residual network does not without training",
        number=f"{stored.size(few):,.0f} bytes, {right} % right at {few} bits a weight",
        found="All weights stay, each in fewer bits, with a scale for every neuron. "
        f"The residual network loses {deep:.0f} points at {few} bits a weight, "
        "untuned.",
        section="How many bits are enough?",
        attack=ATTACK,
        survived=f"At {few} bits it beats a smaller float network of as many bytes; at "
        f"the bytes of 2 bits a narrower network of 4 is ahead, by {ahead:.1f} points.",
        holds=few == 4 and deep > 3 and ahead > 0 and stored.worst_at(4) < 1,
    )


def fewer_bytes() -> Verdict:
    """Judge the first promise by whole files."""
    sizes = promises.file_sizes()
    by_name = {row["format"]: row for row in sizes}
    agree = sum(row["agree"] == "yes" for row in sizes)
    plain = promises.llama()["all"] * 4.5 / 8 / promises.GIB
    return Verdict(
        claim=18,
        kind="holds",
        number=f"{by_name['F16']['GiB printed']} GiB become "
        f"{by_name['Q4_0']['GiB printed']}",
        found=f"Llama 7B, file by file: {agree} of {len(sizes)} counted sizes agree "
        "with the printed ones to the digit.",
        section="A check against the world",
        attack="A check against the world",
        survived="A file called 4-bit is neither four bits nor one format: scales make "
        f"it 4.5, and with its output layer in 4 bits too it would be {plain:.2f} GiB.",
        holds=agree == len(sizes),
        parts=(Part("Llama 7B, file by file", sizes),),
    )


def more_speed() -> Verdict:
    """Judge the second promise by measured rates."""
    rows = promises.speeds()
    decode, prefill = (
        [row["measured gain"] for row in rows if row["phase"] == phase]
        for phase in ("decode", "prefill")
    )
    slow = [row["int32, NumPy"] for row in promises.kernels()]
    chips = {row["format"]: row["tokens/s"] for row in promises.p40()}
    return Verdict(
        claim=19,
        kind="if",
        when="the program waits for those bytes, or the machine has an instruction for "
        "those bits",
        number=f"decode {min(decode):.2f} to {max(decode):.2f} times as fast, prefill "
        f"slower in all {len(prefill)} rows",
        found="Published rates of Llamas with 7 billion weights, over FP16 on the same "
        f"chip. In plain NumPy integer products are {min(slow):.0f} to {max(slow):.0f} "
        "times slower than float32.",
        section=PROMISES,
        attack="Why are integers slow in NumPy?",
        survived="Nor does every bit less help where bytes are the wait: a Tesla P40 "
        f"makes {chips['Q4_0']:.0f} tokens a second with 4 bits and "
        f"{chips['Q3_K_S']:.0f} with 3, which are harder to unpack.",
        holds=min(decode) > 1 > max(prefill) and chips["Q3_K_S"] < chips["Q4_0"],
    )


def less_memory() -> Verdict:
    """Judge the third promise by weights and cache."""
    long = promises.memory(32_768)
    return Verdict(
        claim=20,
        kind="if",
        when="weights are what fills the memory",
        number=f"{promises.gib('F16'):.1f} GiB of weights become "
        f"{promises.gib('Q4_0'):.1f}",
        found="Activations and the cache of keys and values keep their bits unless "
        f"they are quantized too: {long['cache']:.0f} GiB at 32,768 tokens.",
        section=PROMISES,
        attack=PROMISES,
        survived="At that length the cache is larger than the weights were in FP16.",
        holds=long["cache"] > long["weights"],
    )


def less_power() -> Verdict:
    """Judge the fourth promise in the table of energies."""
    wide, narrow = promises.actions()[1:]
    parts = promises.token_energy("fp16", 2), promises.token_energy("int8", 1)
    total = [sum(each.values()) for each in parts]
    return Verdict(
        claim=21,
        kind="if",
        when="energies of 45 nm are taken for the chip; we have no measured power with "
        "a source",
        number=f"{wide['pJ a MAC'] / narrow['pJ a MAC']:.1f} times less for a MAC, "
        f"{total[0] / total[1]:.1f} times for a token",
        found="From FP16 to INT8, by Horowitz's table. A token of Llama 2 7B spends "
        f"{percent(parts[0]['DRAM'] / total[0])} of its energy on fetching weights "
        "(once), where a byte saved is a byte saved.",
        section=PROMISES,
        attack=CHIP,
        survived="So for a network that fetches its weights for one use the promise is "
        "kept by the bytes, not by the arithmetic.",
        holds=1.9 < total[0] / total[1] < 2.1 < wide["pJ a MAC"] / narrow["pJ a MAC"],
    )


def less_area() -> Verdict:
    """Judge the fifth promise in the table of areas."""
    wide, narrow = promises.actions()[1:]
    ratio = wide["µm² a MAC"] / narrow["µm² a MAC"]
    return Verdict(
        claim=22,
        kind="if",
        when="the arithmetic is what takes the area, and a float becomes an integer",
        number=f"{ratio:.0f} times less for a MAC",
        found="From FP16 to INT8 at 45 nm. Not all of it is owed to bits: "
        f"{percent(promises.adder_share(), 0)} of the FP16 MAC is its 32-bit floating "
        "adder.",
        section=PROMISES,
        attack=CHIP,
        survived="Against an INT32 MAC the INT8 one is "
        f"{promises.area_over_int32():.1f} times smaller; with FP16 adders in the FP16 "
        f"MAC {promises.area_with_narrow_adder() / narrow['µm² a MAC']:.0f} INT8 MACs "
        "fit where one did.",
        holds=ratio > promises.area_over_int32() > 4 and promises.adder_share() > 0.5,
    )


VERDICTS = (
    fewer_bits_each,
    fewer_bytes,
    more_speed,
    less_memory,
    less_power,
    less_area,
)
SLIPS = ()
