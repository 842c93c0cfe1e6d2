"""Suspects in optimizers: where ε stands, what is corrected, what the decay is added to, what is remembered, and how.

Each formula gives all that a step makes, by torch's names, and the evidence is about one of these quantities."""

import numpy as np

from .evidence import Unfit
from .suspects import formula

COMMON = dict(lr=1e-3, weight_decay=0.0, maximize=False)


class Step:
    """What an optimizer's formula begins with: its options, and the state before the step, 0 where there was none."""

    def __init__(
        self,
        e,
        up=lambda g: -g,
        coupled=lambda g, p, decay: g + decay * p,
        shrunk=lambda p, lr, decay: p * (1 - lr * decay),
        decoupled=None,
        time=lambda t: t,
    ):
        self.o, self.p, self.g, self.e = e.options, e.was("parameter"), e.was("grad"), e
        if self.p is None or self.g is None:
            raise Unfit("a step without a parameter or a gradient")
        apart = getattr(self.o, "decoupled_weight_decay", e.op == "AdamW") if decoupled is None else decoupled
        if self.o.maximize:
            self.g = up(self.g)
        if self.o.weight_decay and apart:
            self.p = shrunk(self.p, self.o.lr, self.o.weight_decay)
        elif self.o.weight_decay:
            self.g = coupled(self.g, self.p, self.o.weight_decay)
        was = e.was("step")
        self.t = time(1 if was is None else float(was) + 1)

    def was(self, name):
        a = self.e.was(name)
        return np.zeros_like(self.p) if a is None else a

    def made(self, p, **state):
        """That of the quantities which the evidence is about."""
        made = {"parameter": p, "grad": self.e.was("grad"), **state}
        return made[self.e.wrt or "parameter"]


def mean(was, x, beta):
    return beta * was + (1 - beta) * x


def decays(step, *known):
    """Declare what goes wrong with the decay, the sign and the count in every optimizer."""
    step.flaw(
        "maximize forgotten", "ours goes down, and the reference up: maximize=True turns the gradient", up=lambda g: g
    )
    step.flaw(
        "growth for decay",
        "weight decay has the wrong sign in ours: it must be added to the gradient, g + λ p, λ = {weight_decay}",
        coupled=lambda g, p, decay: g - decay * p,
    )
    step.flaw(
        "weight decay forgotten",
        "ours has no weight decay, which is {weight_decay} in the reference",
        coupled=lambda g, p, decay: g,
        shrunk=lambda p, lr, decay: p,
    )
    step.flaw(
        "half of the decay",
        "ours adds 2 λ p to the gradient: λ = {weight_decay} is the slope of λ p² / 2",
        coupled=lambda g, p, decay: g + 2 * decay * p,
    )
    step.flaw(
        "decay without lr",
        "ours shrinks the parameters by λ = {weight_decay}, where it is lr λ, lr = {lr}",
        shrunk=lambda p, lr, decay: p * (1 - decay),
    )
    step.flaw(
        "growth for decay",
        "ours grows the parameters by lr λ, and is to shrink them, λ = {weight_decay}",
        shrunk=lambda p, lr, decay: p * (1 + lr * decay),
    )
    step.flaw(
        "decay by the parameter's sign",
        "ours decays by the sign of p, as for the sum of |p|, and the reference by p",
        coupled=lambda g, p, decay: g + decay * np.sign(p),
    )


COUPLED = "ours adds the weight decay, λ = {weight_decay}, to the gradient, and so to its means; the reference shrinks the parameters by lr λ"
DECOUPLED = "ours shrinks the parameters by lr λ, λ = {weight_decay}; the reference adds λ p to the gradient, and so to its means"

# ------------------------------------------------------------------ SGD


@formula("update", "SGD", momentum=0.0, dampening=0.0, nesterov=False, **COMMON)
def sgd(
    e,
    first=lambda g, dampening: g,
    follow=lambda b, g, momentum, dampening: momentum * b + (1 - dampening) * g,
    ahead=lambda g, b, momentum: g + momentum * b,
    direction=lambda b, g: b,
    length=lambda lr, o: lr,
    borrowed=False,
    **parts,
):
    """b ← μ b + (1 - dampening) g, at first g; p ← p - lr b, or with Nesterov p - lr (g + μ b)."""
    s = Step(e, **parts)
    o, d = s.o, s.g
    b = None
    if o.momentum:
        was = e.was("momentum_buffer")
        b = first(s.g, o.dampening) if was is None else follow(was, s.g, o.momentum, o.dampening)
        d = ahead(s.g, b, o.momentum) if o.nesterov else direction(b, s.g)
    if borrowed and e.wrt == "grad":
        return b
    return s.made(s.p - length(o.lr, o) * d, momentum_buffer=b)


