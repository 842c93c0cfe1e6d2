"""Hooks of tensors, of nodes and of leaves, beside torch's: their order, what they may return, and what they leave alone."""

import gc
import weakref

import pytest

import tinygrad_edu as tg
from tests.autograd.programs import agree, error, leaf
from tinygrad_edu import graph


def lists(what):
    """A gradient, or a tuple of them, as lists."""
    return [None if g is None else g.tolist() for g in what] if isinstance(what, tuple) else what.tolist()


class Log(list):
    """What hooks saw, in their order."""

    def hook(self, name, result=None):
        def seen(*gradients):
            self.append([name, *map(lists, gradients)])
            return None if result is None else result(*gradients)

        return seen


def every_hook(t):
    """One of each kind, of which some replace the gradient; then every way to start a walk."""
    x, log = leaf(t, 1.0, 2.0), Log()
    y = x * 3
    z = y * 2
    y.register_hook(log.hook("tensor", lambda g: g * 10))
    y.retain_grad()
    y.register_hook(log.hook("tensor again"))
    y.grad_fn.register_hook(log.hook("node", lambda inputs, outputs: (inputs[0] * 2, None)))
    y.grad_fn.register_prehook(log.hook("before node", lambda outputs: (outputs[0] * 5,)))
    x.register_hook(log.hook("leaf", lambda g: g + 1))
    gather = y.grad_fn.next_functions[0][0]
    gather.register_hook(log.hook("accumulated"))
    gather.register_prehook(log.hook("before accumulated", lambda outputs: (outputs[0] * 100,)))
    x.register_post_accumulate_grad_hook(lambda x: log.append(["added", x.grad.tolist()]))
    z.sum().backward(retain_graph=True)
    found = [y.grad.clone(), x.grad.clone(), gather.variable is x, gather.name(), gather.next_functions]
    for wanted in ([x], [y], [z]):
        log.append(["grad", *map(lists, t.autograd.grad(z.sum(), wanted, retain_graph=True))])
    x.grad = y.grad = None
    z.sum().backward(inputs=[x])
    return [list(log), found, x.grad, y.grad]


def hooks_of_a_function(t):
    log = Log()
    methods = {
        "forward": lambda ctx, x, k: (x * 2, 7, x * 3, x * 4),
        "backward": lambda ctx, *gs: (gs[0] + gs[2], None),
    }
    two = type("Two", (t.autograd.Function,), {name: staticmethod(f) for name, f in methods.items()})
    x = leaf(t, 1.0, 2.0)
    a, _, b, _ = two.apply(x, 1)
    a.register_hook(log.hook("a", lambda g: g * 10))
    b.register_hook(log.hook("b"))
    b.retain_grad()
    a.grad_fn.register_hook(log.hook("node", lambda inputs, outputs: (inputs[0] + 1,)))
    a.grad_fn.register_prehook(log.hook("before", lambda outputs: (outputs[0] * 5, None, outputs[2], None)))
    (a * b).sum().backward()
    return [list(log), x.grad, b.grad, a.grad_fn.metadata]


def a_hook_that_takes_the_gradient_away(t):
    x = leaf(t, 1.0, 2.0)
    y = x * 3
    y.grad_fn.register_prehook(lambda outputs: (None,))
    (y.sum() + x.sum()).backward()
    z = x * 3
    z.grad_fn.register_hook(lambda inputs, outputs: (None,) * len(inputs))
    (z.sum() + x.sum()).backward()
    return x.grad


def removed(t):
    x, log = leaf(t, 1.0, 2.0), Log()
    y = x * 2
    first = y.register_hook(lambda g: second.remove())
    second = y.register_hook(log.hook("still called in this walk"))
    node = y.grad_fn.register_hook(log.hook("node"))
    y.sum().backward(retain_graph=True)
    first.remove()
    node.remove()
    node.remove()
    y.sum().backward(retain_graph=True)
    with x.register_hook(log.hook("while open")):
        y.sum().backward(retain_graph=True)
    y.sum().backward()
    return list(log)


def hooks_and_writes(t):
    """A hook stays with the value that it was registered for, retain_grad goes with the tensor."""
    x, log = leaf(t, 1.0, 2.0), Log()
    y = x * 2
    y.register_hook(log.hook("old"))
    y.retain_grad()
    y.mul_(3)
    y.register_hook(log.hook("new"))
    y.sum().backward()
    return [list(log), y.grad, y.retains_grad]


def differentiable_hooks(t):
    x = leaf(t, 1.0, 2.0)
    y = x * x
    y.register_hook(lambda g: g * x)
    y.grad_fn.register_hook(lambda inputs, outputs: (inputs[0] * x, inputs[1]))
    y.grad_fn.register_prehook(lambda outputs: (outputs[0] * x,))
    (g,) = t.autograd.grad(y.sum(), x, create_graph=True)
    return [g, *t.autograd.grad(g.sum(), x)]


def hooks_of_a_node_that_stretched_its_inputs(t):
    x, w, log = leaf(t, 1.0, 2.0), leaf(t, 3.0), Log()
    y = w.reshape(1, 1) * x
    y.grad_fn.register_hook(log.hook("node", lambda inputs, outputs: (inputs[0] * 2, inputs[1])))
    y.sum().backward()
    return [list(log), x.grad, w.grad]


def a_hook_that_writes(t):
    x = leaf(t, 1.0, 2.0)
    y = x * 2
    y.register_hook(lambda g: g.mul_(7))
    (y * y).sum().backward()
    return x.grad


