"""The local view: after each call ours goes on with the reference's numbers, so that whatever differs is itself wrong.

The order of the messages is the script's: calls (matching.py), walks and what arrives in them (arrivals.py), the optimizers'
steps (updates.py)."""

from functools import partial
from weakref import ref

import numpy as np

from .arrivals import Arrivals, inner
from .calls import tensors, write, written
from .compare import EQUAL, Judge, Verdict
from .evidence import accuse, names
from .found import sample, shortened
from .matching import Matching, tied
from .stream import Oracle
from .tracer import RAISED
from .updates import Updates
from .view import WALKS, View

UNSET = {"empty", "empty_like", "empty_strided", "new_empty", "new_empty_strided"}  # whatever was in that memory
ORDERS = {"sort", "argsort", "topk", "kthvalue", "median", "mode"}  # whose indices among equals nobody promises


class Local(View):
    name = "local"

    def __init__(self, engine, stream, progress, names, stochastic=True):
        super().__init__(engine, stream, progress)
        self.names, self.judge, self.oracle = names, Judge(stochastic), Oracle()
        self.matching, self.arrivals, self.updates = Matching(stream, names), Arrivals(self), Updates(self)
        self.partners = {}  # serial -> our tensor
        self.silent = set()  # functions that give no tensor
        self.left = {}  # id of a leaf of ours -> the gradient that the last walk left it
        self.taped = False  # whether a walk was itself recorded, to be differentiated

    # ---------------------------------------------------------------- calls

    def begin(self, name, where, given, direct=True):
        """A call of ours begins: find the reference's, and hand it the same inputs. `direct`: by the script, or by a module."""
        if self.paused or name in self.silent:
            return None
        if name in WALKS:
            return self.walk_begins(where, given)
        mine = tensors(given)
        call, agreeing = self.matching.match(name, where, given, direct)
        if call is None:
            return (name, None, mine) if direct else None
        if not agreeing:
            self.inputs_differ(call, mine)
        for t, (_, v) in zip(mine, call.given):
            write(t, v.array)
            self.partners[v.serial] = ref(t)
        return name, call, mine

    def inputs_differ(self, call, mine):
        """No call of ours did that: something in between that both engines do by themselves, or memory that is not shared."""
        ours, theirs = [t.detach().numpy().copy() for t in mine], [v.array for _, v in call.given]
        for i, verdict in enumerate(self.judge.judge(("input", call.name, call.where), ours, theirs)):
            if not verdict.agrees:
                name = self.names.of_torch(call.name)
                finding = self.finding("input", name, call.where, self.named(call)[i], call.number)
                finding.causes = [
                    (
                        "every call before this one gave the same, so its input was changed, or not changed, by none of them:"
                        " look at views and in-place writes, and at what the engine does between calls"
                    )
                ]
                self.find(finding.said(verdict, ours[i], theirs[i]))

    def end(self, token, result):
        """The call has given its result: compare, go on with the reference's, and listen for its gradient."""
        if token is None:
            return
        if token[0] == "walk":
            self.walk_ends(*token[1:], result)
            return
        name, call, given = token
        if result is RAISED:
            return
        found = tensors(result) or (given[:1] if written(name) or name == "setitem" else [])
        if not found:
            self.silent.add(name)
        if call is None:
            self.compared["unmatched"] += bool(found)
            return
        found = found + [given[k] for k in call.touched]
        ours = [t.detach().numpy() for t in found]
        if not given and name not in UNSET:
            call = self.matching.drawn(call, name, ours)
        self.row(call, name)
        if len(ours) != len(call.results):
            finding = self.finding("output", name, call.where, "outputs", call.number)
            finding.why = f"ours gave {len(ours)} tensors, torch {len(call.results)}"
            self.find(finding)
            self.mark(call.number)
            return
        self.results_compared(call, name, ours)
        self.go_on(call, name, found, given)

    def results_compared(self, call, name, ours):
        theirs = [v.array for v in call.results]
        again, exact = lambda: call.again(self.engine)[0], lambda: self.oracle.again(call, wide=True)[0]
        if name in UNSET:
            verdicts = [EQUAL]
        else:
            verdicts = self.judge.judge(
                ("output", name, call.where), ours, theirs, again, exact, partial(self.reach_of, call)
            )
        if name in ORDERS and not verdicts[-1].agrees and tied(call, ours[-1]):
            verdicts[-1] = EQUAL
        self.compared["outputs"] += len(verdicts)
        self.mark(call.number, 5, max(verdicts, key=badness))
        for i, verdict in enumerate(verdicts):
            if not verdict.agrees:
                self.wrong_result(call, name, i, verdict, ours[i].copy(), theirs[i])

    def reach_of(self, call):
        """What it does to each result, or tensor written to beside, if what the call read is rounded once more."""
        exact, _ = self.oracle.again(call, wide=True)
        moved = [self.oracle.again(call, wide=True, seed=seed)[0] for seed in range(3)]
        return [np.sqrt(np.mean([np.square(m - e) for m in ms], 0)) for e, *ms in zip(exact, *moved)]

    def wrong_result(self, call, name, i, verdict, ours, theirs):
        """A result differs, or, after the results, a tensor that the call wrote to beside, as a norm its running mean."""
        beside = i - (len(call.results) - len(call.touched))
        if beside < 0:
            label, what = "output" if len(call.results) == 1 else f"output {i}", dict(what="output")
        else:
            label = self.named(call)[call.touched[beside]]
            before = {label: call.given[call.touched[beside]][1].array}
            what = dict(what="update", wrt=label, before=before)
        finding = self.finding("output", name, call.where, label, call.number).said(verdict, ours, theirs)
        finding.inputs = self.saw(call)
        if self.find(finding):
            accuse(finding, ours, theirs, call=call, engine=self.engine, **what)

    def go_on(self, call, name, found, given):
        """With the reference's numbers; whoever reads a tensor is remembered until its gradient has come."""
        before, inside = {v.serial for _, v in call.given}, inner(found, given)
        for i, (t, v) in enumerate(zip(found, call.results)):
            write(t, v.array)
            self.partners[v.serial] = ref(t)
            if v.serial in before:
                continue
            if t.requires_grad != v.grad and not v.leaf:
                finding = self.finding("requires_grad", name, call.where, f"output {i}", call.number)
                does = "requires" if t.requires_grad else "does not require"
                finding.why = f"ours {does} grad, torch's does{'' if v.grad else ' not'}"
                self.find(finding)
            if t.requires_grad and v.grad and t.grad_fn is not None:
                if t.grad_fn not in inside:
                    t.register_hook(partial(self.arrived, call, i))  # which keeps the call alive as long as the graph
                self.arrivals.read(call)

    # ---------------------------------------------------------------- what is shown of a call

    def row(self, call, name):
        """The call's line in the step's table."""
        shape, dtype = (
            (list(call.results[0].array.shape), call.results[0].array.dtype.name) if call.results else ([], "")
        )
        line = shortened(call.where)
        self.step.calls[call.number] = [call.number, line, name, shape, dtype, None, None, None, None, "agree"]

    def mark(self, number, column=None, verdict=None):
        """Enter a verdict in the call's line, at |Δ| and κ of its results or of their gradients; without one, that it differs."""
        if row := self.step.calls.get(number):
            if column:
                row[column : column + 2] = verdict.delta, verdict.kappa
            if verdict is None or not verdict.agrees:
                row[-1] = "DIFFER"

    def named(self, call):
        return names(self.engine, call)

    def saw(self, call):
        """What both engines were given."""
        return [{"name": n, "agrees": True} | sample(v.array) for n, (_, v) in zip(self.named(call), call.given)]

    # ---------------------------------------------------------------- walks

    def reach(self, kind, where):
        """Pass over calls that ours did not make, up to the next message of this kind; False if the scripts have parted."""
        found = self.matching.pass_over()
        if found == kind:
            return True
        error = self.stream.ahead()[1] if found == "end" else None
        finding = self.finding("flow", kind, where, "")
        finding.why = f"ours has come to {kind}, torch to {found}{': ' + ': '.join(error[:2]) if error else ''}"
        self.find(finding)
        return False

    def walk_begins(self, where, given):
        """Our walk is about to begin: hear what the reference's came to, gradient by gradient."""
        if not self.reach("backward", where):
            return None
        *_, loss, taped = self.stream.take()
        self.loss(given, loss, self.taped)
        self.arrivals.again, self.taped = self.taped, self.taped or taped
        self.arrivals.closed = not self.taped
        while (message := self.stream.take())[0] != "walked":
            if message[0] == "gradient":
                self.arrivals.theirs[message[1], message[2]] = message[3]
            elif message[0] == "rule":
                self.wrong_rule(message[1])
            else:
                self.stream.give_back(message)
                return None
        error, leaves, wanted = message[1:]
        grads = {serial: leaf.grad for serial in leaves if (leaf := self.partner(serial)) is not None}
        earlier = {serial: None if g is None else g.detach().numpy().copy() for serial, g in grads.items()}
        return "walk", where, taped, error, leaves, wanted, earlier

    def partner(self, serial):
        found = self.partners.get(serial)
        return found and found()

    def arrived(self, call, i, g):
        """A gradient of ours is whole at a call's result: compare, and go on with the reference's."""
        theirs = self.arrivals.theirs.get((call.number, i))
        if theirs is None:
            return None
        mine, label = g.detach().numpy(), f"output of {self.names.of_torch(call.name)}"
        verdict = self.arrivals.judge(label, call.where, call.results[i].serial, mine, theirs, inner=True)
        if row := self.step.calls.get(call.number):
            row[7:9] = verdict.delta, verdict.kappa
        same = mine.dtype == theirs.dtype and mine.tobytes() == theirs.tobytes()
        return None if self.taped or same or mine.shape != theirs.shape else self.engine.from_numpy(theirs.copy())

    def walk_ends(self, where, taped, error, leaves, wanted, earlier, result):
        """Our walk is over: the gradients that it left, and those that it gave."""
        if error and result is not RAISED:
            finding = self.finding("error", "backward", where, "")
            finding.why = f"torch raised {error}; ours raised nothing"
            self.find(finding)
        if not error and result is not RAISED:
            for serial, theirs in leaves.items():
                self.leaf_compared(serial, theirs, earlier.get(serial))
            for i, (mine, (serial, theirs)) in enumerate(zip(tensors(result), wanted)):
                if theirs is not None:
                    self.arrivals.judge(f"grad {i}", where, serial, mine.detach().numpy(), theirs)
                    write(mine, theirs)
        self.arrivals.forget()
        self.partners = {serial: t for serial, t in self.partners.items() if t() is not None}
        self.taped = taped

    def leaf_compared(self, serial, theirs, before):
        leaf = self.partner(serial)
        if leaf is None:
            return
        name = self.label(leaf)
        if leaf.grad is None:
            finding = self.finding("accumulated gradient", "backward", ("", 0), name)
            finding.why = "torch's has a gradient, ours has none"
            self.find(finding)
            return
        verdict = self.arrivals.judge(name, ("", 0), serial, leaf.grad.detach().numpy(), theirs, before, measure=True)
        self.step.kappa[id(leaf)] = verdict.kappa
        self.left[id(leaf)] = theirs
        write(leaf.grad, theirs)

    def wrong_rule(self, facts):
        """A Function's backward is not the derivative of its forward: both engines run the script's own, and so agree in it."""
        ours, theirs, index = facts["ours"], facts["theirs"], facts["index"]
        verdict = Verdict(False, abs(float(ours[index] - theirs[index])), 0, None, index)
        finding = self.finding("rule", facts["op"], facts["where"], f"input {facts['input']}", facts["number"])
        finding.said(verdict, ours, theirs)
        finding.why = (
            "what it gives in float64 is not the derivative of forward, by the chain rule and by finite differences"
        )
        finding.inputs = [{"name": name, "agrees": True} | sample(a) for name, a in facts["inputs"].items()]
        self.mark(facts["number"])
        if self.find(finding):
            about = dict(inputs=facts["inputs"], upstream=facts["upstream"], wrt=f"input {facts['input']}")
            accuse(finding, ours, theirs, what="rule", **about)

    # ---------------------------------------------------------------- steps, and the end

    def before(self, optimizer, args, kwargs):
        if self.paused:
            return None
        self.paused = True  # nor what we call ourselves
        self.updates.before(optimizer, any(callable(a) for a in (*args[1:], *kwargs.values())))
        return self.pause(args, kwargs)

    def after(self, optimizer, args, kwargs):
        if not self.updates.replaying:
            self.paused = True
            self.updates.after(optimizer)
            self.paused = self.taped = False
            self.stepped = True
            self.ended()

    def ended(self):
        self.step.kappa = {self.labels.get(key, key): kappa for key, kappa in self.step.kappa.items()}
        super().ended()

    def close(self, error):
        """The script is over here: is it there?"""
        kind = self.matching.pass_over()
        theirs = self.stream.ahead()[1] if kind == "end" else None
        if kind != "end" and error is None and not self.findings:
            finding = self.finding("flow", "end", ("", 0), "")
            finding.why = f"ours has ended, torch has come to {kind}"
            self.find(finding)
        if (error and error[0]) != (theirs and theirs[0]):
            said = [f"{e[0]}: {e[1]}" if e else "no error" for e in (error, theirs)]
            finding = self.finding("error", (error and error[3]) or "raise", (error or theirs)[2], "")
            finding.why = f"ours ended with {said[0]}; torch with {said[1]}"
            self.find(finding)
        self.compared["unmatched"] += self.matching.unmatched
        self.oracle.close()
        super().close(error)


def badness(verdict):
    return (not verdict.agrees, verdict.kappa or 0.0, verdict.delta)
