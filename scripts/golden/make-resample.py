"""Makes test/golden/samples/resample.json: signals resampled by scipy.signal.resample_poly.

python make-resample.py    regenerates the file

Inputs come from a linear congruential generator and are multiples of 2^-16, so that they are exact
in JSON; outputs are float64.
"""

import numpy as np
import scipy
from scipy import signal

from golden_file import write

CASES = [(1, 2, 40), (8, 5, 50), (5, 8, 50), (160, 441, 100), (3, 1, 15), (200, 199, 60), (7, 11, 1)]


def noise(count, seed):
    state, values = seed, []
    for _ in range(count):
        state = (1664525 * state + 1013904223) % 2**32
        values.append((state >> 15) / 2**16 - 1)
    return np.array(values)


def case(up, down, rows):
    x = noise(rows, seed=up * 1000 + down)
    y = signal.resample_poly(x, up, down)
    assert len(y) == -(-rows * up // down)
    return {"up": up, "down": down, "input": x.tolist(), "output": y.tolist()}


if __name__ == "__main__":
    write(
        "samples/resample.json",
        {
            "origin": f"scipy.signal.resample_poly with its defaults, SciPy {scipy.__version__}, NumPy {np.__version__}",
            "cases": [case(*args) for args in CASES],
        },
    )
