"""Where the judge's limits come from: κ of honest steps, beside κ of steps with one rule wrong by a ten-thousandth.

python -m parity.calibrate trains many models in torch. At every step it asks the judge about our gradients as they are,
and once more for each rule of a derivative in the model, with what that rule gives multiplied by 1.0001. It asks the
judges, too, that people use instead. python -m parity.calibrate ops does so for the samples that torch tests its operators
with, op by op; modules and cases, for its modules and for five larger models. docs/judge.md tells what came out."""
