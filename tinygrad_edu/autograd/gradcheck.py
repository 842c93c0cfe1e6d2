"""The first referee of every rule: gradients from backward beside finite differences."""

from typing import Any

import numpy as np

from ..creation import zeros_like
from ..tensor import Tensor, made
from ..users import warn
from .backward import grad
from .differences import corner, numerical_jacobian, outputs_of, slopes
from .grad_mode import enable_grad


class GradcheckError(RuntimeError):
    """A gradient differs from its finite difference: `analytical` from `numerical`, for that entry of `input` (None where no
    entry tells), and that of `output`, counted row by row."""

    input = entry = output = at = analytical = numerical = None


class KinkError(GradcheckError):
    """It does, but at a corner of the function, where no number is the derivative.

    backward's slope, `analytical`, is between the slopes to the `left` and to the `right`, and so may well be what was meant:
    relu's 0 at 0. But a finite difference cannot tell: check somewhere else. `input`, `entry`, `output` and `at` say where:
    the entry of that input, and of that output, counted row by row."""

    def __init__(self, input, entry, output, at, sides, analytical):
        self.input, self.entry, self.output, self.at = input, entry, output, at
        (self.left, self.right), self.analytical = sides, analytical
        super().__init__(
            f"Jacobian mismatch for output {output} with respect to input {input}, at a KINK: entry {at} of the output has a"
            f" corner within eps of entry {entry} of the input. Its slope is {self.left:.10g} to the left, {self.right:.10g}"
            f" to the right, and {analytical:.10g} by backward. Check the gradient at another point"
        )


def gradcheck(
    func: Any,
    inputs: Any,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_batched_forward_grad: bool = False,
    check_forward_ad: bool = False,
    check_backward_ad: bool = True,
    fast_mode: bool = False,
    masked: bool | None = None,
) -> bool:
    """Whether the gradients of func's outputs equal finite differences: |analytical - numerical| <= atol + rtol |numerical|.

    Every entry of the Jacobian is compared, or, in `fast_mode`, one random projection of it. backward is run twice, and must
    do the same (to `nondet_tol`), and be linear, giving 0 for 0. Raises GradcheckError (a RuntimeError) with the worst entry,
    and KinkError, which is one too, if every wrong entry is at a corner; with `raise_exception=False` returns False instead.
    ValueError where no input requires grad. `check_forward_ad` is NotImplementedError: there is no forward mode.

    What torch checks with `check_undefined_grad`, `check_grad_dtypes` and `check_batched_grad` holds here by construction:
    walks start from one output each, gradients are cast to their tensors' dtypes, and batches are loops.
    https://docs.pytorch.org/docs/stable/generated/torch.autograd.gradcheck.gradcheck.html

    >>> import tinygrad_edu as tg
    >>> x = tg.tensor([0.5, 2.0], dtype=tg.float64, requires_grad=True)
    >>> tg.autograd.gradcheck(lambda x: x.exp() * x, x)
    True
    """
    if not (check_forward_ad or check_backward_ad):
        raise AssertionError("Expected at least one of check_forward_ad or check_backward_ad to be True")
    if check_batched_grad and not check_backward_ad:
        raise AssertionError("Setting check_batched_grad=True requires check_backward_ad to be True")
    if check_batched_forward_grad and not check_forward_ad:
        raise AssertionError("Setting check_batched_forward_grad=True requires check_forward_ad to be True")
    if check_forward_ad:
        raise NotImplementedError(
            "check_forward_ad=True: there is no forward mode here whose gradients could be checked"
        )
    inputs = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    check_inputs(inputs)
    try:
        Check(func, inputs, eps, atol, rtol, nondet_tol).run(fast_mode)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def check_inputs(inputs):
    """Raise, or warn, where finite differences cannot work."""
    wanted = [(i, x) for i, x in enumerate(inputs) if isinstance(x, Tensor) and x.requires_grad]
    if not wanted:
        raise ValueError(
            "gradcheck expects at least one input tensor to require gradient, but none of them have requires_grad=True."
        )
    for i, x in wanted:
        if x.array.dtype != np.float64:
            warn(
                f"Input #{i} requires gradient and is not a double precision floating point or complex. This check will likely"
                f" fail if all the inputs are not of double precision: half of {x.dtype}'s digits are lost in a difference."
            )
        if any(stride == 0 and n > 1 for stride, n in zip(x.array.strides, x.array.shape)):
            raise RuntimeError(
                f"The {i}th input has a dimension with stride 0. gradcheck only supports inputs that are non-overlapping to be"
                " able to compute the numerical gradients correctly. You should call .contiguous on the input before passing"
                " it to gradcheck."
            )


