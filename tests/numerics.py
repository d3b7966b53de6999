"""Play another processor: ``python tests/numerics.py COMMAND …`` runs a command with plain kernels and two threads.

PyTorch, MKL, oneDNN, NumPy and OpenBLAS choose their kernels by the processor, and each kernel rounds in its own order.
These variables make them take the plainest ones, so that one machine computes as another would: what passes here and
there is likely to pass on a processor that nobody has tried.
"""

import os
import platform
import sys

X86 = {
    "MKL_CBWR": "COMPATIBLE",
    "MKL_ENABLE_INSTRUCTIONS": "SSE4_2",
    "DNNL_MAX_CPU_ISA": "SSE41",
    "OPENBLAS_CORETYPE": "Nehalem",
    "NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512_ICL AVX512_SPR",
}
"""Kernels of MKL, oneDNN, OpenBLAS (for NumPy and SciPy) and NumPy itself; they have these names on x86 only."""

PLAIN = {"ATEN_CPU_CAPABILITY": "default"} | (X86 if platform.machine() == "x86_64" else {})
"""These, and PyTorch's own kernels."""

NUMERICS = {
    "own kernels, one thread": {"OMP_NUM_THREADS": "1"},
    "plain kernels, one thread": {"OMP_NUM_THREADS": "1", **PLAIN},
    "own kernels, two threads": {"OMP_NUM_THREADS": "2", "OMP_WAIT_POLICY": "PASSIVE"},
}
"""What margins are measured under."""

PORTABLE = {**PLAIN, "OMP_NUM_THREADS": "2", "OMP_WAIT_POLICY": "PASSIVE"}
"""What ``make portable`` runs everything under once more; passive, so that threads that wait don't hold a busy core."""

if __name__ == "__main__":
    os.execvpe(sys.argv[1], sys.argv[1:], os.environ | PORTABLE)