decays(sgd)
sgd.flaw("coupled for decoupled decay", DECOUPLED, decoupled=True)
sgd.flaw(
    "dampened start",
    "ours dampens the first gradient too, by 1 - {dampening}; torch's buffer begins with the gradient itself",
    first=lambda g, dampening: (1 - dampening) * g,
)
sgd.flaw(
    "half of Nesterov",
    "ours steps by g + b, where Nesterov's is g + μ b, μ = {momentum}",
    ahead=lambda g, b, momentum: g + b,
)
sgd.flaw(
    "Nesterov forgotten", "ours steps by b, where Nesterov's is g + μ b, μ = {momentum}", ahead=lambda g, b, momentum: b
)
sgd.flaw(
    "Nesterov twice",
    "ours steps by b + μ b, where Nesterov's is g + μ b, μ = {momentum}",
    ahead=lambda g, b, momentum: b + momentum * b,
)
sgd.flaw("momentum unused", "ours remembers the momentum, but steps by the gradient", direction=lambda b, g: g)
sgd.flaw(
    "mean for momentum",
    "ours has b ← μ b + (1 - μ) g, a mean, and torch b ← μ b + g, μ = {momentum}",
    follow=lambda b, g, momentum, dampening: momentum * b + (1 - momentum) * g,
)
sgd.flaw(
    "mean for momentum",
    "ours begins with (1 - μ) g, as a mean does, and torch with g, μ = {momentum}",
    first=lambda g, dampening: 0 * g,
)
sgd.flaw(
    "dampening ignored",
    "ours has b ← μ b + g, without 1 - dampening, {dampening}",
    follow=lambda b, g, momentum, dampening: momentum * b + g,
)
sgd.flaw(
    "momentum for 1 - momentum",
    "ours keeps 1 - μ of the buffer, and torch μ = {momentum}",
    follow=lambda b, g, momentum, dampening: (1 - momentum) * b + (1 - dampening) * g,
)
sgd.flaw(
    "momentum forgotten",
    "ours forgets the buffer: it has the new gradient only",
    follow=lambda b, g, momentum, dampening: (1 - dampening) * g,
)
sgd.flaw(
    "borrowed buffer",
    "the step has changed .grad, which now is the buffer: it was taken as it is, and not copied, and is then written to",
    borrowed=True,
)


@sgd.also
def velocity(e):
    """b has lr inside: b ← μ b + lr g, p ← p - b."""
    from .suspects import Flaw

    words = "ours has lr inside the buffer, b ← μ b + lr g, as the paper has it, and torch multiplies the step by it"
    inside = dict(
        first=lambda g, dampening: e.options.lr * g, follow=lambda b, g, m, d: m * b + e.options.lr * (1 - d) * g
    )
    yield Flaw(
        "lr inside the velocity", words, inside if e.wrt == "momentum_buffer" else dict(inside, length=lambda lr, o: 1)
    )


# ------------------------------------------------------------------ Adam and its kin

BETAS = dict(betas=(0.9, 0.999), eps=1e-8, amsgrad=False)


@formula("update", "Adam", "AdamW", **BETAS, **COMMON)
def adam(
    e,
    betas=lambda b1, b2: (b1, b2),
    square=lambda g: g * g,
    hat_m=lambda m, beta, t: m / (1 - beta**t),
    hat_v=lambda v, beta, t: v / (1 - beta**t),
    top=np.maximum,
    root=lambda v, hat, eps: np.sqrt(hat) + eps,
    new=lambda now, was: now,
    **parts,
):
    """p ← p - lr m̂ / (√v̂ + ε)."""
    s = Step(e, **parts)
    o = s.o
    beta1, beta2 = betas(*o.betas)
    m, v = mean(s.was("exp_avg"), s.g, beta1), mean(s.was("exp_avg_sq"), square(s.g), beta2)
    most = top(s.was("max_exp_avg_sq"), v) if o.amsgrad else v
    m_used, v_used = new(m, s.was("exp_avg")), new(most, s.was("exp_avg_sq"))
    p = s.p - o.lr * hat_m(m_used, o.betas[0], s.t) / root(v_used, hat_v(v_used, o.betas[1], s.t), o.eps)
    return s.made(p, exp_avg=m, exp_avg_sq=v, max_exp_avg_sq=most)