def leaves_and_their_hooks(t):
    x, log = leaf(t, 1.0, 2.0), Log()
    x.register_post_accumulate_grad_hook(lambda x: log.append(x.grad.tolist()))
    x.register_hook(log.hook("leaf"))
    t.autograd.grad((x * 2).sum(), x)
    (x * 2).sum().backward()
    x.register_post_accumulate_grad_hook(lambda x: setattr(x, "grad", None))
    (x * 2).sum().backward()
    x.retain_grad()
    return [list(log), x.grad, x.retains_grad, x.output_nr, (x * 2).output_nr, t.ones(1).output_nr]


def notes(t):
    y = leaf(t, 1.0) * 2
    y.grad_fn.metadata["who"] = "me"
    return [
        y.grad_fn.metadata["who"],
        (y * 2).grad_fn.next_functions[0][0].metadata["who"],
        len((y * 2).grad_fn.metadata),
    ]


@pytest.mark.parametrize(
    "program",
    [
        every_hook,
        hooks_of_a_function,
        a_hook_that_takes_the_gradient_away,
        removed,
        hooks_and_writes,
        differentiable_hooks,
        hooks_of_a_node_that_stretched_its_inputs,
        a_hook_that_writes,
        leaves_and_their_hooks,
        notes,
    ],
)
def test_results_equal_torchs(program, torch):
    agree(program, tg, torch)


RETURNED = {
    "a number": lambda g: 3,
    "too small": lambda g: g[:1],
    "summed": lambda g: g.sum(),
    "another dtype": lambda g: g.float(),
    "a tuple": lambda g: (g,),
    "nothing": lambda g: None,
}
NODES = {
    "a tensor": lambda gs: gs[0],
    "a list": lambda gs: list(gs),
    "too many": lambda gs: (*gs, None),
    "too small": lambda gs: (gs[0][:1], *gs[1:]),
    "another dtype": lambda gs: (gs[0].float(), *gs[1:]),
    "something for None": lambda gs: (gs[0],) * len(gs),
    "None": lambda gs: (None,) * len(gs),
    "nothing": lambda gs: None,
}


def hooked(t, register, hook):
    x = leaf(t, 1.0, 2.0)
    y = x * 3
    register(x, y)(hook)
    y.sum().backward()


@pytest.mark.parametrize("name", RETURNED)
@pytest.mark.parametrize(
    "register", [lambda x, y: x.register_hook, lambda x, y: y.register_hook], ids=["leaf", "computed"]
)
def test_what_tensors_hooks_may_return(name, register, torch):
    program = lambda t: hooked(t, register, RETURNED[name])
    assert error(lambda: program(tg)) == error(lambda: program(torch))


@pytest.mark.parametrize("name", NODES)
@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
def test_what_nodes_hooks_may_return(name, before, torch):
    def program(t):
        if before:
            hooked(t, lambda x, y: y.grad_fn.register_prehook, NODES[name])
        else:
            hooked(t, lambda x, y: y.grad_fn.register_hook, lambda inputs, outputs: NODES[name](inputs))

    assert error(lambda: program(tg)) == error(lambda: program(torch))


@pytest.mark.parametrize(
    "attempt",
    [
        lambda t: t.ones(1).register_hook(print),
        lambda t: t.ones(1).retain_grad(),
        lambda t: t.ones(1).register_post_accumulate_grad_hook(print),
        lambda t: (leaf(t, 1.0) * 2).register_post_accumulate_grad_hook(print),
    ],
)
def test_where_no_hook_can_be_registered(attempt, torch):
    assert error(lambda: attempt(tg)) == error(lambda: attempt(torch)) == "RuntimeError"


def test_a_hook_that_writes_changes_no_other_gradient():
    """add's rule gives both inputs one array."""
    x, w = leaf(tg, 1.0, 2.0), leaf(tg, 3.0, 4.0)
    x.register_hook(lambda g: g.mul_(7))
    (x + w).sum().backward()
    assert [x.grad.tolist(), w.grad.tolist()] == [[7, 7], [1, 1]]


def test_what_a_hook_returns_is_not_kept():
    x, mine = leaf(tg, 1.0, 2.0), tg.ones(2, dtype=tg.float64)
    x.register_hook(lambda g: mine)
    (x * 2).sum().backward()
    x.grad.add_(1)
    assert mine.tolist() == [1, 1]


def test_gradients_of_computed_tensors_leave_what_lies_behind_them():
    """A walk to y does not apply y's own rule, and so frees nothing of it: as in torch."""
    x = leaf(tg, 1.0, 2.0)
    y = x.exp()
    tg.autograd.grad((y * y).sum(), y)
    y.sum().backward()
    assert x.grad.tolist() == y.tolist()


def test_hooks_die_with_their_node():
    gc.collect()
    gc.disable()
    try:
        before = len(graph.around), len(graph.notes)
        x = leaf(tg, 1.0)
        y = x * 2
        y.grad_fn.register_hook(lambda inputs, outputs: None)
        y.grad_fn.register_prehook(lambda outputs: None)
        y.grad_fn.metadata["note"] = 1
        node = weakref.ref(y.grad_fn)
        del y
        assert node() is None
        assert (len(graph.around), len(graph.notes)) == before
    finally:
        gc.enable()


def test_the_variable_of_a_gathering_node_is_gone_when_nobody_has_it():
    y = leaf(tg, 1.0) * 2
    assert y.grad_fn.next_functions[0][0].variable is None
