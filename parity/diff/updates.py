"""An optimizer's step in both engines, from the same parameters, gradients and state: each number by the terms it is the sum of."""

from weakref import WeakKeyDictionary

import numpy as np

from tinygrad_edu.testing.judge import UPDATE, kappas
from tinygrad_edu.testing.updates import terms

from .between import clipping, schedule, shared
from .evidence import accuse
from .found import sample
from .optimizers import Replay, arrays, gradients, groups, parameters, results, settle, snapshot, states


class Updates:
    """Called before and after each step of an optimizer of ours."""

    def __init__(self, view):
        self.view, self.began, self.replaying = view, None, False
        self.kept = WeakKeyDictionary()  # optimizer -> what the reference's remembered after its last step

    def before(self, optimizer, closure):
        """Hear what the reference's step reads, compare it with what ours would, and hand that over."""
        view, self.began = self.view, None
        if not view.reach("before", view.here()):
            return
        _, where, options, params, grads = view.stream.take()
        view.learn(optimizer)
        ps = parameters(optimizer)
        for what, mine, theirs in (("parameter", arrays(ps), params), ("gradient", gradients(ps), grads)):
            for i, verdict in enumerate(view.judge.judge(("before", what), mine, theirs)):
                if not verdict.agrees:
                    self.changed_between(what, optimizer, where, ps[i], verdict, mine[i], theirs[i])
        for i, (mine, theirs) in enumerate(zip(groups(optimizer), options)):
            for key in mine.keys() & theirs.keys():
                if isinstance(theirs[key], (float, tuple)) and not nearly(mine[key], theirs[key]):
                    self.wrong_option(optimizer, where, i, key, mine, theirs)
        self.kept_between(optimizer, where)
        settle(optimizer, params, [{}] * len(params), grads)
        for mine, theirs in zip(optimizer.param_groups, options):
            mine.update({key: value for key, value in theirs.items() if isinstance(mine.get(key), float)})
        view.clip = None
        self.began = where, snapshot(params, grads, states(optimizer)), options, closure

    def kept_between(self, optimizer, where):
        """What the optimizer remembers must be what it remembered after its last step."""
        for i, (mine, theirs) in enumerate(zip(states(optimizer), self.kept.get(optimizer, ()))):
            for key in mine.keys() & theirs.keys():
                a, b = np.asarray(mine[key]), np.asarray(theirs[key])
                (verdict,) = self.view.judge.judge(("kept", key), [a], [b])
                if not verdict.agrees:
                    self.changed_between(
                        f"state {key}", optimizer, where, parameters(optimizer)[i], verdict, a.copy(), b
                    )

    def changed_between(self, what, optimizer, where, p, verdict, mine, theirs):
        """Clipping has, if there was any, or else something that is no call which was compared."""
        view, op = self.view, type(optimizer).__name__
        clipped = what == "gradient" and view.clip is not None
        if clipped:
            op, where = "clip_grad_norm_", view.clip["where"]
        finding = view.finding(f"{what} before the step", op, where, view.label(p)).said(verdict, mine, theirs)
        if not view.find(finding):
            return
        finding.causes, finding.suspects = shared(optimizer, view.label)
        left = [view.left.get(id(q)) for q in parameters(optimizer) if q.grad is not None]
        if clipped and not finding.causes and all(g is not None for g in left):
            before, arguments = {"grad": view.left[id(p)]}, clipping(view.clip, left)
            accuse(finding, mine, theirs, what="accumulated gradient", before=before, arguments=arguments)
        if not finding.causes:
            finding.causes = [
                (
                    "it agreed when it was last computed: what has changed it since, or should have, is no call that was"
                    " compared, as zero_grad, clip_grad_norm_ or a write to .data"
                )
            ]

    def wrong_option(self, optimizer, where, i, key, mine, theirs):
        """An option of a group is another, as a learning rate that a schedule has set."""
        view, op, arguments = self.view, type(optimizer).__name__, mine
        if key == "lr" and (sets := schedule(view.engine, optimizer)):
            op, arguments = type(sets).__name__, mine | vars(sets)
        finding = view.finding("option", op, where, f"{key} of group {i}")
        finding.ours, finding.torch = (v if isinstance(v, (int, float)) else None for v in (mine[key], theirs[key]))
        finding.why = f"ours is {mine[key]}, torch's {theirs[key]}"
        if view.find(finding):
            accuse(finding, *map(np.asarray, (mine[key], theirs[key])), what="update", wrt=key, arguments=arguments)

    def after(self, optimizer):
        """Compare what the step made of it, and go on with the reference's."""
        view = self.view
        if self.began is None or not view.reach("after", ("", 0)):
            return
        where, start, options, closure = self.began
        _, params, kept = view.stream.take()
        mine = {k: a.copy() for k, a in results(snapshot(arrays(parameters(optimizer)), [], states(optimizer))).items()}
        theirs = results(snapshot(params, [], kept))
        verdicts = self.verdicts(optimizer, start, mine, theirs, closure)
        for key in sorted(verdicts, key=first):
            if not (verdict := verdicts[key]).agrees:
                self.wrong(optimizer, where, key, verdict, mine.get(key), theirs.get(key), start, options)
        settle(optimizer, params, kept)
        self.kept[optimizer] = kept

    def verdicts(self, optimizer, start, mine, theirs, closure):
        """The verdicts on what the step made: each number may be off by so many eps of what it is the sum of."""
        judge = self.view.judge
        self.view.compared["updates"] += len(theirs)
        found = {
            key: judge.plain(("update", key), mine.get(key), theirs.get(key)) for key in theirs.keys() | mine.keys()
        }
        doubtful = [key for key, verdict in found.items() if verdict is None or (verdict.agrees and verdict.delta)]
        sigma = self.sigma(optimizer, start) if doubtful and not closure else {}
        for key in doubtful:
            a, b = mine[key], theirs[key]
            if key in sigma:
                kappa = kappas(a, b, sigma[key])
                worst = float(kappa.max())
                found[key] = judge.verdict(worst <= UPDATE, a, b, kappa, worst, f"{UPDATE} eps × terms")
            else:  # (a step with a closure makes many evaluations, and cannot be taken again)
                found[key] = judge.rounded(("update", key), a, b, None)
        return found

    def sigma(self, optimizer, start):
        """eps times the terms of each number, by taking the step again and again."""
        ps = parameters(optimizer)
        grads, kept, self.replaying = [p.grad for p in ps], dict(optimizer.state), True
        try:
            return terms(Replay(self.view.engine, optimizer), start)[1]
        finally:
            self.replaying = False
            for p, g in zip(ps, grads):
                p.grad = g
            optimizer.state.clear()
            optimizer.state.update(kept)  # itself, in whatever memory it is

    def wrong(self, optimizer, where, key, verdict, mine, theirs, start, options):
        quantity, i = key
        p = parameters(optimizer)[i]
        what = quantity if quantity == "parameter" else f"state {quantity}"
        finding = self.view.finding(what, type(optimizer).__name__, where, self.view.label(p))
        finding.said(verdict, mine, theirs)
        before = {"grad" if what == "gradient" else what: a for (what, n), a in start.items() if n == i}
        finding.inputs = [{"name": f"{what} before", "agrees": True} | sample(a) for what, a in before.items()]
        if self.view.find(finding):
            group = next(o for g, o in zip(optimizer.param_groups, options) if any(q is p for q in g["params"]))
            accuse(finding, mine, theirs, what="update", before=before, arguments=group, wrt=quantity)


def first(key):
    """What is remembered goes before what is made of it."""
    quantity, i = key
    return quantity == "parameter", i, quantity


def nearly(mine, theirs):
    """Whether two options are the same: learning rates are products, and may be rounded."""
    if isinstance(mine, float) and isinstance(theirs, float):
        return mine == theirs or abs(mine - theirs) <= 1e-12 * abs(theirs)
    if isinstance(mine, tuple) and isinstance(theirs, tuple):
        return len(mine) == len(theirs) and all(map(nearly, mine, theirs))
    return mine == theirs
