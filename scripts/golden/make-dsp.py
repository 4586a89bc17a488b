"""Makes test/golden/dsp/motion.json: feature vectors of a synthetic three-axis motion signal.

python make-dsp.py    regenerates the file, and stops when a number disagrees with the published
row of the same configuration (first values, quarters, mean, L2 norm).

Written from the description of the blocks, with NumPy and SciPy. Flatten is float64 throughout.
The spectral block begins by rounding the samples to float32; the stored features are float64 from
there on, and lie within 1e-5 of the published ones. Those were computed in float32 after the
design of the filter: the same code run on float32 arrays agrees with all their printed digits.
"""

import sys

import numpy as np
import scipy
from scipy import signal, stats

from golden_file import write

ORIGIN = f"own float64 code on NumPy {np.__version__} and SciPy {scipy.__version__}"
SAMPLE_RATE_HZ = 62.5
SIGNAL = {
    "first": "-0.26121916, 11.558096, -0.955003333, 0.82640142, 10.8540647, -0.764499289",
    "sum": "1104.32298",
}


def motion(samples, seed=7):
    """[samples, 3] in float64: sines, and noise from a linear congruential generator."""
    state, rows = seed, []
    for index in range(samples):
        noise = []
        for _ in range(3):
            state = (1664525 * state + 1013904223) % 2**32
            noise.append(state / 2**31 - 1)
        t, turn = index / SAMPLE_RATE_HZ, 2 * np.pi
        rows.append(
            [
                2 * np.sin(turn * 2 * t) + 0.5 * noise[0],
                9.81 + 1.5 * np.cos(turn * 5 * t) + 0.3 * noise[1],
                0.8 * np.sin(turn * 1.3 * t) * np.sin(turn * 11 * t) - 1 + 0.2 * noise[2],
            ]
        )
    return np.array(rows)


def flatten(axis):
    """Average, minimum, maximum, rms, standard deviation, skewness, excess kurtosis."""
    return [
        axis.mean(),
        axis.min(),
        axis.max(),
        np.sqrt((axis**2).mean()),
        axis.std(),
        stats.skew(axis),
        stats.kurtosis(axis),
    ]


