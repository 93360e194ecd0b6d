"""What the lecture on training for few bits concludes from the stored trainings: the
numbers of its longer sentences, each with the condition under which it may be said.
"""

from types import SimpleNamespace

from . import costs, experiment, stored, world

STORES = ("8-bit store, nearest", "8-bit store, stochastic")
PLAIN = "W4 A4, no hidden layer"


def stall() -> SimpleNamespace:
    """Return how weights kept on a grid learn when rounded to nearest and by chance."""
    near, chance = map(stored.accuracies, STORES)
    grads = [
        stored.behind(f"8-bit gradients, {how}") for how in ("nearest", "stochastic")
    ]
    latent, grid = (
        stored.accuracies(f"binary weights, {how}")
        for how in ("scaled", "8-bit latents")
    )
    scans = [stored.scan(name) for name in STORES]
    return SimpleNamespace(
        low=[scan[min(scan)] for scan in scans],
        smallest=min(scans[0]),
        rates=[stored.rate(name) for name in STORES],
        spreads=[stored.spread(each) for each in (near, chance)],
        lead=stored.against(chance, near),
        gradients=["{:.1f} ± {:.1f}".format(*each) for each in grads],
        grid=stored.spread(grid),
        latent=stored.spread(latent),
        dearer=stored.against(grid, latent),
        holds=scans[0][min(scans[0])] < 50 < 90 < min(scans[1].values())
        and abs(stored.difference(chance, near)[0]) < 1
        and grads[0][0] < 1
        and abs(stored.difference(grid, latent)[0]) < 1,
    )


KINDS = ("binary weights, scaled", "binary activations", "XNOR-Net")


def apart() -> SimpleNamespace:
    """Return what signs of weights, of activations and of both cost, in two networks,
    and what scales and ends in 8 bits bring.
    """
    losses = {
        network: [stored.behind(name, network)[0] for name in KINDS]
        for network in experiment.NETWORKS
    }
    signs = stored.accuracies("XNOR-Net")
    ends = stored.difference(stored.accuracies("XNOR-Net, ends W8"), signs)
    return SimpleNamespace(
        scales=stored.against(signs, stored.accuracies("binary both")),
        ends=stored.against(stored.accuracies("XNOR-Net, ends W8"), signs),
        holds=all(a < b < c for a, b, c in losses.values()) and abs(ends[0]) < ends[1],
    )


def lost(name: str, network: str = "MLP") -> str:
    """Return how far a way is behind float, with twice the standard error."""
    return "{:.1f} ± {:.1f}".format(*stored.behind(name, network))


TAILED = ("float", "binary weights, scaled", "XNOR-Net")


def tails() -> SimpleNamespace:
    """Return what a last batch of three images changes, for three ways."""
    changed = [
        stored.difference(stored.rival(f"{name}, tail"), stored.accuracies(name))
        for name in TAILED
    ]
    return SimpleNamespace(
        changed=["{:+.1f} ± {:.1f}".format(*each) for each in changed],
        holds=changed[2][0] < changed[1][0] < changed[0][0]
        and changed[2][0] < 3 * changed[0][0],
    )


def speeds() -> SimpleNamespace:
    """Return the speed-ups of a single row, a small and a large product, and whether
    INT8 kernels are ahead of XNOR on the large one, and behind it on the single row.
    """
    one, small, _, large = world.times()
    unit, vectors = "INT8, matrix unit", "INT8 in vectors"
    return SimpleNamespace(
        one=one,
        small=small,
        large=large,
        unit=large[unit],
        vectors=large[vectors],
        lead=large[unit] / large["XNOR in C"],
        holds=large["XNOR in NumPy"] < 1 < large["and packing"] < large["XNOR in C"]
        and small["XNOR in C"] < 1
        and large[unit] > 1.5 * large["XNOR in C"]
        and one["XNOR in C"] > 1.5 * max(one[vectors], one[unit])
        and all(row["MLP, times float"] > 1 for row in stored.training_times()),
    )


def rivals() -> SimpleNamespace:
    """Return the signs beside the rivals of the same bytes, of one layer, trained for
    longer and wider.
    """
    rows = {row["network"]: row for row in stored.same_bytes()}
    xnor, plain = stored.accuracies("XNOR-Net"), stored.rival(PLAIN)
    narrow = {bits: stored.rival(f"W{bits} A{bits}, narrow") for bits in (2, 4)}
    weights = stored.accuracies("binary weights, scaled")
    leads = [stored.difference(one, xnor) for one in (*narrow.values(), plain)]
    energy = [
        rows[name]["arithmetic (nJ)"] for name in ("W4 A4, narrow", "XNOR-Net", PLAIN)
    ]
    return SimpleNamespace(
        rows=rows,
        energy=energy,
        bytes_share=rows[PLAIN]["bytes"] / rows["XNOR-Net"]["bytes"],
        weights=stored.against(narrow[4], weights),
        half=stored.against(stored.rival("W4 A4, half"), stored.accuracies("W2 A2")),
        wide_bytes=costs.total("XNOR-Net", "MLP", (256, 128)),
        wide=stored.rival("XNOR-Net, wide"),
        holds=all(mean > error for mean, error in leads)
        and abs(stored.difference(narrow[4], weights)[0]) < 0.7
        and energy[0] < energy[1]
        and stored.behind("W4 A4")[0] < 0.7,
    )


def longer() -> SimpleNamespace:
    """Return what four times the epochs change: who gains, and which order is left."""
    long = {
        how.way: stored.rival(name)
        for name, how in experiment.RIVALS.items()
        if how.longer > 1
    }
    gains = {row["way"]: row["gain"] for row in stored.longer()}
    order = stored.difference(long["binary weights, scaled"], long[KINDS[1]])
    gap = stored.difference(long["float"], long["XNOR-Net"])
    return SimpleNamespace(
        gains=gains,
        order="{:.1f} ± {:.1f}".format(*order),
        gap="{:.1f} ± {:.1f}".format(*gap),
        plain=stored.against(long["XNOR-Net"], stored.rival(PLAIN)),
        holds=order[0] > order[1] and gap[0] > gap[1],
    )