EPS = "where the reference has √v̂ + ε, ε = {eps}"
decays(adam)
adam.flaw("coupled for decoupled decay", COUPLED, decoupled=False)
adam.flaw("decoupled for coupled decay", DECOUPLED, decoupled=True)
adam.flaw("eps inside the root", f"ours divides by √(v̂ + ε), {EPS}", root=lambda v, hat, eps: np.sqrt(hat + eps))
adam.flaw("eps inside the root", f"ours divides by √(v̂ + ε²), {EPS}", root=lambda v, hat, eps: np.sqrt(hat + eps * eps))
adam.flaw(
    "eps before the hat",
    f"ours adds ε to √v before that is corrected, {EPS}",
    root=lambda v, hat, eps: (np.sqrt(v) + eps) * np.sqrt(hat / v),
)
adam.flaw("eps forgotten", f"ours divides by √v̂, {EPS}", root=lambda v, hat, eps: np.sqrt(hat))
adam.flaw("no root", f"ours divides by v̂ + ε, {EPS}", root=lambda v, hat, eps: hat + eps)
adam.flaw(
    "no bias correction of m",
    "ours does not correct the mean gradient for its start from zero: m̂ = m / (1 - β₁ᵗ)",
    hat_m=lambda m, beta, t: m,
)
adam.flaw(
    "no bias correction of v",
    "ours does not correct the mean square for its start from zero: v̂ = v / (1 - β₂ᵗ)",
    hat_v=lambda v, beta, t: v,
)
adam.flaw(
    "no bias correction",
    "ours corrects neither mean for its start from zero: m̂ = m / (1 - β₁ᵗ), v̂ = v / (1 - β₂ᵗ)",
    hat_m=lambda m, beta, t: m,
    hat_v=lambda v, beta, t: v,
)
adam.flaw(
    "corrected as in the first step",
    "ours corrects by 1 - β in every step, and not by 1 - βᵗ",
    hat_m=lambda m, beta, t: m / (1 - beta),
    hat_v=lambda v, beta, t: v / (1 - beta),
)
adam.flaw(
    "one step ahead",
    "ours corrects with t + 1, and the reference with t, which is 1 in the first step",
    time=lambda t: t + 1,
)
adam.flaw(
    "one step behind",
    "ours corrects with t - 1, and the reference with t, which is 1 in the first step",
    time=lambda t: t - 1,
)
adam.flaw("betas exchanged", "ours has β₁ and β₂ exchanged, {betas} in the reference", betas=lambda b1, b2: (b2, b1))
adam.flaw(
    "one beta for two", "ours follows g² with β₁, and the reference with β₂, {betas}", betas=lambda b1, b2: (b1, b1)
)
adam.flaw(
    "one beta for two", "ours follows g with β₂, and the reference with β₁, {betas}", betas=lambda b1, b2: (b2, b2)
)
adam.flaw(
    "beta for 1 - beta",
    "ours keeps 1 - β of its means, and the reference β, {betas}",
    betas=lambda b1, b2: (1 - b1, 1 - b2),
)
adam.flaw("amsgrad forgotten", "ours divides by v itself, and amsgrad by the largest so far", top=lambda top, v: v)
adam.flaw("square forgotten", "ours follows |g|, where v is the mean of g²", square=np.abs)
adam.flaw("the old means", "ours steps by the means before this gradient was added", new=lambda now, was: was)


@formula("update", "Adamax", **{k: v for k, v in BETAS.items() if k != "amsgrad"}, **COMMON)
def adamax(
    e, hat=lambda m, beta, t: m / (1 - beta**t), largest=lambda u, g, eps: np.maximum(u, np.abs(g) + eps), **parts
):
    """u ← max(β₂ u, |g| + ε); p ← p - lr m̂ / u."""
    s = Step(e, **parts)
    o = s.o
    m = mean(s.was("exp_avg"), s.g, o.betas[0])
    u = largest(o.betas[1] * s.was("exp_inf"), s.g, o.eps)
    return s.made(s.p - o.lr * hat(m, o.betas[0], s.t) / u, exp_avg=m, exp_inf=u)