class Check:
    """One function, the point at which its gradient is checked, and how closely."""

    def __init__(self, func, inputs, eps, atol, rtol, nondet_tol):
        self.func, self.inputs, self.eps = func, inputs, eps
        self.atol, self.rtol, self.nondet_tol = atol, rtol, nondet_tol
        self.numbers = [i for i, x in enumerate(inputs) if isinstance(x, Tensor) and x.requires_grad]
        self.xs = [inputs[i] for i in self.numbers]
        with enable_grad():
            self.all_outs = outputs_of(func, inputs)
        self.live = [o for o, out in enumerate(self.all_outs) if out.requires_grad]
        self.outs = [self.all_outs[o] for o in self.live]

    def run(self, fast):
        with np.errstate(all="ignore"):
            if not self.outs:
                self.constant()
                return
            self.projections() if fast else self.entries()
            self.linear()

    def backward(self, out, g):
        """The gradients of one output with respect to each x, as arrays; both times that it is asked for."""
        twice = [
            grad(out, self.xs, made(g, None), retain_graph=True, allow_unused=True, materialize_grads=True)
            for _ in range(2)
        ]
        for a, b in zip(*twice):
            if a.array.size and np.abs(a.array - b.array).max() > self.nondet_tol:
                raise GradcheckError(
                    "Backward is not reentrant, i.e., running backward with same input and grad_output multiple times gives"
                    f" different values. The tolerance for nondeterminism was {self.nondet_tol}."
                )
        return [g.array for g in twice[0]]

    def linear(self):
        """The gradient for 0 is 0."""
        zeros = [zeros_like(out) for out in self.outs]
        for g in grad(self.outs, self.xs, zeros, retain_graph=True, allow_unused=True):
            if g is not None and g.array.any():
                raise GradcheckError("backward not multiplied by grad_output")

    def constant(self):
        """No output depends on an input, says backward."""
        floats = [o for o, out in enumerate(self.all_outs) if out.is_floating_point()]
        for x in self.xs:
            if any(J.any() for J in numerical_jacobian(self.func, self.inputs, x, self.eps, floats)):
                raise GradcheckError(
                    "Numerical gradient for function expected to be zero: the path was cut (detach, no_grad)"
                )

    def off(self, numerical, analytical):
        """By how much more than allowed they differ; also where a number is NaN."""
        excess = np.abs(analytical - numerical) - (self.atol + self.rtol * np.abs(numerical))
        return np.where(analytical == numerical, -np.inf, np.where(np.isnan(excess), np.inf, excess))

    def entries(self):
        """Every entry of every Jacobian."""
        jacobians = [numerical_jacobian(self.func, self.inputs, x, self.eps, self.live) for x in self.xs]
        for k, out in enumerate(self.outs):
            bases = np.eye(out.array.size, dtype=out.array.dtype)
            columns = [self.backward(out, basis.reshape(out.array.shape)) for basis in bases]
            for n, x in enumerate(self.xs):
                numerical = jacobians[n][k]
                analytical = np.array([c[n].ravel() for c in columns]).reshape(out.array.size, x.array.size).T
                off = self.off(numerical, analytical)
                if (off > 0).any():
                    raise self.verdict(k, n, numerical, analytical, off)

    def verdict(self, k, n, numerical, analytical, off):
        """The error for a wrong Jacobian: that of the worst entry which no corner excuses, if there is one."""
        kinks = []
        for entry, at in sorted(zip(*np.nonzero(off > 0)), key=lambda where: -off[where]):
            slope, output = float(analytical[entry, at]), self.live[k]
            tolerance = self.atol + self.rtol * abs(float(numerical[entry, at]))
            sides = corner(self.func, self.inputs, self.xs[n], entry, output, at, self.eps, tolerance)
            if sides is None or not sides.holds(slope, tolerance):
                error = GradcheckError(
                    f"Jacobian mismatch for output {output} with respect to input {self.numbers[n]},\nnumerical:{numerical}\n"
                    f"analytical:{analytical}\nworst: entry {entry} of the input and {at} of the output, where finite"
                    f" differences give {numerical[entry, at]:.10g} and backward {slope:.10g}"
                    + (
                        f" (at a corner: {sides.left:.10g} to the left, {sides.right:.10g} to the right)"
                        if sides
                        else ""
                    )
                )
                error.input, error.entry, error.output, error.at = self.numbers[n], int(entry), output, int(at)
                error.analytical, error.numerical = slope, float(numerical[entry, at])
                return error
            kinks.append(KinkError(self.numbers[n], int(entry), output, int(at), sides, slope))
        return kinks[0]

    def projections(self):
        """vᵀ J u for each input and output, with u and v at random, of length 1; if one is wrong, all entries."""
        rng = np.random.default_rng(0)
        at_random = lambda shape: np.asarray((u := rng.random(shape)) / (np.sqrt(np.sum(u * u)) or 1))
        us = [at_random(x.array.shape) for x in self.xs]
        vs = [at_random(out.array.shape) for out in self.outs]
        changes = [slopes(self.func, self.inputs, x, u, self.eps) for x, u in zip(self.xs, us)]
        for o, out, v in zip(self.live, self.outs, vs):
            gradients = self.backward(out, v.astype(out.array.dtype))
            for i, u, change, g in zip(self.numbers, us, changes, gradients):
                numerical, analytical = np.sum(v * change[o]), np.sum(g * u)
                # entries may be off by atol each, all in the same direction
                allowed = self.atol * np.sum(u) * np.sum(v) + self.rtol * abs(numerical)
                if not (abs(analytical - numerical) <= allowed or analytical == numerical):
                    self.entries()
                    raise GradcheckError(
                        f"Jacobian mismatch for output {o} with respect to input {i}: its random projection is {numerical:.10g}"
                        f" by finite differences and {analytical:.10g} by backward. Fast gradcheck failed but element-wise"
                        " differences are small"
                    )


