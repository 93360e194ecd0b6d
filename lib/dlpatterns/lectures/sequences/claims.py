"""Verdicts on the slides' claims about recurrence and attention, and what other works
print otherwise.
"""

from ...show import percent
from ..claims.kinds import Slip, Verdict
from . import blocks, memory, recurrence, world

ATTACK = "An attack on “a state forgets, and waits”"
GPT2 = "https://cdn.openai.com/better-language-models/language_models_are_unsupervised_multitask_learners.pdf"


def feedback() -> Verdict:
    """Judge recurrence by what waits for what, and by what it remembers."""
    lstm, _, attention, _ = recurrence.paths(lengths=(1024, 4096))
    longer = recurrence.paths(lengths=(1024, 4096))[1]
    merged, chances = recurrence.scanned(longer["tokens"]), memory.chances()
    return Verdict(
        claim=6,
        kind="if",
        when="the recurrence bends: a linear one need not wait step by step",
        number=f"{lstm['products in a row']:,} products in a row, attention "
        f"{attention['products in a row']}",
        found=f"So it is for one sequence of {lstm['tokens']:,} tokens at equal MACs. "
        "The output feeds back, and each step waits for the one before.",
        section="What must wait for what?",
        attack=ATTACK,
        survived=f"A recurrence without a bend is through {longer['tokens']:,} steps "
        f"in {merged['rounds']} rounds, for {merged['times']:.0f} times the products. "
        "Trained to the end, recurrent networks learn the order of twelve symbols (the "
        "RNN first), slowly; of twice as many none did, at most "
        f"{max(one.max() for one in chances.long.values()):.0f} %.",
        holds=lstm["MACs"] == attention["MACs"]
        and merged["apart"] < 1e-12
        and bool(chances.holds),
    )


def attention() -> Verdict:
    """Judge that attention is products of matrices and a feed forward, by parts."""
    parts = blocks.parts_of_blocks(tokens=512)
    own, feed = (parts[i]["encoder MACs"] for i in (0, 2))
    pairs, total = 2 * 512**2 * 512, sum(row["encoder MACs"] for row in parts)
    rest = parts[0]["other, encoder"]
    share = blocks.share_of_pairs("Llama-3.1-8B", 131_072)
    return Verdict(
        claim=7,
        kind="holds",
        number=f"{percent(feed / total)} feed forward, "
        f"{percent((own - pairs) / total)} projections, {percent(pairs / total)} pairs",
        found="These are the MACs of the encoder block of 2017 at 512 tokens. Softmax "
        f"and scaling are {percent(rest / own)} as many operations as attention's "
        "MACs.",
        section="What is in a Transformer block?",
        attack="At which length do the pairs overtake the rest?",
        survived="The sentence stands at every length, the shares do not: at 131,072 "
        f"tokens the pairs are {percent(share)} of a block's MACs in Llama-3.1-8B.",
        holds=feed > own - pairs > pairs and share > 0.5,
    )


def _row(what: str) -> dict:
    return next(row for row in world.printed() if row["what"] == what)


def transformer_base() -> Slip:
    """Report the parameters of the Transformer's base model."""
    row = _row("Transformer base, parameters")
    return Slip(
        work="Vaswani et al. 2017",
        link="https://arxiv.org/abs/1706.03762",
        place="table 3, base",
        printed=f"{row['printed']} parameters",
        ours=f"{row['ours']:,}",
        how='Six encoder and six decoder blocks and one shared table of "about 37,000" '
        "tokens, counted layer by layer.",
        doubt="A vocabulary larger by about a tenth would close the gap; the paper "
        "does not print the exact one.",
        certainty="open",
        section="A check against the world",
        holds=not row["agrees"],
    )


def gpt2_small() -> Slip:
    """Report the parameters of the smallest GPT-2."""
    row = _row("GPT-2 small, parameters")
    return Slip(
        work="Radford et al. 2019",
        link=GPT2,
        place="table 2, first row",
        printed=f"{row['printed']} parameters",
        ours=f"{row['ours']:,}",
        how="The weights as published, counted layer by layer; the output layer shares "
        "the table of tokens.",
        doubt="Nothing: the authors later corrected the figure themselves.",
        certainty="certain",
        section="A check against the world",
        holds=not row["agrees"],
    )


VERDICTS = (feedback, attention)
SLIPS = (transformer_base, gpt2_small)