decays(adamax)
adamax.flaw(
    "no bias correction of m",
    "ours does not correct the mean gradient for its start from zero: m̂ = m / (1 - β₁ᵗ)",
    hat=lambda m, beta, t: m,
)
adamax.flaw("one step ahead", "ours corrects with t + 1, and the reference with t", time=lambda t: t + 1)
adamax.flaw(
    "eps forgotten", "ours has max(β₂ u, |g|), without ε = {eps}", largest=lambda u, g, eps: np.maximum(u, np.abs(g))
)


@formula(
    "update", "RMSprop", lr=1e-2, alpha=0.99, eps=1e-8, momentum=0.0, centered=False, weight_decay=0.0, maximize=False
)
def rmsprop(
    e,
    share=lambda alpha: alpha,
    root=lambda v, eps: np.sqrt(v) + eps,
    centre=lambda v, m: v - m * m,
    velocity=lambda b, step, lr, mu: (mu * b + step, lr),
    **parts,
):
    """v ← α v + (1 - α) g²; p ← p - lr g / (√v + ε)."""
    s = Step(e, **parts)
    o, alpha = s.o, share(s.o.alpha)
    v, m = mean(s.was("square_avg"), s.g**2, alpha), mean(s.was("grad_avg"), s.g, alpha)
    step, b, lr = s.g / root(centre(v, m) if o.centered else v, o.eps), None, o.lr
    if o.momentum:
        b, lr = velocity(s.was("momentum_buffer"), step, o.lr, o.momentum)
        step = b
    return s.made(s.p - lr * step, square_avg=v, grad_avg=m, momentum_buffer=b)


ROOTS = "where the reference has √v + ε, ε = {eps}"
decays(rmsprop)
rmsprop.flaw("eps inside the root", f"ours divides by √(v + ε), {ROOTS}", root=lambda v, eps: np.sqrt(v + eps))
rmsprop.flaw("eps forgotten", f"ours divides by √v, {ROOTS}", root=lambda v, eps: np.sqrt(v))
rmsprop.flaw("no root", f"ours divides by v + ε, {ROOTS}", root=lambda v, eps: v + eps)
rmsprop.flaw(
    "alpha for 1 - alpha",
    "ours keeps 1 - α of the mean square, and the reference α = {alpha}",
    share=lambda alpha: 1 - alpha,
)
rmsprop.flaw("not centred", "ours divides by √v, where centered=True divides by √(v - m²)", centre=lambda v, m: v)
rmsprop.flaw(
    "lr inside the velocity",
    "ours has lr inside the buffer, b ← μ b + lr g / √v",
    velocity=lambda b, step, lr, mu: (mu * b + lr * step, 1),
)


@formula(
    "update",
    "Adagrad",
    lr=1e-2,
    lr_decay=0.0,
    eps=1e-10,
    initial_accumulator_value=0.0,
    weight_decay=0.0,
    maximize=False,
)
def adagrad(
    e,
    total=lambda was, g: was + g * g,
    root=lambda s, eps: np.sqrt(s) + eps,
    rate=lambda lr, decay, t: lr / (1 + (t - 1) * decay),
    **parts,
):
    """s ← s + g²; p ← p - lr g / (√s + ε)."""
    s = Step(e, **parts)
    o = s.o
    squares = total(s.was("sum"), s.g)
    return s.made(s.p - rate(o.lr, o.lr_decay, s.t) * s.g / root(squares, o.eps), sum=squares)


