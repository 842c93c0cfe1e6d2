"""PyTorch's own table of modules, with the samples that PyTorch tests itself with, walked with this engine beside it.

python -m parity modules                        # all of them
python -m parity modules Linear LSTM --verbose  # these, with every sample that fails
"""
