"""Run a PyTorch script in both engines, and name the first call that differs."""