SUMS = "where the reference has √s + ε, ε = {eps}"
decays(adagrad)
adagrad.flaw("eps inside the root", f"ours divides by √(s + ε), {SUMS}", root=lambda s, eps: np.sqrt(s + eps))
adagrad.flaw("eps forgotten", f"ours divides by √s, {SUMS}", root=lambda s, eps: np.sqrt(s))
adagrad.flaw("no root", f"ours divides by s + ε, {SUMS}", root=lambda s, eps: s + eps)
adagrad.flaw("nothing kept", "ours has the last g² only, where s is the sum of all", total=lambda was, g: g * g)
adagrad.flaw("the old sum", "ours divides by the root of the sum before this g² was added", total=lambda was, g: was)
adagrad.flaw(
    "one step ahead",
    "ours lets lr fall with t, and the reference with t - 1, lr_decay = {lr_decay}",
    time=lambda t: t + 1,
)
adagrad.flaw("lr_decay ignored", "ours does not let lr fall: lr_decay = {lr_decay}", rate=lambda lr, decay, t: lr)


@formula("update", "Adadelta", lr=1.0, rho=0.9, eps=1e-6, weight_decay=0.0, maximize=False)
def adadelta(
    e,
    share=lambda rho: rho,
    root=lambda v, eps: np.sqrt(v + eps),
    by=lambda lr: lr,
    moved=lambda delta, g: delta,
    before=True,
    **parts,
):
    """Δ = g √(u + ε) / √(v + ε); u ← ρ u + (1 - ρ) Δ²; p ← p - lr Δ."""
    s = Step(e, **parts)
    o, rho = s.o, share(s.o.rho)
    v, u = mean(s.was("square_avg"), s.g**2, rho), s.was("acc_delta")
    delta = s.g * root(u, o.eps) / root(v, o.eps)
    u = mean(u, moved(delta, s.g) ** 2, rho)
    return s.made(s.p - by(o.lr) * delta, square_avg=v, acc_delta=u)


decays(adadelta)
adadelta.flaw(
    "eps outside the root",
    "ours has √v + ε, where the reference has √(v + ε), ε = {eps}",
    root=lambda v, eps: np.sqrt(v) + eps,
)
adadelta.flaw(
    "rho for 1 - rho", "ours keeps 1 - ρ of its means, and the reference ρ = {rho}", share=lambda rho: 1 - rho
)
adadelta.flaw("lr ignored", "ours steps by Δ, and the reference by lr Δ, lr = {lr}", by=lambda lr: 1.0)
adadelta.flaw("g for Δ", "ours follows g², where u is the mean of Δ²", moved=lambda delta, g: g)


@formula(
    "update",
    "NAdam",
    lr=2e-3,
    betas=(0.9, 0.999),
    eps=1e-8,
    momentum_decay=4e-3,
    weight_decay=0.0,
    maximize=False,
    decoupled_weight_decay=False,
)
def nadam(
    e,
    root=lambda v, eps: np.sqrt(v) + eps,
    hat_v=lambda v, beta, t: v / (1 - beta**t),
    warm=lambda beta, t, psi: beta * (1 - 0.5 * 0.96 ** (t * psi)),
    ahead=1,
    **parts,
):
    """Adam, by a mean that is one step ahead: g once more, and m with the next μ."""
    s = Step(e, **parts)
    o, t = s.o, s.t
    beta1, beta2 = o.betas
    m, v = mean(s.was("exp_avg"), s.g, beta1), mean(s.was("exp_avg_sq"), s.g**2, beta2)
    mu, nxt = warm(beta1, t, o.momentum_decay), warm(beta1, t + ahead, o.momentum_decay)
    was = e.was("mu_product")
    so_far = (1.0 if was is None else float(was)) * mu
    by = (1 - mu) * s.g / (1 - so_far) + nxt * m / (1 - so_far * nxt)
    return s.made(
        s.p - o.lr * by / root(hat_v(v, beta2, t), o.eps), exp_avg=m, exp_avg_sq=v, mu_product=np.asarray(so_far)
    )


decays(nadam)
nadam.flaw("coupled for decoupled decay", COUPLED, decoupled=False)
nadam.flaw("decoupled for coupled decay", DECOUPLED, decoupled=True)
nadam.flaw("eps inside the root", f"ours divides by √(v̂ + ε), {EPS}", root=lambda v, eps: np.sqrt(v + eps))
nadam.flaw("eps forgotten", f"ours divides by √v̂, {EPS}", root=lambda v, eps: np.sqrt(v))
nadam.flaw(
    "no bias correction of v",
    "ours does not correct the mean square for its start from zero",
    hat_v=lambda v, beta, t: v,
)
nadam.flaw(
    "momentum not warmed up",
    "ours has μ = β₁ from the start, and the reference μₜ = β₁ (1 - 0.96^(t ψ) / 2)",
    warm=lambda beta, t, psi: beta,
)
nadam.flaw("not one ahead", "ours weighs m with this step's μ, and the reference with the next one's", ahead=0)
nadam.flaw("one step ahead", "ours counts t + 1, and the reference t", time=lambda t: t + 1)


