"""Products with derivatives, and whole derivatives, of a function: J for its Jacobian, H for its Hessian.

    vjp  vᵀ J     one walk
    jvp  J v      two walks: g(u) = Jᵀ u is linear in u, so that vᵀ (∂g/∂u) = vᵀ Jᵀ = (J v)ᵀ, whatever u is
    vhp  vᵀ H     two walks: the gradient, and its vjp
    hvp  H v      three: the gradient, and its jvp (H is symmetric, so vhp gives the same, sooner)

Each takes `func`, `inputs` (a tensor or a tuple of them) and `v`, and returns func's outputs and the product, tuples where
func takes or returns tuples. With `create_graph` all can be differentiated again. What does not depend on an input gives
zeros, and with `strict` RuntimeError.
"""

from collections.abc import Callable
from typing import Any

from ..creation import ones_like, zeros_like
from ..functional.joining import stack
from ..tensor import Tensor
from .backward import grad
from .grad_mode import enable_grad

__all__ = ["vjp", "jvp", "jacobian", "hessian", "hvp", "vhp"]


def vjp(func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> Any:
    """(func(inputs), vᵀ J): v has the outputs' shapes; it may be left out for one output with one element.

    https://docs.pytorch.org/docs/stable/generated/torch.autograd.functional.vjp.html"""
    with enable_grad():
        xs, like_inputs = started(inputs, "vjp", create_graph)
        ys, like_outputs = called(func, xs, "vjp", strict)
        v = vector(v, ys, like_outputs, "vjp", create_graph, "user-provided function returns a single Tensor")
        products = filled(pulled(ys, xs, v, create_graph), xs, OUTPUT, strict, create_graph)
    return like_outputs(finished(ys, create_graph)), like_inputs(finished(products, create_graph))


def jvp(func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> Any:
    """(func(inputs), J v): v has the inputs' shapes; it may be left out for one input with one element.

    https://docs.pytorch.org/docs/stable/generated/torch.autograd.functional.jvp.html

    >>> import tinygrad_edu as tg
    >>> tg.autograd.functional.jvp(lambda x: x * x, tg.tensor([1.0, 2.0]), tg.tensor([1.0, 10.0]))
    (tensor([1., 4.]), tensor([ 2., 40.]))
    """
    with enable_grad():
        xs, like_inputs = started(inputs, "jvp", create_graph)
        v = vector(v, xs, like_inputs, "jvp", create_graph)
        ys, like_outputs = called(func, xs, "jvp", strict)
        us = tuple(zeros_like(y, requires_grad=True) for y in ys)
        gs = pulled(ys, xs, us, True)
        dependent(gs, OUTPUT, strict)
        products = filled(pulled(gs, us, v, create_graph), ys, "The gradient", strict, create_graph)
    return like_outputs(finished(ys, create_graph)), like_outputs(finished(products, create_graph))


def vhp(func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> Any:
    """(func(inputs), vᵀ H) of a func that returns one number.

    https://docs.pytorch.org/docs/stable/generated/torch.autograd.functional.vhp.html"""
    with enable_grad():
        xs, like_inputs = started(inputs, "vhp", create_graph)
        v = vector(v, xs, like_inputs, "vhp", create_graph)
        y = number(func, xs, "vhp", strict)
        gs = pulled((y,), xs, None, True)
        dependent(gs, JACOBIAN, strict)
        products = filled(pulled(gs, xs, v, create_graph), xs, JACOBIAN, strict, create_graph)
    return finished(y, create_graph), like_inputs(finished(products, create_graph))


def hvp(func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> Any:
    """(func(inputs), H v) of a func that returns one number.

    https://docs.pytorch.org/docs/stable/generated/torch.autograd.functional.hvp.html"""
    with enable_grad():
        xs, like_inputs = started(inputs, "hvp", create_graph)
        v = vector(v, xs, like_inputs, "hvp", create_graph)
        y = number(func, xs, "hvp", strict)
        gs = pulled((y,), xs, None, True)
        dependent(gs, JACOBIAN, strict)
        us = tuple(zeros_like(x, requires_grad=True) for x in xs)
        uH = pulled(gs, xs, us, True)
        products = filled(pulled(uH, us, v, create_graph), xs, HESSIAN, strict, create_graph)
    return finished(y, create_graph), like_inputs(finished(products, create_graph))


def jacobian(
    func: Callable[..., Any],
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:
    """J[i, j] = ∂outputᵢ/∂inputⱼ: of the output's shape followed by the input's, for each output and each input.

    One walk for each entry of the outputs. `vectorize` and `strategy` are torch's means of speed: accepted, and refused
    together with what torch refuses them with, they change nothing here.
    https://docs.pytorch.org/docs/stable/generated/torch.autograd.functional.jacobian.html"""
    check_strategy(strategy, create_graph, strict, vectorize)
    with enable_grad():
        xs, like_inputs = started(inputs, "jacobian", create_graph)
        ys, like_outputs = called(func, xs, "jacobian", strict)
        J = []
        for i, y in enumerate(ys):
            rows = [pulled((entry,), xs, None, create_graph, True) for entry in y.reshape(-1)]
            J.append([block(i, j, [row[j] for row in rows], y, x, strict, create_graph) for j, x in enumerate(xs)])
    return like_outputs(tuple(like_inputs(finished(row, create_graph)) for row in J))


def hessian(
    func: Callable[..., Any],
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:
    """H[i, j] = ∂²y/∂inputᵢ∂inputⱼ of a func that returns one number: the Jacobian of its Jacobian.

    https://docs.pytorch.org/docs/stable/generated/torch.autograd.functional.hessian.html

    >>> import tinygrad_edu as tg
    >>> tg.autograd.functional.hessian(lambda x: x[0] * x[1] ** 2, tg.tensor([3.0, 5.0]))
    tensor([[ 0., 10.],
            [10.,  6.]])
    """
    given, like_inputs = tupled(inputs, "inputs", "hessian")

    def slope(*xs):
        gs = jacobian(lambda *xs: number(func, xs, "hessian", strict).squeeze(), xs, create_graph=True)
        dependent(gs, JACOBIAN, strict)
        return gs

    H = jacobian(slope, given, create_graph, strict, vectorize, outer_jacobian_strategy)
    return like_inputs(tuple(map(like_inputs, H)))


# ---------------------------------------------------------------- steps


OUTPUT = "The output of the user-provided function"
JACOBIAN = "The jacobian of the user-provided function"
HESSIAN = "The hessian of the user-provided function"


def tupled(what, name, caller):
    """(a tuple of tensors, how to make a tuple like that what it came as)."""
    alone = not isinstance(what, tuple)
    for i, x in enumerate((what,) if alone else what):
        if not isinstance(x, Tensor):
            which = f"given {name}" if alone else f"value at index {i}"
            raise TypeError(
                f"The {name} given to {caller} must be either a Tensor or a tuple of Tensors but the {which} has type"
                f" {type(x)}."
            )
    return ((what,), first) if alone else (what, tuple)


def first(values):
    return values[0]


def started(inputs, caller, create_graph, name="inputs", need=True):
    """The inputs as new tensors: what else func may know of them is not what we differentiate with respect to."""
    xs, like = tupled(inputs, name, caller)
    aside = lambda x: x.view_as(x) if create_graph and x.requires_grad else x.detach().requires_grad_(need)
    return tuple(map(aside, xs)), like


def called(func, xs, caller, strict):
    ys, like = tupled(func(*xs), "outputs of the user-provided function", caller)
    for i, y in enumerate(ys):
        if strict and not y.requires_grad:
            raise RuntimeError(
                f"Output {i} of the user-provided function does not require gradients. The outputs must be computed in a"
                " differentiable manner from the input when running in strict mode."
            )
    return ys, like


def number(func, xs, caller, strict):
    """func's output, if it is one number."""
    ys, like = called(func, xs, caller, strict)
    if like is not first:
        raise RuntimeError(f"The function given to {caller} should return a single Tensor")
    if ys[0].numel() != 1:
        raise RuntimeError(
            f"The Tensor returned by the function given to {caller} should contain a single element: it has shape"
            f" {list(ys[0].shape)}"
        )
    return ys[0]


def vector(v, others, like, caller, create_graph, what="input to the user-provided function is a single Tensor"):
    """v, of the others' shapes."""
    if v is None:
        if len(others) != 1 or others[0].numel() != 1:
            raise RuntimeError(f"The vector v can only be None if the {what} with a single element.")
        return (ones_like(others[0]),)
    v, _ = started(v, caller, create_graph, "v", False)
    if len(v) != len(others):
        alone = "The given v should contain a single Tensor."
        count = f"v is a tuple of invalid length: should be {len(others)} but got {len(v)}."
        raise RuntimeError(alone if like is first else count)
    for i, (a, b) in enumerate(zip(v, others)):
        if a.shape != b.shape:
            where = "" if like is first else f"Entry {i} in "
            raise RuntimeError(f"{where}v has invalid size: should be {b.shape} but got {a.shape}.")
    return v


def pulled(outputs, inputs, v, create_graph, retain_graph=None):
    """vᵀ J, None for an input that nothing depends on."""
    pairs = [(y, u) for y, u in zip(outputs, v or (None,) * len(outputs)) if y is not None and y.requires_grad]
    if not pairs:
        return (None,) * len(inputs)
    ys, us = zip(*pairs)
    return grad(ys, inputs, us, retain_graph, create_graph, allow_unused=True)


def filled(products, like, what, strict, create_graph):
    """Zeros for None; neither None nor, with create_graph, a constant is taken if strict."""
    for i, product in enumerate(products):
        if strict and product is None:
            raise RuntimeError(f"{what} is independent of input {i}. This is not allowed in strict mode.")
        if strict and create_graph and not product.requires_grad:
            which = HESSIAN if what in (JACOBIAN, HESSIAN) else JACOBIAN
            raise RuntimeError(
                f"{which} is independent of input {i}. This is not allowed in strict mode when create_graph=True."
            )
    return tuple(zeros_like(x) if product is None else product for product, x in zip(products, like))


def dependent(gradients, what, strict):
    """Raise, if strict, where a gradient is none or a constant."""
    for i, g in enumerate(gradients):
        if strict and (g is None or not g.requires_grad):
            whose = OUTPUT if g is None else f"While computing the hessian, found that {what[0].lower() + what[1:]}"
            raise RuntimeError(f"{whose} is independent of input {i}. This is not allowed in strict mode.")


def block(i, j, column, y, x, strict, create_graph):
    """∂yᵢ/∂xⱼ from its rows, one for each entry of yᵢ."""
    for g in column:
        if strict and g is None:
            raise RuntimeError(
                f"Output {i} of the user-provided function is independent of input {j}. This is not allowed in strict mode."
            )
    rows = filled(column, [x] * len(column), OUTPUT, strict, create_graph)
    return stack(rows).reshape(tuple(y.shape) + tuple(x.shape))


def finished(result, create_graph):
    """Outside the graph, unless it was asked for."""
    if isinstance(result, Tensor):
        return result if create_graph else result.detach()
    return tuple(finished(r, create_graph) for r in result)


def check_strategy(strategy, create_graph, strict, vectorize):
    """Refuse what torch refuses."""
    if strategy not in ("forward-mode", "reverse-mode"):
        raise AssertionError('Expected strategy to be either "forward-mode" or "reverse-mode".')
    forward, together = strategy == "forward-mode", "are not supported together"
    if forward and create_graph:
        raise NotImplementedError(f'jacobian: `create_graph=True` and `strategy="forward-mode"` {together} (yet).')
    if forward and strict:
        raise RuntimeError(f'jacobian: `strict=True` and `strategy="forward-mode"` {together} (yet).')
    if forward and not vectorize:
        raise NotImplementedError(
            "Computing Jacobian using forward-AD or forward-over-reverse Hessian is only implemented for `vectorize=True`."
        )
    if strict and vectorize:
        raise RuntimeError(f"jacobian: `strict=True` and `vectorized=True` {together}.")
