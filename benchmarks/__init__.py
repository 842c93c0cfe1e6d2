"""Our speed beside torch's and hand-written NumPy's, on one thread.

    python -m benchmarks [a32 c ...] [--rounds N] [--quick] [--json FILE]

Every workload is one program, run by torch and by us; `clean` and `extreme` are the same by hand in NumPy.
"""

import os

# Here, since NumPy and torch read these when they are imported: with two threads, a busy machine slows both 20 times.
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")
