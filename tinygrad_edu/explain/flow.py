"""How gradients flow through a model: now, by parameter (`gradient_flow`), and over the steps of a training (`history`)."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..tensor import Tensor
from ..thread import thread
from .numbers import digits

BLUE, RED = "#0072b2", "#b3261e"
SHADES = (
    "viridis"  # from the first layer, dark, to the last, bright: an order that all eyes see, and a grey printer too
)
NAMED = 8  # curves of a plot that are named at their ends: of more, some between the first and the last
SUPERSCRIPT = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
HEALTHY = 1e-3  # a step is about this part of the weights, in a training that goes well


def rms(x: Any) -> float:
    """√(Σ xᵢ² / n), the size of a typical entry."""
    array = np.asarray(x.detach() if isinstance(x, Tensor) else x, np.float64)
    return float(np.sqrt(np.mean(np.square(array)))) if array.size else 0.0


def pyplot() -> Any:
    try:
        from matplotlib import pyplot
    except ImportError as error:
        raise ImportError('plots need matplotlib: pip install "tinygrad_edu[viz]"') from error
    return pyplot


class gradient_flow:
    """The size of each parameter's gradient, √(Σ gᵢ² / n), beside that of its weights: `print` it, or `plot()` it.

    >>> import tinygrad_edu as tg
    >>> from tinygrad_edu.explain import gradient_flow
    >>> model = tg.nn.Sequential(tg.nn.Linear(1, 1, bias=False))
    >>> _ = tg.nn.init.ones_(model[0].weight)
    >>> (3 * model(tg.ones(1, 1))).sum().backward()
    >>> print(gradient_flow(model))
    parameter  gradient  weights
    0.weight          3        1
    """

    def __init__(self, model: Any) -> None:
        self.frozen = {name for name, p in model.named_parameters() if not p.requires_grad}  # which are to get none
        self.rows = [(name, None if p.grad is None else rms(p.grad), rms(p)) for name, p in model.named_parameters()]

    def __str__(self) -> str:
        return text(["parameter", "gradient", "weights"], self.rows)

    def plot(self, ax: Any = None) -> Any:
        """A dot for each parameter, from the first layer to the last, on a logarithmic axis; returns the axes."""
        if ax is None:
            _, ax = pyplot().subplots(figsize=(7, 1.1 + 0.28 * len(self.rows)), layout="constrained")
        known = [(i, g) for i, (_, g, _) in enumerate(self.rows) if g and np.isfinite(g)]
        for i, size in known:
            ax.plot(size, i, "o", color=BLUE)
            ax.annotate(short(size), (size, i), (7, 0), textcoords="offset points", va="center", fontsize=8)
        for i, (name, g, _) in enumerate(self.rows):
            if (i, g) not in known:
                word = short(g) if g is not None else "frozen" if name in self.frozen else "no gradient"
                color, ground = (
                    "#666" if name in self.frozen else RED,
                    {"facecolor": "white", "edgecolor": "none", "pad": 2},
                )
                at = ax.get_yaxis_transform()
                ax.text(0.02, i, word, transform=at, va="center", fontsize=8, color=color, bbox=ground)
        ax.set_yticks(range(len(self.rows)), [name for name, _, _ in self.rows])
        ax.set(xscale="log", ylim=(max(len(self.rows), 1) - 0.5, -0.5), xlabel="size of the gradient, √(Σ g² / n)")
        ax.set_title(self.finding, loc="left")
        ax.margins(x=0.15)
        ax.grid(axis="y", color="#ddd", linewidth=0.8)
        ax.set_axisbelow(True)
        ax.tick_params(axis="y", length=0)
        plain(ax)
        return ax

    @property
    def finding(self) -> str:
        """What there is to see, in one sentence: first what is broken, then how far the sizes lie apart."""
        known = [(g, name) for name, g, _ in self.rows if g and np.isfinite(g)]
        broken = [name for name, g, _ in self.rows if g is not None and not np.isfinite(g)]
        missing = [name for name, g, _ in self.rows if g is None and name not in self.frozen]
        zero = [name for name, g, _ in self.rows if g == 0]
        if not known and not broken:
            return "No gradient has arrived anywhere"
        for names, what in ((broken, "not finite"), (missing, "missing"), (zero, "zero")):
            if names:
                others = f" and {len(names) - 1} more" if names[1:] else ""
                return f"The gradient of {names[0]}{others} is {what}"
        (least, first), (most, last) = min(known), max(known)
        if most < 2 * least:
            return "All gradients are of about one size"
        return f"{last} gets {times(most / least)} the gradient of {first}"


class history:
    """What becomes of a model while it learns: while open, each step of the optimizer adds a row to each of these.

    `gradients[name]` the size of a parameter's gradient; `ratios[name]` that of its step, over that of its weights, about 1/1000
    where a training goes well; `means[name]` and `activations[name]` the mean and the standard deviation of what a module
    gave; `dead[name]` the share of a ReLU's units (channels of an image, else entries of the last axis) that were 0 for
    the whole batch. Activations are those of the last call that built a graph, so not of a validation under `no_grad`.
    `table()` has the last step, `plot()` all of them.

    >>> import tinygrad_edu as tg
    >>> model = tg.nn.Sequential(tg.nn.Linear(2, 4), tg.nn.ReLU(), tg.nn.Linear(4, 1))
    >>> optimizer = tg.optim.SGD(model.parameters(), lr=0.1)
    >>> with tg.explain.history(model, optimizer) as seen:
    ...     for _ in range(3):
    ...         optimizer.zero_grad()
    ...         model(tg.ones(5, 2)).sum().backward()
    ...         optimizer.step()
    >>> len(seen.ratios["0.weight"]), len(seen.dead["1"])
    (3, 3)
    """

    def __init__(self, model: Any, optimizer: Any) -> None:
        self.model, self.optimizer = model, optimizer
        names = [name for name, _ in model.named_parameters()]
        self.parts = [(name, m) for name, m in model.named_modules() if name and not [*m.children()]]
        self.gradients: dict[str, list[float]] = {name: [] for name in names}
        self.ratios: dict[str, list[float]] = {name: [] for name in names}
        self.means: dict[str, list[float]] = {name: [] for name, _ in self.parts}
        self.activations: dict[str, list[float]] = {name: [] for name, _ in self.parts}
        self.dead: dict[str, list[float]] = {name: [] for name, m in self.parts if type(m).__name__ == "ReLU"}
        self.seen: dict[str, tuple[float, float, float]] = {}  # mean, deviation and dead share of the running step

    def __enter__(self) -> "history":
        self.handles = [
            self.optimizer.register_step_pre_hook(self.before),
            self.optimizer.register_step_post_hook(self.after),
        ]
        self.handles += [
            m.register_forward_hook(lambda m, args, out, name=name: self.gave(name, out)) for name, m in self.parts
        ]
        return self

    def __exit__(self, *_: Any) -> None:
        for handle in self.handles:
            handle.remove()

    def gave(self, name: str, out: Any) -> None:
        """A module's output, looked at now: the next module may write into it."""
        if isinstance(out, Tensor) and out.numel() and thread.grad:
            x = np.asarray(out.detach().numpy(), np.float64)
            self.seen[name] = float(x.mean()), float(x.std()), dead_share(x)

    def before(self, *_: Any) -> None:
        self.weights = {name: p.detach().numpy().copy() for name, p in self.model.named_parameters()}

    def after(self, *_: Any) -> None:
        for name, p in self.model.named_parameters():
            size = rms(self.weights[name])
            self.gradients[name].append(np.nan if p.grad is None else rms(p.grad))
            self.ratios[name].append(rms(p.detach().numpy() - self.weights[name]) / size if size else np.nan)
        for name in self.activations:
            mean, deviation, dead = self.seen.get(name, (np.nan,) * 3)
            self.means[name].append(mean)
            self.activations[name].append(deviation)
            if name in self.dead:
                self.dead[name].append(dead)
        self.seen = {}

    def table(self) -> str:
        """The last step, a line for each parameter."""
        rows = [(name, found[-1], self.ratios[name][-1]) for name, found in self.gradients.items() if found]
        return text(["parameter", "gradient", "step / weights"], rows)

    def plot(self) -> Any:
        """All of it over the steps, a layer in one colour everywhere; returns the figure."""
        weights = {name: found for name, found in self.ratios.items() if name.endswith("weight")} or self.ratios
        panels = [
            ("Size of the gradient", {name: self.gradients[name] for name in weights}, "log"),
            ("Step over weights", weights, "log"),
            ("Standard deviation of what a layer gives", self.activations, "log"),
            ("Share of dead units", self.dead, "linear"),
        ]
        panels = [panel for panel in panels if panel[1]]
        figure, axes = pyplot().subplots(
            len(panels), figsize=(8, 2.3 * len(panels)), sharex=True, squeeze=False, layout="constrained"
        )
        shades = pyplot().get_cmap(SHADES)
        colors = {name: shades(0.75 * i / max(len(self.parts) - 1, 1)) for i, (name, _) in enumerate(self.parts)}
        for ax, (title, series, scale) in zip(axes[:, 0], panels):
            ends = curves(ax, series, scale, colors)
            found = finding(series)
            ax.set_title(f"{title}: {found}" if found else title, loc="left", fontsize=10)
            if series is weights and ends:
                ax.axhline(HEALTHY, color="#888", linestyle=":")
                ax.annotate(
                    "1/1000", (0, HEALTHY), (2, 2), ("axes fraction", "data"), "offset points", fontsize=8, color="#666"
                )
            if series is self.dead:
                ax.set_ylim(-0.03, 1.03)
            label(ax, ends)
        axes[-1, 0].set_xlabel("step")
        return figure


