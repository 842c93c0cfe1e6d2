"""The local view: after each call ours goes on with the reference's numbers, so that whatever differs is itself wrong.

Calls are matched by the line of the script, the function and what it was given. A gradient is judged where it arrives: at the result
of a call, as the sum of what the calls that read it gave back. Those are made again, each by itself, from the reference's inputs and
gradients: in ours, with roundings redone at random, which says what rounding can do; and if that does not explain the difference,
in torch, which says whose rule is to blame."""

from collections import defaultdict
from functools import partial
from weakref import WeakKeyDictionary, ref

import numpy as np

from tinygrad_edu.testing.judge import UPDATE, kappas
from tinygrad_edu.testing.updates import terms

from .calls import tensors, values, write, written
from .compare import EQUAL, Judge, Verdict, attempt
from .evidence import accuse, names
from .found import sample, shortened
from .tracer import RAISED
from .optimizers import Replay, arrays, gradients, groups, parameters, results, settle, snapshot, states
from .stream import Oracle
from .view import View

WINDOW = 4096  # calls that the reference may have made beyond ours, and still be matched
UNSET = {"empty", "empty_like", "empty_strided", "new_empty", "new_empty_strided"}  # whatever was in that memory
ORDERS = {"sort", "argsort", "topk", "kthvalue", "median", "mode"}  # whose indices among equals nobody promises
OVERWRITING = {"copy_", "fill_", "zero_", "normal_", "uniform_", "random_", "bernoulli_", "exponential_", "set_data"}  # whatever was there
WALKS = ("backward", "autograd.backward", "autograd.grad")


