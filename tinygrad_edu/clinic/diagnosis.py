"""What a doctor may find: each illness by its name, why it is one, and what cures it."""

from dataclasses import dataclass


class DoctorWarning(UserWarning):
    """A training loop does what is most likely not meant."""


@dataclass(frozen=True)
class Diagnosis:
    """What was found: the illness, the first step that shows it, the line where there is one, and what was seen there."""

    name: str
    step: int
    line: str
    evidence: str

    def __str__(self) -> str:
        why, fix = ILLNESSES[self.name]
        return f"{self.name}, step {self.step}: {self.evidence}\n  {self.line}\n  Why: {why}\n  Fix: {fix}"


# name -> (why it is an illness, what cures it)
ILLNESSES = {
    "forgotten zero_grad": (
        "backward() adds to .grad, so this step goes along the sum of the new gradient and of all those before it",
        "call optimizer.zero_grad() before backward(), once for each step",
    ),
    "step before backward": (
        "step() goes along .grad, and no backward() has put anything there since the step before",
        "call loss.backward() before optimizer.step()",
    ),
    "parameters not in the optimizer": (
        "step() moves only what the optimizer was given, so these keep their first values for ever",
        "make the optimizer after the model is complete, of model.parameters(); freeze what shall stay with requires_grad_(False)",
    ),
    "gradient is None": (
        "a gradient is a sum over paths from the loss, and every path to these parameters is cut",
        "compute the loss with tensors all the way: without detach(), .data, .item(), .numpy(), no_grad or a cast to integers",
    ),
    "(N) against (N, 1)": (
        "the two are broadcast to (N, N), so that each prediction is compared with every target, and learns their mean",
        "give both the same shape: prediction.squeeze(1), or target.unsqueeze(1)",
    ),
    "softmax before cross_entropy": (
        "cross_entropy takes scores and applies log_softmax itself; applied twice, it flattens the gradient",
        "give cross_entropy the scores; for probabilities p use nll_loss(p.log(), target)",
    ),
    "sigmoid twice": (
        "σ(σ(z)) lies between 0.5 and 0.73 whatever z is, so the model can never be sure",
        "apply the sigmoid once: either in the model, with BCELoss, or in the loss, with BCEWithLogitsLoss",
    ),
    "squeeze lost the batch": (
        "squeeze() removes every axis of length 1, and in a batch of one example the batch is such an axis",
        "name the axis: squeeze(1), or squeeze(-1)",
    ),
    "training in eval mode": (
        "in eval mode dropout drops nothing and batch norm goes by its running statistics, which then never learn",
        "call model.train() before training, and model.eval() only to evaluate",
    ),
    "evaluating in train mode": (
        "in train mode dropout drops at random, and batch norm goes by this batch alone and moves its running statistics",
        "call model.eval() before evaluating, and model.train() after it",
    ),
    "exploding steps": (
        "a step that is as long as the weights themselves leaves the region where the gradient says anything",
        "take a smaller learning rate, ten times for a start, or clip the gradient with nn.utils.clip_grad_norm_",
    ),
    "not a number": (
        "one NaN or infinite entry makes every parameter NaN, since each is moved by a sum that it is in",
        "run the step under autograd.detect_anomaly(), which says where the first one was born",
    ),
    "vanishing gradient": (
        "what reaches this layer is a product of slopes below 1, one for each layer above it, or passes no open gate",
        "use relu or its kin, normalise between layers, add residual connections, or start from smaller weights",
    ),
}
