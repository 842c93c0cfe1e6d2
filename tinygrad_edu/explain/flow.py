"""How gradients flow through a model: now, by parameter (`gradient_flow`), and over the steps of a training (`history`)."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..tensor import Tensor
from .numbers import digits

COLORS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"]  # Okabe and Ito's, for all eyes
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
        self.rows = [(name, None if p.grad is None else rms(p.grad), rms(p)) for name, p in model.named_parameters()]

    def __str__(self) -> str:
        return text(["parameter", "gradient", "weights"], self.rows)

    def plot(self, ax: Any = None) -> Any:
        """Bars from the first layer to the last, on a logarithmic axis; returns the axes."""
        if ax is None:
            _, ax = pyplot().subplots(figsize=(7, 0.9 + 0.28 * len(self.rows)), layout="constrained")
        names, gradients, _ = zip(*self.rows)
        sizes = [g or np.nan for g in gradients]
        ax.barh(names, sizes, color=COLORS[0], height=0.6)
        for i, g in enumerate(gradients):
            if not g:
                ax.text(0.01, i, "no gradient" if g is None else "0", transform=ax.get_yaxis_transform(), va="center")
        ax.invert_yaxis()
        ax.set(xscale="log" if np.isfinite(sizes).any() else "linear", xlabel="size of the gradient, √(Σ g² / n)")
        ax.set_title(self.finding, loc="left")
        plain(ax)
        return ax

    @property
    def finding(self) -> str:
        """What there is to see, in one sentence."""
        known = [(g, name) for name, g, _ in self.rows if g]
        if not known:
            return "No gradient has arrived anywhere"
        (least, first), (most, last) = min(known), max(known)
        return f"{last} gets {digits(float(f'{most / least:.2g}'))} times the gradient of {first}"


class history:
    """What becomes of a model while it learns: while open, each step of the optimizer adds a row to each of these.

    `gradients[name]` the size of a parameter's gradient; `ratios[name]` that of its step, over that of its weights, about 1/1000
    where a training goes well; `activations[name]` the standard deviation of what a module gave; `dead[name]` the share of
    a ReLU's units that were 0 for the whole batch. `table()` has the last step, `plot()` all of them.

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
        self.activations: dict[str, list[float]] = {name: [] for name, _ in self.parts}
        self.dead: dict[str, list[float]] = {name: [] for name, m in self.parts if type(m).__name__ == "ReLU"}
        self.outputs: dict[str, np.ndarray] = {}

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
        if isinstance(out, Tensor):
            self.outputs[name] = out.detach().numpy()

    def before(self, *_: Any) -> None:
        self.weights = {name: p.detach().numpy().copy() for name, p in self.model.named_parameters()}

    def after(self, *_: Any) -> None:
        for name, p in self.model.named_parameters():
            size = rms(self.weights[name])
            self.gradients[name].append(np.nan if p.grad is None else rms(p.grad))
            self.ratios[name].append(rms(p.detach().numpy() - self.weights[name]) / size if size else np.nan)
        for name in self.activations:
            out = self.outputs.get(name, np.full(1, np.nan))
            self.activations[name].append(float(np.std(out)))
            if name in self.dead:
                units = out.reshape(-1, out.shape[-1]) if out.ndim else out.reshape(1, 1)
                self.dead[name].append(float(np.mean((units == 0).all(0))))

    def table(self) -> str:
        """The last step, a line for each parameter."""
        rows = [(name, found[-1], self.ratios[name][-1]) for name, found in self.gradients.items() if found]
        return text(["parameter", "gradient", "step / weights"], rows)

    def plot(self) -> Any:
        """All of it over the steps; returns the figure."""
        weights = {name: found for name, found in self.ratios.items() if name.endswith("weight")} or self.ratios
        panels: list[tuple[str, dict[str, list[float]], str]] = [
            ("Size of the gradient", {name: self.gradients[name] for name in weights}, "log"),
            ("Step over weights (dotted: 1/1000)", weights, "log"),
            ("Standard deviation of what a layer gives", self.activations, "linear"),
        ]
        if self.dead:
            panels.append(("Share of dead units", self.dead, "linear"))
        figure, axes = pyplot().subplots(len(panels), figsize=(8, 2.2 * len(panels)), sharex=True, layout="constrained")
        for ax, (title, series, scale) in zip(axes, panels):
            curves(ax, series, scale)
            ax.set_title(title, loc="left")
        axes[1].axhline(HEALTHY, color="#888", linestyle=":")
        if self.dead:
            axes[3].set_ylim(-0.03, 1.03)
        axes[-1].set_xlabel("step")
        return figure


def curves(ax: Any, series: dict[str, list[float]], scale: str) -> None:
    """Lines that are named at their ends, the names kept apart."""
    ends = []
    for i, (name, values) in enumerate(series.items()):
        color = COLORS[i % len(COLORS)]
        y = np.array(values)
        ax.plot(
            np.arange(1, len(y) + 1), np.where(y > 0, y, np.nan) if scale == "log" else y, color=color, linewidth=1.5
        )
        ends.append((y[-1] if y.size and np.isfinite(y[-1]) else 0.0, name, color))
    ax.set_yscale(scale)
    for place, (_, name, color) in enumerate(sorted(ends)):
        height = (place + 0.5) / len(ends)
        ax.annotate(name, (1.01, height), xycoords="axes fraction", color=color, va="center", fontsize=8)
    plain(ax)


def plain(ax: Any) -> None:
    ax.spines[["top", "right"]].set_visible(False)


def text(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A table: names to the left, numbers to the right."""
    said = [[str(row[0]), *("none" if x is None else digits(float(f"{x:.3g}")) for x in row[1:])] for row in rows]
    widths = [max(map(len, column)) for column in zip(head, *said)]
    lines = ([row[0].ljust(widths[0]), *(x.rjust(n) for x, n in zip(row[1:], widths[1:]))] for row in [[*head], *said])
    return "\n".join("  ".join(line) for line in lines)