@formula(
    "update",
    "RAdam",
    lr=1e-3,
    betas=(0.9, 0.999),
    eps=1e-8,
    weight_decay=0.0,
    maximize=False,
    decoupled_weight_decay=False,
)
def radam(
    e,
    root=lambda v, correction, eps: (np.sqrt(v) + eps) / np.sqrt(correction),
    hat_m=lambda m, beta, t: m / (1 - beta**t),
    rectified=True,
    limit=5,
    **parts,
):
    """Adam whose step is r lr m̂ / √v̂ once ρ > 5, and lr m̂ before."""
    s = Step(e, **parts)
    o, t = s.o, s.t
    beta1, beta2 = o.betas
    m, v = mean(s.was("exp_avg"), s.g, beta1), mean(s.was("exp_avg_sq"), s.g**2, beta2)
    correction, most = 1 - beta2**t, 2 / (1 - beta2) - 1
    rho = most - 2 * t * beta2**t / correction
    by = hat_m(m, beta1, t)
    if rho > limit:
        r = np.sqrt((rho - 4) * (rho - 2) * most / ((most - 4) * (most - 2) * rho))
        by = by * (r if rectified else 1) / root(v, correction, o.eps)
    return s.made(s.p - o.lr * by, exp_avg=m, exp_avg_sq=v)


decays(radam)
radam.flaw("coupled for decoupled decay", COUPLED, decoupled=False)
radam.flaw("decoupled for coupled decay", DECOUPLED, decoupled=True)
radam.flaw(
    "eps after the hat",
    "ours adds ε to √v̂, as Adam does; torch's RAdam adds it to √v, before that is corrected",
    root=lambda v, correction, eps: np.sqrt(v / correction) + eps,
)
radam.flaw(
    "eps inside the root",
    "ours has ε inside the root, ε = {eps}",
    root=lambda v, correction, eps: np.sqrt(v / correction + eps),
)
radam.flaw(
    "no bias correction of m",
    "ours does not correct the mean gradient for its start from zero",
    hat_m=lambda m, beta, t: m,
)
radam.flaw("not rectified", "ours lacks the factor r, by which the step is rectified", rectified=False)
radam.flaw("another threshold", "ours rectifies from ρ > 4 on, as the paper does, and torch from ρ > 5", limit=4)
radam.flaw("one step ahead", "ours counts t + 1, and the reference t", time=lambda t: t + 1)

# ------------------------------------------------------------------ around the step


@formula("accumulated gradient", "clip_grad_norm_", norm_type=2.0)
def clipped(e, share=lambda ratio: min(1.0, ratio), tiny=1e-6):
    """g · min(1, max_norm / (norm + 1e-6))."""
    o, g = e.options, e.was("grad")
    norm = getattr(o, "total_norm", None)
    norm = np.linalg.norm(g.ravel(), ord=float(o.norm_type)) if norm is None else float(norm)
    return g * share(float(o.max_norm) / (norm + tiny))


clipped.flaw(
    "clipped to a length",
    "ours makes gradients as long as max_norm = {max_norm}, also those that are shorter",
    share=lambda ratio: ratio,
)
clipped.flaw("not clipped", "ours is not clipped to max_norm = {max_norm}", share=lambda ratio: 1.0)


@formula("update", "StepLR", gamma=0.1)
def step_lr(e, falls=lambda t, size: t // size):
    """lr γ^⌊t / size⌋."""
    o = e.options
    return np.asarray(o.initial_lr * o.gamma ** falls(int(o.last_epoch), o.step_size))


step_lr.flaw(
    "a step too soon",
    "ours lets the learning rate fall one step before it is due, step_size = {step_size}",
    falls=lambda t, size: (t + 1) // size,
)
step_lr.flaw(
    "a step too late",
    "ours lets the learning rate fall one step after it is due, step_size = {step_size}",
    falls=lambda t, size: max(t - 1, 0) // size,
)
