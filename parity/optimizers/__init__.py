"""PyTorch's own table of optimizers, with the options that PyTorch tests them with, walked with this engine beside it.

python -m parity optimizers                # all of them
python -m parity optimizers Adam SGD -v    # these, with everything that fails
"""

STEPS = 50

# Not walked, and why.
EXCLUDED = {
    "SparseAdam": "it takes sparse gradients only, and there are no sparse tensors here",
    "Muon": "it computes in bfloat16, which NumPy does not have",
    "Adafactor": "not written",
}
