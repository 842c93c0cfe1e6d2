"""What people read: the distributions as tables in Markdown, and as a picture."""

from collections import defaultdict

import numpy as np

from tinygrad_edu.testing.judge import KAPPA, UPDATE

from .training import ERROR

# What each judge allows, as its users have it: torch's tolerances, 16 ULP, and the bound itself.
LIMITS = {"κ": KAPPA, "allclose": 1, "relative": 1, "ULP": 16, "worst case": 1}


def tables(results):
    """All of them, line by line."""
    yield from per_model(results)
    yield from ("", *per_rule(results), "", *per_judge(results), "")
    honest, planted, update = (
        joined(f.honest for f in results),
        joined(all_planted(results)),
        joined(f.update for f in results),
    )
    yield f"{honest.size:,} honest steps, the largest κ {honest.max():.1f}; {update.max():.2f} (of {UPDATE}) for optimizers."
    yield f"{planted.size:,} steps with an error planted; κ above {KAPPA} in {np.mean(planted > KAPPA):.1%} of them."


def joined(lists):
    return np.concatenate([np.asarray(numbers, float) for numbers in lists])


def all_planted(results):
    return [kappas for found in results for kappas in found.planted.values()]


def row(*cells):
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def heading(*cells):
    yield row(*cells)
    yield row(*["---"] * len(cells))


def described(options):
    model = "perceptron"
    if options.model == "mlp":
        model = f"{options.depth} layers of {options.width}, {options.activation}"
    return options.data, model, options.batch_size, options.optimizer


def grouped(results, key):
    groups = defaultdict(list)
    for found in results:
        groups[key(found)].append(found)
    return groups.items()


def per_model(results):
    yield from heading(
        "data", "model", "batch", "optimizer", "steps", "κ: median", "99 %", "most", "planted: median", "caught by step"
    )
    for what, group in grouped(results, lambda found: described(found.options)):
        honest, planted = joined(found.honest for found in group), joined(all_planted(group))
        last = max((step for found in group for step, _ in found.caught.values()), default="never")
        missed = sum(len(found.planted) - len(found.caught) for found in group)
        spread = f"{np.median(honest):.2f}", f"{np.quantile(honest, 0.99):.1f}", f"{honest.max():.1f}"
        yield row(
            *what, honest.size, *spread, f"{np.median(planted):.0f}", f"{last}; {missed} missed" if missed else last
        )


def per_rule(results):
    yield from heading("wrong rule", "trainings", "caught by step", "first in", "least of the trainings' largest κ")
    for rule in sorted({rule for found in results for rule in found.planted}):
        having = [found for found in results if rule in found.planted]
        steps, tensors = zip(*(found.caught.get(rule, (np.inf, "nothing")) for found in having))
        often = max(set(tensors), key=tensors.count)
        least = min(max(found.planted[rule]) for found in having)
        yield row(f"`{rule}`", len(having), max(steps), often, f"{least:.0f}")


def per_judge(results):
    """How often a judge is wrong at its own limit, and at the largest honest score; the smallest error it sees, by depth."""
    depths = grouped(results, lambda found: 1 if found.options.model == "perceptron" else found.options.depth)
    names = [f"sees, {depth} layer{'s' * (depth > 1)}" for depth, _ in depths]
    yield from heading("judge", "limit", "false alarms", "missed", "largest honest", "missed at that limit", *names)
    for judge, limit in LIMITS.items():
        honest, planted = both(results, judge)
        missed = f"{np.mean(planted <= limit):.1%}", f"{honest.max():.2g}", f"{np.mean(planted <= honest.max()):.1%}"
        smallest = [ERROR * limit / np.median(both(group, judge)[1]) for _, group in depths]
        yield row(judge, limit, f"{np.mean(honest > limit):.1%}", *missed, *(f"{error:.0e}" for error in smallest))


def both(results, judge):
    """What a judge said of the honest steps and of the planted ones."""
    return np.concatenate([found.judges[judge] for found in results]).T


def draw(results, path):
    """Two histograms over log κ, honest steps and planted ones, and the limit between them."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.6), layout="constrained")
    axes = figure.add_subplot()
    bins = np.geomspace(0.05, 2e4, 141)
    honest, planted = joined(found.honest for found in results), joined(all_planted(results))
    for kappa, label, color in ((honest, "honest", "#2a7f9e"), (planted, f"one rule × {1 + ERROR}", "#c8553d")):
        style = dict(label=f"{label}: {kappa.size:,} steps", color=color, alpha=0.75)
        axes.hist(np.clip(kappa, bins[0], bins[-1]), bins, weights=np.full(kappa.size, 100 / kappa.size), **style)
    axes.axvline(KAPPA, color="#444444", linewidth=1)
    axes.text(KAPPA * 1.08, axes.get_ylim()[1] * 0.97, f"the limit, {KAPPA}", va="top", color="#444444")
    axes.set(xscale="log", xlabel="the largest κ of a step", ylabel="% of steps")
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(frameon=False, loc="outside upper center", ncols=2)
    figure.savefig(path, dpi=120)