def dead_share(x: np.ndarray) -> float:
    """The share of units that are 0 in every example, at every place."""
    if not x.ndim:
        return float(x == 0)
    unit = 1 if x.ndim > 3 else x.ndim - 1
    return float((x == 0).all(tuple(axis for axis in range(x.ndim) if axis != unit)).mean())


def finding(series: dict[str, list[float]]) -> str:
    """Which curve ends lowest and which highest."""
    ends = sorted((values[-1], name) for name, values in series.items() if values and np.isfinite(values[-1]))
    if not ends:
        return ""
    (least, first), (most, last) = ends[0], ends[-1]
    return f"{short(least)} at the end" if least == most else f"{last} ends at {short(most)}, {first} at {short(least)}"


def curves(ax: Any, series: dict[str, list[float]], scale: str, colors: dict[str, Any]) -> list[tuple[str, float, Any]]:
    """Lines, a parameter's in the colour of its layer; returns (name, last value, colour) of each that has an end."""
    ax.set_yscale(scale)
    ends = []
    for name, values in series.items():
        y = np.array(values)
        y = np.where(y > 0, y, np.nan) if scale == "log" else y
        color = colors.get(name) or colors.get(name.rpartition(".")[0], "#666")
        ax.plot(np.arange(1, len(y) + 1), y, color=color, linewidth=1.5, marker="o" if len(y) == 1 else None)
        if y.size and np.isfinite(y[-1]):
            ends.append((name, y[-1], color))
    ax.margins(x=0)
    plain(ax)
    return ends


