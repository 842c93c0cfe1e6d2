"""The doctor's visit: hooks on a model and its optimizers, from one step to the next, and what they tell."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ..autograd.anomaly_mode import users_line
from ..nn import Module
from ..nn.batchnorm import BatchNorm
from ..nn.dropout import DropoutModule
from ..optim import Optimizer
from ..tensor import Tensor
from ..thread import thread, watching
from ..users import warn
from .diagnosis import Diagnosis, DoctorWarning
from .observer import Observer

LONG = 1  # a step is long if it is as long as the weights ...
WORSE = 2  # ... and too long if the loss is twice what it was, and the step before was long, too
GONE = 1e-8  # a layer's gradient has vanished if it is smaller than the largest layer's by this


class doctor:
    """Watches a training loop while it is open, and warns, once for each illness, as soon as it is sure.

    `optimizer` is one, or a list. Nothing is watched outside, and nothing is changed: the numbers of the training are the
    same to the bit. `print(doctor)` shows all diagnoses: the illness, the first step and the line that show it, what was
    seen, why that is one, and the fix. What may be meant is no illness: gradients accumulated over several backward calls,
    frozen layers, several optimizers, closures.

    >>> import tinygrad_edu as tg
    >>> model = tg.nn.Linear(2, 1)
    >>> optimizer = tg.optim.SGD(model.parameters(), lr=0.1)
    >>> with tg.doctor(model, optimizer) as doctor:
    ...     for _ in range(2):
    ...         optimizer.zero_grad()
    ...         model(tg.ones(4, 2)).mean().backward()
    ...         optimizer.step()
    >>> print(doctor)
    healthy, as far as 2 steps show
    """

    def __init__(self, model: Module, optimizer: Optimizer | Sequence[Optimizer]) -> None:
        self.model = model
        self.optimizers = [optimizer] if isinstance(optimizer, Optimizer) else list(optimizer)
        self.steps, self.diagnoses, self.handles = 0, list[Diagnosis](), list[Any]()
        self.was: tuple[float, float | None] = 0.0, None  # how long the last step was, and its loss
        self.names = {id(p): name for name, p in model.named_parameters()}
        self.patients = {id(opt): [Patient(p) for p in parameters_of(opt)] for opt in self.optimizers}
        everyone = [patient.parameter for patients in self.patients.values() for patient in patients]
        self.observer = Observer(self.report, [*model.parameters(), *everyone])

    def __enter__(self) -> "doctor":
        for opt in self.optimizers:
            self.handles += [opt.register_step_pre_hook(self.before), opt.register_step_post_hook(self.after)]
            for patient in self.patients[id(opt)]:
                self.handles += patient.hooked()
        self.handles.append(self.model.register_forward_pre_hook(self.called))
        self.watch = watching(self.observer)
        self.watch.__enter__()
        return self

    def __exit__(self, *_: Any) -> None:
        self.watch.__exit__()
        for handle in self.handles:
            handle.remove()

    def __str__(self) -> str:
        said = "\n\n".join(map(str, self.diagnoses))
        return said or f"healthy, as far as {self.steps} steps show"

    def report(self, name: str, evidence: str, line: str | None = None) -> None:
        """Note an illness that was not seen before, and warn at the user's line."""
        if all(found.name != name for found in self.diagnoses):
            self.diagnoses.append(Diagnosis(name, self.steps + 1, line or users_line(), evidence))
            warn(str(self.diagnoses[-1]), DoctorWarning)

    def name(self, parameter: Tensor) -> str:
        return self.names.get(id(parameter), f"a parameter of shape {tuple(parameter.shape)}")

    # ---------------------------------------------------------------- at each step

    def before(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        """The gradients are complete, unless a closure is going to compute them."""
        patients = self.patients[id(optimizer)]
        if not self.steps:
            self.left_out()
        if not any((*args[1:], *kwargs.values())):  # no closure
            self.untouched(patients)
        self.used_before(patients)
        for patient in patients:
            patient.weights = patient.parameter.detach().numpy().copy()

    def after(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        """The step was taken."""
        patients = [patient for patient in self.patients[id(optimizer)] if patient.parameter.grad is not None]
        self.lengths(patients)
        self.cut(self.patients[id(optimizer)])
        self.layers(patients)
        if any(patient.arrivals for patient in patients) and idle(self.model):
            self.report(
                "training in eval mode",
                f"step() was called while model.training is False, and the model has {idle(self.model)}",
            )
        for patient in patients:
            patient.stepped()
        self.steps += 1
        self.observer.forget()

    def called(self, model: Module, args: Any) -> None:
        """The model is applied."""
        if model.training and not thread.grad and self.steps and (kind := evaluates_otherwise(model)):
            self.report(
                "evaluating in train mode", f"the model was called under no_grad() in train mode, and has {kind}"
            )

    # ---------------------------------------------------------------- what there is to see

    def left_out(self) -> None:
        """Parameters that want a gradient, and no optimizer has them."""
        held = {id(patient.parameter) for patients in self.patients.values() for patient in patients}
        lost = [name for name, p in self.model.named_parameters() if p.requires_grad and id(p) not in held]
        if lost:
            self.report("parameters not in the optimizer", f"it does not have {listed(lost)}")

    def untouched(self, patients: "list[Patient]") -> None:
        if patients and not any(patient.changed for patient in patients):
            what = (
                "every .grad is what it was at the step before"
                if self.steps and patients[0].parameter.grad is not None
                else "every .grad is None"
            )
            self.report("step before backward", f"at step() {what}")

    def used_before(self, patients: "list[Patient]") -> None:
        """Gradients to which new ones were added after a step had used them."""
        stale = [patient for patient in patients if patient.stale]
        if stale:
            worst = max(stale, key=lambda patient: patient.ratio)
            self.report(
                "forgotten zero_grad",
                f"{self.name(worst.parameter)}.grad still held what the step before had used, {worst.ratio:.2g} times as large as what"
                " was added",
            )

    def lengths(self, patients: "list[Patient]") -> None:
        """How long the step was, beside the weights; and whether there still are numbers."""
        bad = [patient for patient in patients if not np.isfinite(patient.grad).all()]
        if bad:
            self.report("not a number", f"{self.name(bad[0].parameter)}.grad has an entry that is NaN or infinite")
            return
        moved = norm(patient.parameter.detach().numpy() - patient.weights for patient in patients)
        size, loss = norm(patient.weights for patient in patients), self.observer.loss
        ratio = moved / size if size else 0.0
        (earlier, before), self.was = self.was, (ratio, loss)
        if min(earlier, ratio) > LONG and before is not None and loss is not None and not loss <= WORSE * before:
            self.report(
                "exploding steps",
                f"two steps in a row were {earlier:.2g} and {ratio:.2g} times as long as all weights, and the loss rose from"
                f" {before:.3g} to {loss:.3g}",
            )

    def cut(self, patients: "list[Patient]") -> None:
        """Parameters that got no gradient, where others did."""
        if not any(patient.arrivals and patient.parameter.grad is not None for patient in patients):
            return
        for patient in patients:
            if patient.parameter.requires_grad and patient.parameter.grad is None:
                patient.without += 1
                end = self.observer.path_of(patient.parameter)
                if end:
                    self.report("gradient is None", f"{self.name(patient.parameter)}.grad is None: {end[0]}", end[1])
                elif patient.without == 2:
                    self.report(
                        "gradient is None",
                        f"{self.name(patient.parameter)}.grad is None: nothing has used it in two steps",
                    )

    def layers(self, patients: "list[Patient]") -> None:
        """Matrices whose gradient is nothing beside that of the others, twice in a row."""
        sizes = [
            (rms(patient.grad), patient) for patient in patients if patient.parameter.ndim > 1 and patient.arrivals
        ]
        largest = max((size for size, _ in sizes), default=0.0)
        for size, patient in sizes:
            patient.faint = patient.faint + 1 if size <= GONE * largest and largest > 0 else 0
            if patient.faint == 2:
                self.report(
                    "vanishing gradient",
                    f"twice in a row the gradient of {self.name(patient.parameter)} was {size:.2g}, that of the largest layer {largest:.2g}",
                )


class Patient:
    """One parameter of an optimizer, and what has become of its gradient since the last step."""

    def __init__(self, parameter: Tensor) -> None:
        self.parameter = parameter
        self.used: Any = None  # the gradient that the last step used, and how often it had been written to
        self.weights = np.empty(0)  # before the step
        self.without = self.faint = 0
        self.begin()

    def begin(self) -> None:
        self.arrivals, self.stale, self.ratio = 0, False, 0.0

    def hooked(self) -> list[Any]:
        if not self.parameter.requires_grad:
            return []
        return [
            self.parameter.register_hook(self.arrives),
            self.parameter.register_post_accumulate_grad_hook(self.arrived),
        ]

    def arrives(self, g: Tensor) -> None:
        """A gradient is about to be added to `.grad`: is that empty, or has a step used what it holds?"""
        held = self.parameter.grad
        self.old = None if held is None else norm([held.detach().numpy()])
        self.new = norm([g.detach().numpy()])

    def arrived(self, _: Tensor) -> None:
        self.arrivals += 1
        if not self.old:
            self.stale = False
        elif self.used and self.arrivals == 1:
            self.stale, self.ratio = True, self.old / self.new if self.new else float("inf")

    @property
    def grad(self) -> np.ndarray:
        held = self.parameter.grad
        return np.zeros(0) if held is None else held.detach().numpy()

    @property
    def changed(self) -> bool:
        """Whether `.grad` is another than the last step used."""
        held = self.parameter.grad
        return held is not None and (not self.used or self.used[0] is not held or self.used[1] != held._version)

    def stepped(self) -> None:
        held = self.parameter.grad
        self.used = held is not None and (held, held._version)
        self.begin()


def parameters_of(optimizer: Optimizer) -> list[Tensor]:
    return [p for group in optimizer.param_groups for p in group["params"]]


def idle(model: Module) -> str:
    """What a model in eval mode has that works otherwise in training, by its class; nothing if it trains."""
    return "" if model.training else evaluates_otherwise(model)


def evaluates_otherwise(model: Module) -> str:
    """The class of the first part that does in training what it does not in evaluation."""
    return next((type(m).__name__ for m in model.modules() if differs(m)), "")


def differs(module: Module) -> bool:
    """A dropout that drops; or a batch norm with running statistics. (Without momentum they are being averaged on purpose.)"""
    if isinstance(module, BatchNorm):
        return module.track_running_stats and module.momentum is not None
    return isinstance(module, DropoutModule) and module.p > 0


def norm(arrays: Iterable[np.ndarray]) -> float:
    return float(np.sqrt(sum(np.square(a, dtype=np.float64).sum() for a in arrays)))


def rms(array: np.ndarray) -> float:
    return norm([array]) / max(1, array.size) ** 0.5


def listed(names: list[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
