"""L-BFGS: Newton's method, with a Hessian guessed from the last steps."""

from collections.abc import Callable
from typing import Any

from ..autograd import enable_grad, no_grad
from ..creation import zeros_like
from ..functional.joining import cat
from ..tensor import Tensor
from .line_search import Point, strong_wolfe
from .optimizer import Optimizer


class LBFGS(Optimizer):
    """p ← p + t d, with d = -H g; H, the inverse Hessian, maps each remembered change y of the gradient to its step s.

    `step(closure)` takes up to `max_iter` such steps, for the closure recomputes loss and gradients as often as needed:
    at most `max_eval` times (default: 1.25 `max_iter`). t is lr, but in the very first step at most lr / Σ|g|, unless
    `line_search_fn` is "strong_wolfe". It stops where no gradient is above `tolerance_grad`, or where neither
    parameters nor loss change by `tolerance_change`. It keeps 2 `history_size` copies of the parameters, of one group.
    Liu and Nocedal, 1989. https://docs.pytorch.org/docs/stable/generated/torch.optim.LBFGS.html
    """

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        if isinstance(lr, Tensor) and lr.numel() != 1:
            raise ValueError(f"Tensor lr must be 1-element, and has {lr.numel()}")
        if not lr >= 0.0:
            raise ValueError(f"Invalid learning rate: {lr} (it must not be negative)")
        options = dict(lr=lr, max_iter=max_iter, max_eval=max_iter * 5 // 4 if max_eval is None else max_eval)
        tolerances = dict(tolerance_grad=tolerance_grad, tolerance_change=tolerance_change)
        super().__init__(params, options | tolerances | dict(history_size=history_size, line_search_fn=line_search_fn))

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        if self.param_groups:
            raise ValueError("LBFGS doesn't support per-parameter options (parameter groups): give it one list")
        super().add_param_group(param_group)

    @no_grad()
    def step(self, closure: Callable[[], Any]) -> Any:  # type: ignore[override]
        """Take up to `max_iter` steps; return the loss before the first. `closure` clears and computes the gradients."""
        group = self.param_groups[0]
        params = group["params"]
        lr = group["lr"].squeeze() if isinstance(group["lr"], Tensor) else group["lr"]
        change = group["tolerance_change"]
        if group["line_search_fn"] not in (None, "strong_wolfe"):
            raise RuntimeError("only 'strong_wolfe' is supported")
        state: Any = self.state[params[0]]  # it is of all parameters, and kept with the first
        state.setdefault("func_evals", 0)
        state.setdefault("n_iter", 0)
        evaluations = 0

        def evaluate():
            nonlocal evaluations
            with enable_grad():
                loss = closure()
            evaluations += 1
            state["func_evals"] += 1
            return loss, flat_gradient(params)

        original, g = evaluate()
        loss = float(original)
        if g.abs().max() <= group["tolerance_grad"]:
            return original
        names = ("d", "t", "old_dirs", "old_stps", "ro", "H_diag", "prev_flat_grad", "prev_loss")
        d, t, ys, ss, ro, scale, last_g, last_loss = (state.get(name) for name in names)
        for n in range(1, group["max_iter"] + 1):
            state["n_iter"] += 1
            if state["n_iter"] == 1:
                d, ys, ss, ro, scale = -g, [], [], [], 1
            else:
                scale = learned(g - last_g, d * t, ys, ss, ro, scale, group["history_size"])
                d = direction(g, ys, ss, ro, scale, state.setdefault("al", [None] * group["history_size"]))
            last_g, last_loss = g.clone(), loss
            t = min(1.0, 1.0 / g.abs().sum()) * lr if state["n_iter"] == 1 else lr
            slope = g.dot(d)
            if slope > -change:
                break
            if group["line_search_fn"]:
                at = lambda t, d=d: trial(params, t, d, evaluate)
                most = group["max_eval"] - evaluations
                t, loss, g, _ = strong_wolfe(at, Point(0, loss, g, slope), t, d.abs().max(), most)
                move(params, t, d)
            else:
                move(params, t, d)
                if n < group["max_iter"]:
                    loss, g = evaluate()
                    loss = float(loss)
            if (
                n == group["max_iter"]
                or evaluations >= group["max_eval"]
                or g.abs().max() <= group["tolerance_grad"]
                or (d * t).abs().max() <= change
                or abs(loss - last_loss) < change
            ):
                break
        state.update(zip(names, (d, t, ys, ss, ro, scale, last_g, last_loss)))
        return original


def learned(y, s, ys, ss, ro, scale, most):
    """Remember a step s that changed the gradient by y, and forget the oldest of `most`; return the new scale of H.

    Where ⟨y, s⟩ is not positive the loss is not convex, and Newton's method would go up: that step teaches nothing."""
    curvature = y.dot(s)
    if not curvature > 1e-10:
        return scale
    if len(ys) == most:
        for oldest in (ys, ss, ro):
            del oldest[0]
    ys.append(y)
    ss.append(s)
    ro.append(1.0 / curvature)
    return curvature / y.dot(y)


def direction(g, ys, ss, ro, scale, al):
    """-H g, with H = `scale` times the identity, corrected by each (y, s) in turn, ρ being 1 / ⟨y, s⟩: in two loops."""
    q = -g
    for i in reversed(range(len(ys))):
        al[i] = ss[i].dot(q) * ro[i]
        q -= ys[i] * al[i]
    q = q * scale
    for i in range(len(ys)):
        q += ss[i] * (al[i] - ys[i].dot(q) * ro[i])
    return q


def flat_gradient(params):
    """All gradients in one vector; zeros where there is none."""
    return cat([(zeros_like(p) if p.grad is None else p.grad).reshape(-1) for p in params])


def move(params, t, d):
    """p ← p + t d."""
    for p, part in zip(params, d.split([p.numel() for p in params])):
        p += part.reshape(p.shape) * t


def trial(params, t, d, evaluate):
    """The point x + t d of the line; the parameters are at x again afterwards."""
    before = [p.clone() for p in params]
    move(params, t, d)
    try:
        loss, g = evaluate()
    finally:
        for p, value in zip(params, before):
            p.copy_(value)
    return Point(t, float(loss), g, g.dot(d))