def label(ax: Any, ends: Sequence[tuple[str, float, Any]]) -> None:
    """Names beside the ends of lines, kept apart; the axis must have its limits by now."""
    shown = {round(i) for i in np.linspace(0, len(ends) - 1, min(len(ends), NAMED))}
    chosen = sorted((end for i, end in enumerate(ends) if i in shown), key=lambda end: end[1])
    scaled = np.log if ax.get_yscale() == "log" else np.asarray
    low, high = scaled(ax.get_ylim())
    heights = apart([float((scaled(y) - low) / (high - low)) for _, y, _ in chosen], 0.11)
    for (name, _, color), height in zip(chosen, heights):
        ax.annotate(name, (1, height), (5, 0), "axes fraction", "offset points", color=color, va="center", fontsize=8)


def apart(heights: Sequence[float], gap: float) -> list[float]:
    """Rising heights, moved as little as that takes until each is `gap` above the one before; all within 0 to 1 if there is room.

    >>> apart([0.5, 0.5, 0.9], 0.25)
    [0.375, 0.625, 0.9]
    """
    groups: list[list[float]] = []  # of neighbours that touch: [middle, how many]
    for height in heights:
        groups.append([height, 1])
        while len(groups) > 1 and groups[-1][0] - groups[-2][0] < gap * (groups[-1][1] + groups[-2][1]) / 2:
            (a, n), (b, m) = groups[-2:]
            groups[-2:] = [[(a * n + b * m) / (n + m), n + m]]
    return [middle + gap * (i - (n - 1) / 2) for middle, n in groups for i in range(int(n))]


def short(x: float) -> str:
    """Two digits of it."""
    return digits(float(f"{x:.2g}"))


def times(ratio: float) -> str:
    """How many times, in words.

    >>> times(7031.0), times(1.13e8)
    ('7000 times', '10⁸ times')
    """
    power = int(np.floor(np.log10(ratio)))
    return f"{short(ratio)} times" if power < 5 else f"10{str(power).translate(SUPERSCRIPT)} times"


def plain(ax: Any) -> None:
    ax.spines[["top", "right"]].set_visible(False)


def text(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A table: names to the left, numbers to the right."""
    said = [[str(row[0]), *("none" if x is None else digits(float(f"{x:.3g}")) for x in row[1:])] for row in rows]
    widths = [max(map(len, column)) for column in zip(head, *said)]
    lines = ([row[0].ljust(widths[0]), *(x.rjust(n) for x, n in zip(row[1:], widths[1:]))] for row in [[*head], *said])
    return "\n".join("  ".join(line) for line in lines)