def gradgradcheck(
    func: Any,
    inputs: Any,
    grad_outputs: Any = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    gen_non_contig_grad_outputs: bool = False,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_fwd_over_rev: bool = False,
    check_rev_over_rev: bool = True,
    fast_mode: bool = False,
    masked: bool = False,
) -> bool:
    """gradcheck of the gradient: second derivatives against finite differences of first ones.

    The gradients of the outputs are random, in [-1, 1), unless given.
    https://docs.pytorch.org/docs/stable/generated/torch.autograd.gradcheck.gradgradcheck.html"""
    if not (check_fwd_over_rev or check_rev_over_rev):
        raise AssertionError("Expected at least one of check_fwd_over_rev or check_rev_over_rev to be True")
    if check_undefined_grad and not check_rev_over_rev:
        raise AssertionError("Setting check_undefined_grad=True requires check_rev_over_rev to be True")
    if check_batched_grad and not check_rev_over_rev:
        raise AssertionError("Setting check_batched_grad=True requires check_rev_over_rev to be True")
    inputs = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    live_outputs = lambda xs: [out for out in outputs_of(func, xs) if out.requires_grad]
    wanted = [i for i, x in enumerate(inputs) if isinstance(x, Tensor) and x.requires_grad]
    with enable_grad():
        outs = live_outputs(inputs)
    if wanted and not outs:
        raise TypeError("gradgradcheck: no output of the function requires grad, so that there is no gradient to check")
    if grad_outputs is None:
        grad_outputs = drawn(outs, gen_non_contig_grad_outputs)
    grad_outputs = (grad_outputs,) if isinstance(grad_outputs, Tensor) else tuple(grad_outputs)

    def gradient(*arguments):
        xs, gs = arguments[: len(inputs)], arguments[len(inputs) :]
        with enable_grad():
            found = grad(live_outputs(xs), [xs[i] for i in wanted], gs, create_graph=True, allow_unused=True)
        return tuple(g for g in found if g is not None)

    return gradcheck(
        gradient,
        (*inputs, *grad_outputs),
        eps=eps,
        atol=atol,
        rtol=rtol,
        raise_exception=raise_exception,
        nondet_tol=nondet_tol,
        check_forward_ad=check_fwd_over_rev,
        check_backward_ad=check_rev_over_rev,
        fast_mode=fast_mode,
    )


def drawn(outs, apart):
    """Random gradients for these outputs; if `apart`, not contiguous."""
    rng = np.random.default_rng(1)
    gradients = []
    for out in outs:
        g = rng.uniform(-1, 1, (*out.array.shape, 2 if apart else 1)).astype(out.array.dtype)[..., 0]
        gradients.append(made(g, None).requires_grad_())
    return gradients