class Local(View):
    name = "local"

    def __init__(self, engine, stream, progress, names, stochastic=True):
        super().__init__(engine, stream, progress)
        self.names, self.judge, self.oracle = names, Judge(stochastic), Oracle()
        self.kept = WeakKeyDictionary()  # node -> the Call that it was made by, which lives as long
        self.readers = defaultdict(list)  # serial -> the Calls that read that tensor
        self.partners = {}  # serial -> our tensor
        self.silent = set()  # functions that gave no tensor
        self.arrivals, self.befores, self.taped, self.stepped = {}, {}, False, False
        self.stepping, self.replaying = None, False

    # ---------------------------------------------------------------- calls

    def begin(self, name, where, given, direct=True):
        """A call of ours begins: find the reference's, and hand it the same inputs. `direct`: by the script, or by a module."""
        if self.paused or name in self.silent:
            return None
        if name in WALKS:
            return self.walk_begins(name, where, given)
        mine = tensors(given)
        call, agreeing = self.match(name, where, given, mine, direct)
        if call is None:
            return (name, None, mine)
        theirs = [v for _, v in call.given]
        if not agreeing:
            self.inputs_differ(call, mine, theirs)
        for t, v in zip(mine, theirs):
            write(t, v.array)
            self.partners[v.serial] = ref(t)
        return (name, call, mine)

    def match(self, name, where, given, mine, direct):
        """(the reference's call that this one of ours is, whether it was given the same bits)"""
        near, whatever = None, name in OVERWRITING or name.startswith("init.")
        for i in range(WINDOW):
            kind, *rest = self.stream.ahead(i)
            if kind != "call":
                break
            call = rest[0]
            if call.where == where and self.names.of_torch(call.name) == name:
                if "item" in name and index(given) != index(call.args):
                    continue  # a DataLoader of ours takes all rows of a batch at once
                likeness = alike([t.detach().numpy() for t in mine], [v.array for _, v in call.given])
                if likeness == "equal" or (likeness and whatever):
                    return self.taken(i), True
                if near is None and likeness == "of one form" and direct:
                    near = i
        return (None, False) if near is None else (self.taken(near), False)

    def taken(self, i):
        self.compared["unmatched"] += i
        self.stream.drop(i)
        return self.stream.take()[1]

    def inputs_differ(self, call, mine, theirs):
        """No call of ours did that: something in between that both engines do by themselves, or memory that is not shared."""
        ours, torchs = [t.detach().numpy().copy() for t in mine], [v.array for v in theirs]
        for i, verdict in enumerate(self.judge.judge(("input", call.name, call.where), ours, torchs)):
            if not verdict.agrees:
                finding = self.finding("input", self.names.of_torch(call.name), call.where, f"input {i}", call.number)
                finding.causes = [
                    "every call before this one gave the same, so its input was changed, or not changed, by none of them:"
                    " look at views and in-place writes, and at what the engine does between calls"
                ]
                self.find(finding.said(verdict, ours[i], torchs[i]))

    def end(self, token, result):
        """The call has given its result: compare, go on with the reference's, and listen for its gradient."""
        if token is None:
            return
        if token[0] == "walk":
            self.walk_ends(token, result)
            return
        name, call, given = token
        found = tensors(result) or (given[:1] if written(name) or name == "setitem" else [])
        if not found:
            self.silent.add(name)
        if call is None:
            self.compared["unmatched"] += bool(found)
            return
        found = found + [given[k] for k in call.touched]
        ours = [t.detach().numpy() for t in found]
        if not given and alike(ours, [v.array for v in call.results]) != "equal":
            call = self.later(call, name, ours)
        theirs = [v.array for v in call.results]
        row = self.row(call, name)
        if len(ours) != len(theirs):
            finding = self.finding("output", name, call.where, "outputs", call.number)
            finding.why = f"ours gave {len(ours)} tensors, torch {len(theirs)}"
            self.find(finding)
            row[-1] = "DIFFER"
            return
        again, exact = lambda: call.again(self.engine)[0], lambda: self.oracle.again(call, wide=True)[0]
        verdicts = [EQUAL] if name in UNSET else self.judge.judge(("output", name, call.where), ours, theirs, again, exact)
        if name in ORDERS and not verdicts[-1].agrees and tied(call, ours[-1]):
            verdicts[-1] = EQUAL
        self.compared["outputs"] += len(verdicts)
        worst = max(verdicts, key=badness)
        row[5:7], row[-1] = (worst.delta, worst.kappa), "agree" if worst.agrees else "DIFFER"
        for i, verdict in enumerate(verdicts):
            if not verdict.agrees and self.find(finding := self.output(call, name, i, verdict, ours[i], theirs[i])):
                beside = i - (len(ours) - len(call.touched))
                what = dict(what="output") if beside < 0 else self.update(call, call.touched[beside])
                accuse(finding, ours[i].copy(), theirs[i], call=call, engine=self.engine, **what)
        self.go_on(call, name, found)

    def later(self, call, name, ours):
        """What is drawn from nothing may be matched too early: torch's samplers draw once more than they need. Look further."""
        for i in range(WINDOW):
            kind, *rest = self.stream.ahead(i)
            if kind != "call":
                break
            other = rest[0]
            if other.where == call.where and self.names.of_torch(other.name) == name:
                if alike(ours, [v.array for v in other.results]) == "equal":
                    return self.taken(i)
        return call

    def output(self, call, name, i, verdict, ours, theirs):
        own = len(call.results) - len(call.touched)
        label = self.named(call)[call.touched[i - own]] if i >= own else "output" if own == 1 else f"output {i}"
        finding = self.finding("output", name, call.where, label, call.number)
        finding.inputs = self.saw(call)
        return finding.said(verdict, ours, theirs)

    def update(self, call, k):
        """What the guesser is told of a tensor that a call wrote to beside."""
        name = self.named(call)[k]
        return dict(what="update", wrt=name, before={name: call.given[k][1].array})

    def named(self, call):
        return names(self.engine, call)

    def saw(self, call):
        """What both engines were given, to be shown."""
        return [{"name": n, "agrees": True} | sample(v.array) for n, (_, v) in zip(self.named(call), call.given)]

    def go_on(self, call, name, found):
        """With the reference's numbers; whoever reads a tensor is remembered until its gradient has come."""
        before = {v.serial for _, v in call.given}
        for i, (t, v) in enumerate(zip(found, call.results)):
            write(t, v.array)
            self.partners[v.serial] = ref(t)
            if t.requires_grad != v.grad and not v.leaf and v.serial not in before:
                finding = self.finding("requires_grad", name, call.where, f"output {i}", call.number)
                finding.why = f"ours {'requires' if t.requires_grad else 'does not require'} grad, torch's does{'' if v.grad else ' not'}"
                self.find(finding)
            if t.requires_grad and v.grad and t.grad_fn is not None and v.serial not in before:
                t.register_hook(partial(self.arrived, call, i))
                self.kept[t.grad_fn] = call
                for serial in before:
                    self.readers[serial].append(call)

    def row(self, call, name):
        """The call's line in the step's table."""
        shape, dtype = (list(call.results[0].array.shape), call.results[0].array.dtype.name) if call.results else ([], "")
        row = [call.number, shortened(call.where), name, shape, dtype, None, None, None, None, "agree"]
        self.step.calls[call.number] = row
        return row

    # ---------------------------------------------------------------- walks

    def walk_begins(self, name, where, given):
        """Our walk is about to begin: hear what the reference's came to, gradient by gradient."""
        if not self.until("backward", where):
            return None
        *_, loss, taped = self.stream.take()
        if self.step.loss != [None, None] and not self.stepped and not self.taped:
            self.ended()
        root = tensors(given[:1])
        self.step.loss = [root[0].item() if len(root) == 1 and root[0].numel() == 1 else None, loss]
        self.arrivals, rules = {}, []
        while (message := self.stream.take())[0] != "walked":
            if message[0] == "gradient":
                self.arrivals[message[1], message[2]] = message[3]
            elif message[0] == "rule":
                rules.append(message[1])
            elif message[0] == "end":
                self.stream.coming.appendleft(message)
                return None
        error, leaves, wanted = message[1:]
        for facts in rules:
            self.wrong_rule(facts)
        self.befores = {}
        for serial in leaves:
            leaf = self.partner(serial)
            self.befores[serial] = None if leaf is None or leaf.grad is None else leaf.grad.detach().numpy().copy()
        self.taped = self.taped or taped
        return ("walk", taped, where, error, leaves, wanted)

    def until(self, kind, where):
        """Pass over calls that ours did not make, up to the next message of this kind; False if the scripts have parted."""
        while self.stream.ahead()[0] == "call":
            self.stream.take()
            self.compared["unmatched"] += 1
        found = self.stream.ahead()
        if found[0] == kind:
            return True
        finding = self.finding("flow", kind, where, "")
        ended = f"its end, {': '.join(found[1][:2])}" if found[0] == "end" and found[1] else found[0]
        finding.why = f"ours has come to {kind}, torch to {ended}: the two runs have parted"
        self.find(finding)
        return False

    def partner(self, serial):
        found = self.partners.get(serial)
        return found and found()

    def arrived(self, call, i, g):
        """A gradient of ours is whole at a call's result: compare, and go on with the reference's."""
        theirs = self.arrivals.get((call.number, i))
        if theirs is None:
            return None
        mine = g.detach().numpy()
        verdict = self.gradient(f"output of {self.names.of_torch(call.name)}", call.where, call.results[i].serial, mine, theirs)
        if row := self.step.calls.get(call.number):
            row[7:9] = verdict.delta, verdict.kappa
        same = mine.dtype == theirs.dtype and mine.tobytes() == theirs.tobytes()
        return None if self.taped or same or mine.shape != theirs.shape else self.engine.from_numpy(theirs.copy())

    def gradient(self, label, where, serial, mine, theirs, before=None, measure=False):
        """The verdict on what arrived at a tensor: the sum of what its readers gave back, and what was there before."""
        self.compared["gradients"] += 1
        readers = [c for c in self.readers[serial] if any((c.number, j) in self.arrivals for j in range(len(c.results)))]

        def total(ask):
            parts = [back(ask, c, serial) for c in readers]
            if not parts:
                raise LookupError("nobody is known to read it")
            return [sum(parts[1:], start=parts[0]) if before is None else before + sum(parts[1:], start=parts[0])]

        def back(ask, c, serial, wide=False):
            given = [self.arrivals.get((c.number, j)) for j in range(len(c.results))]
            _, slopes = ask(c, given, wide)
            parts = [g for (_, v), g in zip(c.given, slopes) if v.serial == serial and g is not None]
            return sum(parts[1:], start=parts[0])

        ours = lambda c, given, wide: c.again(self.engine, given, wide)
        again = None if self.taped else lambda: total(ours)
        exact = lambda: total(lambda c, given, _: self.oracle.again(c, given, True))
        (verdict,) = self.judge.judge(("gradient", label, where), [mine], [theirs], again, exact, measure)
        if not verdict.agrees:
            self.blame(label, where, serial, verdict, mine.copy(), theirs, readers, before, partial(back, serial=serial))
        return verdict

    def blame(self, label, where, serial, verdict, mine, theirs, readers, before, back):
        """Whose rule is wrong? Each reader's is asked by itself, in both engines; if all are right, it is the walk that is not."""
        ours = lambda c, given, wide: c.again(self.engine, given, wide)
        guilty = False
        for c in readers:
            try:
                a, b = back(ours, c), back(self.oracle.again, c)
            except Exception:
                continue
            (own,) = self.judge.judge(("rule", c.name, c.where), [a], [b], lambda c=c: [back(ours, c)], lambda c=c: [back(self.oracle.again, c, wide=True)])
            if own.agrees:
                continue
            guilty = True
            name, k = self.names.of_torch(c.name), next(k for k, (_, v) in enumerate(c.given) if v.serial == serial)
            if row := self.step.calls.get(c.number):
                row[-1] = "DIFFER"
            wrt = self.named(c)[k]
            finding = self.finding("gradient", name, c.where, wrt, c.number).said(own, a, b)
            given = [self.arrivals.get((c.number, j)) for j in range(len(c.results))]
            finding.inputs = self.saw(c)
            finding.inputs += [{"name": "gradient of the output", "agrees": True} | sample(g) for g in given[:1] if g is not None]
            if self.find(finding):
                accuse(finding, a, b, what="gradient", call=c, engine=self.engine, upstream=given[0], wrt=wrt)
        if not guilty:
            finding = self.finding("accumulated gradient", "backward", where, label).said(verdict, mine, theirs)
            parts = {f"from {self.names.of_torch(c.name)} at {shortened(c.where)}, call {c.number}": attempt(partial(back, ours, c)) for c in readers}
            parts = {name: part for name, part in parts.items() if part is not None}
            finding.inputs = [{"name": name, "agrees": True} | sample(part) for name, part in parts.items()]
            if self.find(finding):
                beside = {} if before is None else {"grad": before}
                accuse(finding, mine, theirs, what="accumulated gradient", inputs=parts, before=beside)

    def walk_ends(self, token, result):
        """Our walk is over: the gradients that it left."""
        _, taped, where, error, leaves, wanted = token
        if error and result is not RAISED:
            finding = self.finding("error", "backward", where, "")
            finding.why = f"torch raised {error}; ours raised nothing"
            self.find(finding)
        if error or result is RAISED:
            return
        for serial, theirs in leaves.items():
            leaf = self.partner(serial)
            if leaf is None:
                continue
            name = self.label(leaf)
            if leaf.grad is None:
                finding = self.finding("accumulated gradient", "backward", ("", 0), name)
                finding.why = "torch's has a gradient, ours has none"
                self.find(finding)
                continue
            mine = leaf.grad.detach().numpy()
            verdict = self.gradient(name, ("", 0), serial, mine, theirs, self.befores.get(serial), measure=True)
            self.step.kappa[id(leaf)] = verdict.kappa
            write(leaf.grad, theirs)
        for i, (mine, (serial, theirs)) in enumerate(zip(tensors(result), wanted)):
            if theirs is not None:
                self.gradient(f"grad {i}", ("", 0), serial, mine.detach().numpy(), theirs)
                write(mine, theirs)
        for readers in self.readers.values():
            readers[:] = [c for c in readers if not any((c.number, j) in self.arrivals for j in range(len(c.results)))]
        self.arrivals, self.taped = {}, taped

    def wrong_rule(self, facts):
        """A Function's backward is not the derivative of its forward: both engines run the script's own, and so agree in it."""
        verdict = Verdict(False, abs(float(facts["ours"][facts["index"]] - facts["theirs"][facts["index"]])), 0, None, facts["index"], "")
        finding = self.finding("rule", facts["op"], facts["where"], f"input {facts['input']}", facts["number"])
        finding.said(verdict, facts["ours"], facts["theirs"])
        finding.why = "what it gives in float64 is not the derivative of forward, by the chain rule and by finite differences"
        if row := self.step.calls.get(facts["number"]):
            row[-1] = "DIFFER"
        if self.find(finding):
            accuse(finding, facts["ours"], facts["theirs"], what="rule", inputs=facts["inputs"], upstream=facts["upstream"], wrt=f"input {facts['input']}")

    # ---------------------------------------------------------------- optimizers

    def before(self, optimizer, args, kwargs):
        """An optimizer of ours is about to step: hand it what the reference's has."""
        if self.paused:
            return
        self.paused, self.stepping = True, None
        where = self.tracer_line()
        if not self.until("before", where):
            return
        _, where, options, params, grads = self.stream.take()
        self.learn(optimizer)
        ps = parameters(optimizer)
        for what, mine, theirs in (("parameter", arrays(ps), params), ("gradient", gradients(ps), grads)):
            for i, verdict in enumerate(self.judge.judge(("before", what), mine, theirs)):
                if not verdict.agrees:
                    finding = self.finding(f"{what} before the step", type(optimizer).__name__, where, self.label(ps[i]))
                    finding.causes = ["it agreed when it was last computed: what changed it since is no call of the API, as clip_grad_norm_, or an in-place write"]
                    self.find(finding.said(verdict, mine[i], theirs[i]))
        for i, (mine, theirs) in enumerate(zip(groups(optimizer), options)):
            for key in mine.keys() & theirs.keys():
                if not np.allclose(*(np.array(v, float) if isinstance(v, (int, float, tuple)) else float(hash(v)) for v in (mine[key], theirs[key])), rtol=1e-12, atol=0):
                    finding = self.finding("option", type(optimizer).__name__, where, f"{key} of group {i}")
                    finding.ours, finding.torch = (v if isinstance(v, (int, float)) else None for v in (mine[key], theirs[key]))
                    finding.why = f"ours is {mine[key]}, torch's {theirs[key]}"
                    self.find(finding)
        for p, array, grad in zip(ps, params, grads):
            write(p, array)
            if grad is not None and p.grad is not None:
                write(p.grad, grad)
        closure = any(callable(a) for a in (*args[1:], *kwargs.values()))
        self.stepping = where, snapshot(params, grads, states(optimizer)), options, closure
        self.paused = not closure

    def after(self, optimizer, args, kwargs):
        """It has stepped: compare what it made of the same numbers."""
        if self.replaying:
            return
        self.paused = False
        if self.stepping is None:
            return
        where, start, options, closure = self.stepping
        self.paused = self.replaying = True
        if self.until("after", where):
            _, params, kept = self.stream.take()
            mine, theirs = results(snapshot(arrays(parameters(optimizer)), [], states(optimizer))), results(snapshot(params, [], kept))
            mine = {key: a.copy() for key, a in mine.items()}
            verdicts = self.updates(optimizer, start, mine, theirs, closure)
            for key, verdict in verdicts.items():
                if not verdict.agrees:
                    self.wrong_update(optimizer, where, key, verdict, mine.get(key), theirs.get(key), start, options)
            settle(optimizer, params, kept)
        self.step.kappa = {self.labels.get(key, key): kappa for key, kappa in self.step.kappa.items()}
        self.paused = self.replaying = self.taped = False
        self.stepped = True
        self.ended()

    def updates(self, optimizer, start, mine, theirs, closure):
        """The verdicts on what the step made: each number may be off by so many eps of what it is the sum of."""
        self.compared["updates"] += len(theirs)
        verdicts, doubtful = {}, []
        for key in theirs.keys() | mine.keys():
            a, b = mine.get(key), theirs.get(key)
            verdicts[key] = self.judge.plain(("update", key), a, b)
            if verdicts[key] is None or (verdicts[key].agrees and verdicts[key].delta):
                doubtful.append(key)
        if not doubtful:
            return verdicts
        sigma = {}
        if not closure:
            ps = parameters(optimizer)
            grads = [p.grad for p in ps]
            _, sigma = terms(Replay(self.engine, optimizer), start)
            for p, g in zip(ps, grads):
                p.grad = g
        for key in doubtful:
            a, b = mine[key], theirs[key]
            if key not in sigma:
                verdicts[key] = self.judge.rounded(("update", key), a, b, None, None)
            else:
                kappa = kappas(a, b, sigma[key])
                worst = float(kappa.max())
                verdicts[key] = self.judge.verdict(worst <= UPDATE, a, b, kappa, worst, f"{UPDATE} eps × terms")
        return verdicts

    def wrong_update(self, optimizer, where, key, verdict, mine, theirs, start, options):
        quantity, i = key
        p, op = parameters(optimizer)[i], type(optimizer).__name__
        finding = self.finding(quantity if quantity == "parameter" else f"state {quantity}", op, where, self.label(p))
        finding.said(verdict, mine, theirs)
        before = {"grad" if what == "gradient" else what: a for (what, n), a in start.items() if n == i}
        finding.inputs = [{"name": f"{what} before", "agrees": True} | sample(a) for what, a in before.items()]
        if self.find(finding) and mine is not None and theirs is not None:
            group = next(o for g, o in zip(optimizer.param_groups, options) if any(q is p for q in g["params"]))
            accuse(finding, mine, theirs, what="update", before=before, arguments=group, wrt=quantity)

    # ---------------------------------------------------------------- the end

    def close(self, error, line):
        """The script is over here: is it there?"""
        while self.stream.ahead()[0] == "call":
            self.stream.take()
            self.compared["unmatched"] += 1
        kind, *rest = self.stream.ahead()
        theirs = rest[0] if kind == "end" else None
        if kind != "end" and error is None and not self.findings:
            finding = self.finding("flow", "end", ("", 0), "")
            finding.why = f"ours has ended, torch has come to {kind}"
            self.find(finding)
        if (error and error[0]) != (theirs and theirs[0]):
            said = [f"{e[0]}: {e[1]}" if e else "no error" for e in (error, theirs)]
            finding = self.finding("error", (error and error[3]) or "raise", (error or theirs)[2], "")
            finding.why = f"ours ended with {said[0]}; torch with {said[1]}"
            self.find(finding)
        if self.step.loss != [None, None] or self.step.calls:
            self.step.kappa = {self.labels.get(key, key): kappa for key, kappa in self.step.kappa.items()}
            self.ended()
        self.oracle.close()
        self.error, self.torch = theirs, rest[1] if kind == "end" else ""


def alike(ours, theirs):
    """Whether two lists of arrays are "equal" in every bit, or "of one form", or None of these."""
    if len(ours) != len(theirs) or any(a.shape != b.shape or a.dtype != b.dtype for a, b in zip(ours, theirs)):
        return None
    return "equal" if all(a.tobytes() == b.tobytes() for a, b in zip(ours, theirs)) else "of one form"


def index(given):
    """Of x[index] the index, as text, where it has no tensors in it."""
    return None if tensors(given[1:2]) or values(given[1:2]) else repr(given[1:2])


def tied(call, ours):
    """Whether indices that differ from the reference's point at equal numbers."""
    x, theirs = call.given[0][1].array, call.results[-1].array
    if ours.shape != theirs.shape or ours.dtype != theirs.dtype or x.ndim != ours.ndim:
        return False
    axes = [d for d in range(x.ndim) if all(n == m or d == e for e, (n, m) in enumerate(zip(x.shape, ours.shape)))]
    return any((np.take_along_axis(x, ours, d) == np.take_along_axis(x, theirs, d)).all() for d in axes)


def badness(verdict):
    return (not verdict.agrees, verdict.kappa or 0.0, verdict.delta)
