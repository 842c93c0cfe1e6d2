"""python -m parity diff SCRIPT: an ordinary PyTorch script runs in both engines, and the first operation that differs is named.

Two processes run it. One has torch, and says what each call was given, what came of it, and which gradient later arrived
there (reference.py). The other has tinygrad_edu in torch's place, and holds each of its own calls against that while both
run, so nothing piles up. It does so twice. In the local view ours goes on with the reference's numbers after each call:
every op is fed what the reference's was fed, and whichever differs is itself wrong (local.py). In the free view ours is left alone,
and shows what becomes of the training (free.py)."""