def max_hold_spectrum(axis, size, overlap):
    """Largest |rfft|^2 / size of each bin over frames of `size`, partial last frames included."""
    spectrum = np.zeros(size // 2 + 1)
    for start in range(0, len(axis) + 1, size // 2 if overlap else size):
        frame = axis[start : start + size]
        spectrum = np.maximum(spectrum, np.abs(np.fft.rfft(frame, size)) ** 2 / size)
    return spectrum


def spectral(axis, version, size, cutoff_hz=None, order=0, log=True):
    """One axis of the spectral block: optional low-pass, statistics, then the kept bins.

    Computes in the precision of `axis`.
    """
    if order:
        sections = signal.butter(order, cutoff_hz, "low", fs=SAMPLE_RATE_HZ, output="sos")
        axis = signal.sosfilt(sections.astype(axis.dtype), axis)
    axis = axis - axis.mean()
    spectrum = max_hold_spectrum(axis, size, overlap=True)
    features = [np.sqrt((axis**2).mean()), stats.skew(axis), stats.kurtosis(axis)]
    if version >= 4:
        features += [stats.skew(spectrum), stats.kurtosis(spectrum)]
    stop = size // 2 + 1
    if cutoff_hz:
        stop = int(min(cutoff_hz, SAMPLE_RATE_HZ / 2) * size / SAMPLE_RATE_HZ + 0.5) + 1
    if log:
        spectrum = np.log10(np.where(spectrum == 0, 1e-10, spectrum))
    return features + list(spectrum[1:stop])


ROWS = {
    "G01": {
        "block": "flatten",
        "parameters": {"scaleAxes": 1},
        "run": flatten,
        "printed": {
            "first": "0.03346762, -2.424844, 2.49493, 1.46714, 1.466758, 0.04310186, -1.408336",
            "quarters": "0.04310186, 9.872992, -1.925171, -0.6262277",
            "mean": "1.821983",
            "l2": "20.533099",
        },
    },
    "G03": {
        "block": "spectral-analysis",
        "parameters": {"version": 2, "filter": "none", "fftLength": 16, "log": True},
        "run": lambda axis: spectral(axis, 2, 16),
        "printed": {
            "first": "1.466758, 0.04310187, -1.408337, 1.11502, 0.4509951, 0.0983741, -0.1244597, "
            "-0.1082639, -0.01446327, -0.1996405, -0.1684202",
            "quarters": "-0.01446327, -0.1547649, -0.6262271, -0.89184",
            "mean": "-0.2106287",
            "l2": "4.2994778",
        },
    },
    "G05": {
        "block": "spectral-analysis",
        "parameters": {"version": 4, "filter": "none", "fftLength": 16, "log": True},
        "run": lambda axis: spectral(axis, 4, 16),
        "printed": {
            "first": "1.466758, 0.04310187, -1.408337, 1.815317, 1.800324, 1.11502, 0.4509951, "
            "0.0983741, -0.1244597, -0.1082639, -0.01446327, -0.1996405, -0.1684202",
            "quarters": "-0.1082639, 0.4036702, 2.016166, -0.89184",
            "mean": "0.1734278",
            "l2": "7.1744663",
        },
    },
    "G06": {
        "block": "spectral-analysis",
        "parameters": {
            "version": 4,
            "filter": "low",
            "cutoffHz": 8,
            "order": 6,
            "fftLength": 32,
            "log": True,
        },
        "run": lambda axis: spectral(axis, 4, 32, cutoff_hz=8, order=6),
        "printed": {
            "first": "1.423558, -0.008107341, -1.456072, 3.461624, 10.57789, 1.522011, 0.5625116, "
            "-0.2362495, -0.4316282",
            "quarters": "0.5625116, 3.550312, 11.11153, -0.8215144",
            "mean": "1.933851",
            "l2": "20.004197",
        },
    },
    "G08": {
        "block": "spectral-analysis",
        "parameters": {
            "version": 4,
            "filter": "low",
            "cutoffHz": 8,
            "order": 0,
            "fftLength": 32,
            "log": False,
        },
        "run": lambda axis: spectral(axis, 4, 32, cutoff_hz=8, log=False),
        "printed": {
            "first": "1.466758, 0.04310187, -1.408337, 3.146235, 8.687275, 33.57756, 2.178746, "
            "0.254004, 0.3736205",
            "quarters": "2.178746, 4.747799, -0.6262271, 0.08422785",
            "mean": "3.163168",
            "l2": "38.783847",
        },
    },
}


def features(row, samples):
    """The row's features of all axes, in the precision of `samples`, as float64."""
    return np.concatenate([row["run"](axis) for axis in samples.T]).astype(np.float64)


def figures(values):
    """What a published row prints of a feature vector."""
    n = len(values)
    return {
        "first": values,
        "quarters": values[[n // 4, n // 2, 3 * n // 4, n - 1]],
        "mean": [values.mean()],
        "l2": [np.sqrt((values**2).sum())],
    }


def disagreements(identifier, printed, computed, tolerance=0.0):
    """Errors above `tolerance` and above half a unit of the last printed digit, as text."""
    found, worst = [], 0.0
    for name, text in printed.items():
        for position, word in enumerate(text.split(", ")):
            wanted, got = float(word), float(computed[name][position])
            error = abs(got - wanted)
            worst = max(worst, error)
            half_unit = 0.51 * 10.0 ** -len(word.partition(".")[2])
            if error > max(half_unit, tolerance):
                place = f"{identifier} {name}[{position}]"
                found.append(f"{place}: printed {word}, computed {got:.10g}")
    print(f"{identifier}: largest difference to the printed digits {worst:.1e}")
    return found


def digits(values):
    return [float(f"{value:.10g}") for value in values]


def numbers(printed):
    """The printed text as JSON numbers, with as many digits as were printed."""
    lists = {name: [float(word) for word in text.split(", ")] for name, text in printed.items()}
    return {**lists, "mean": lists["mean"][0], "l2": lists["l2"][0]}


if __name__ == "__main__":
    samples = motion(125)
    flat = samples.ravel()
    wrong = disagreements("MOTION", SIGNAL, {"first": flat, "sum": [flat.sum()]})
    rows = {}
    for identifier, row in ROWS.items():
        if row["block"] == "flatten":
            values = features(row, samples)
            wrong += disagreements(identifier, row["printed"], figures(values))
        else:
            single = samples.astype(np.float32)
            wrong += disagreements(
                f"{identifier}, float32", row["printed"], figures(features(row, single))
            )
            values = features(row, single.astype(np.float64))
            wrong += disagreements(identifier, row["printed"], figures(values), 1e-5)
        rows[identifier] = {
            "block": row["block"],
            "parameters": row["parameters"],
            "width": len(values),
            "features": digits(values),
            "printed": numbers(row["printed"]),
        }
    if wrong:
        sys.exit("\n".join(wrong))
    write(
        "dsp/motion.json",
        {
            "origin": ORIGIN,
            "note": "samples: float64, [time, axis]; the spectral block first rounds "
            "them to float32. features: all values, axis-major, computed in float64, to 10 "
            "significant digits. "
            "printed: the same row as published with the description of the blocks (spectral "
            "rows: computed in float32, within 1e-5 of features); quarters are elements n/4, "
            "n/2, 3n/4 and n - 1, rounded down.",
            "signal": {
                "name": "MOTION",
                "sampleRateHz": SAMPLE_RATE_HZ,
                "axes": ["X", "Y", "Z"],
                "seed": 7,
                "shape": list(samples.shape),
                "samples": flat.tolist(),
            },
            "rows": rows,
        },
    )
