"""The picture of a run: both engines' losses, and what they learned, side by side."""

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

TORCH, OURS, INK = "#f6c98a", "#1f4e79", "#444444"
CLASSES = ("#c8553d", "#2a7f9e")  # target 0, target 1
PROBABILITY = LinearSegmentedColormap.from_list("probability of target 1", (CLASSES[0], "white", CLASSES[1]))


def save(report, path):
    """Draw the free run of the last dtype."""
    run = report.runs[-1]
    plane = run.reference.test[0].shape[1:] == (2,)
    figure = Figure(figsize=(13, 5.4) if plane else (11, 5), layout="constrained")
    grid = figure.add_gridspec(
        2, 3 if plane else 2, height_ratios=(3, 1), width_ratios=(1.5, 1, 1) if plane else (1, 1)
    )
    losses = figure.add_subplot(grid[0, 0])
    curves(losses, "loss", run.reference.case.losses, run.ours.case.losses)
    difference(figure.add_subplot(grid[1, 0], sharex=losses), run)
    if plane:
        boundary(figure.add_subplot(grid[:, 1]), run.reference, "torch")
        boundary(figure.add_subplot(grid[:, 2]), run.ours, "tinygrad_edu")
    else:
        scores, measure = figure.add_subplot(grid[:, 1]), run.reference.case.measure
        curves(scores, f"{measure.name} on held-out data", run.reference.scores, run.ours.scores)
        scores.set_xlabel("step")
    figure.suptitle(f"{report.options}, {run.dtype}: each engine running free", color=INK)
    figure.savefig(path, dpi=120)


def curves(axes, what, theirs, ours):
    """torch's curve broad and pale, ours thin on top of it: where they agree, both can be seen."""
    axes.plot(range(1, len(theirs) + 1), theirs, color=TORCH, linewidth=5, label="torch")
    axes.plot(range(1, len(ours) + 1), ours, color=OURS, linewidth=1, label="tinygrad_edu")
    axes.set_ylabel(what)
    axes.legend(frameon=False)
    plain(axes)


def difference(axes, run):
    """How far apart the two losses are; not on a logarithmic scale, for often they are equal."""
    delta = [abs(ours - theirs) for ours, theirs in zip(run.ours.case.losses, run.reference.case.losses)]
    axes.plot(range(1, len(delta) + 1), delta, color=INK, linewidth=0.8)
    axes.set(xlabel="step", ylabel="|Δ loss|", ylim=(0, None))
    plain(axes)


def boundary(axes, twin, title):
    """The model's probability over the plane, its boundary at 1/2, and the held-out points."""
    points, targets = twin.test
    low, high = points.min(0) - 0.5, points.max(0) + 0.5
    x, y = np.meshgrid(np.linspace(low[0], high[0], 200), np.linspace(low[1], high[1], 200))
    p = twin.predict(np.stack([x.ravel(), y.ravel()], 1).astype(points.dtype)).reshape(x.shape)
    axes.pcolormesh(x, y, p, cmap=PROBABILITY, vmin=0, vmax=1, alpha=0.35, linewidth=0, rasterized=True)
    for target, (color, marker) in enumerate(zip(CLASSES, "o^")):
        style = dict(color=color, marker=marker, s=10, linewidths=0, alpha=0.8, label=f"target {target}")
        axes.scatter(*points[targets == target].T, **style)
    axes.contour(x, y, p, [0.5], colors=INK, linewidths=2)
    axes.set_title(f"{title}: {twin.scores[-1]:.1%} on the right side", color=INK, fontsize="medium")
    axes.set_aspect("equal")
    axes.legend(loc="lower left", frameon=False, markerscale=2)
    plain(axes)


def plain(axes):
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(colors=INK)
