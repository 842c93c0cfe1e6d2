"""What a module shows of itself, and what it does."""

import copy
import pickle

from tests.functional.agree import values
from tests.snippets import plain


def public(module):
    """Its attributes that users read, with buffers and parameters as numbers."""
    held = {**vars(module), **module._buffers, **module._parameters}
    return sorted((name, plain(value)) for name, value in held.items() if name[0] != "_" and not callable(value))


def shown(t, module, *inputs):
    """Its text and attributes, and those of its copies; outputs and slopes, by inputs and parameters, with a seed, in
    training and in eval mode."""
    copies = [module, copy.deepcopy(module), pickle.loads(pickle.dumps(module))]
    told = [[repr(m), str(public(m)), sorted(m.state_dict())] for m in copies]
    return [str(told), *(ran(t, m, inputs) for m in (*copies, copies[2].eval()))]


def ran(t, module, inputs):
    t.manual_seed(0)
    leaves = [x.clone().requires_grad_(x.is_floating_point()) for x in inputs]
    out = module(*[x * 1 for x in leaves])
    out, places = out if isinstance(out, tuple) else (out, None)
    learned = [x for x in (*leaves, *module.parameters()) if x.requires_grad]
    slopes = t.autograd.grad((out * values(t, *out.shape)).sum(), learned)
    return [out, places, *slopes]
