"""Makes test/golden/dsp/audio.json: MFE and MFCC features of a synthetic sound.

python make-dsp-audio.py    regenerates the file, and stops when a number disagrees with the
published row of the same configuration (first values, quarters, mean, L2 norm).

Written from the description of the blocks, with NumPy alone, dense and in float64: a matrix for the
filter bank, one for the cosine transform, padded copies for the normalization. Of MFE the file
holds 256 times each cell, a whole number.
"""

import sys

import numpy as np

from golden_file import write

ORIGIN = f"own float64 code on NumPy {np.__version__}"
RATE_HZ = 16000
SIGNAL = {"first": "1670, 3326, 3845, 1714", "middle": "1568", "last": "-1772", "sum": "13847"}


def audio(samples=16000, seed=42):
    """Two tones, one growing, and noise from a linear congruential generator; whole numbers."""
    state, values = seed, []
    for i in range(samples):
        state = (1664525 * state + 1013904223) % 2**32
        noise = state / 2**31 - 1
        tone = 8000 * np.sin(2 * np.pi * 440 * i / RATE_HZ) * (i / RATE_HZ)
        second = 4000 * np.sin(2 * np.pi * 1800 * i / RATE_HZ + 0.5)
        values.append(np.floor(tone + second + 500 * noise + 0.5))
    return np.array(values)


def in_samples(seconds):
    exact = RATE_HZ * seconds
    whole = np.floor(exact)
    return int(whole if exact - whole < 0.001 else whole + 1)


def power_spectrum(signal, length, stride, fft):
    """[frames, fft / 2 + 1]; a frame is cut or filled with zeros to the length of the FFT."""
    frame, hop = in_samples(length), in_samples(stride)
    count = (len(signal) - (frame - hop)) // hop
    frames = np.stack([signal[i * hop : i * hop + frame] for i in range(count)])
    return np.abs(np.fft.rfft(frames, fft, axis=1)) ** 2 / fft


def mel_matrix(filters, fft, low_hz, high_hz, version):
    """[filters, fft / 2 + 1]; before version 4 the bank spans the lower half only."""
    mel = np.linspace(*(1127 * np.log1p(np.array([low_hz, high_hz]) / 700)), filters + 2)
    hz = 700 * np.expm1(mel / 1127)
    hz[-1] -= 0.001
    span = fft if version == 4 else fft // 2 + 1
    edges = np.floor((span + 1) * hz / RATE_HZ).astype(int)
    matrix = np.zeros((filters, fft // 2 + 1))
    for row, (left, middle, right) in enumerate(zip(edges, edges[1:], edges[2:])):
        for bin in range(left, right + 1):
            if left < bin <= middle:
                matrix[row, bin] = (bin - left) / (middle - left)
            elif middle <= bin < right:
                matrix[row, bin] = (right - bin) / (right - middle)
    assert matrix.any(axis=1).all()
    return matrix


def energies(signal, length, stride, filters, fft, low_hz=0, high_hz=RATE_HZ / 2, version=4):
    """Energies of the filters [frames, filters] and of the frames."""
    emphasized = signal - 0.98 * np.roll(signal, 1)
    power = power_spectrum(emphasized, length, stride, fft)
    mel = power @ mel_matrix(filters, fft, low_hz, high_hz, version).T
    return tuple(np.where(e == 0, 1e-10, e) for e in (mel, power.sum(axis=1)))


def mfe(signal, floor_db=-52, **frames):
    mel, _ = energies(signal / 32768, **frames)
    decibels = 10 * np.log10(np.maximum(mel, 1e-30))
    level = np.clip((decibels - floor_db) / (12 - floor_db), 0, 1)
    return np.minimum(np.round(256 * level), 255) / 256


def mirrored(matrix, rows):
    return np.pad(matrix, ((rows, rows), (0, 0)), mode="symmetric")


def normalized(matrix, window):
    half = (window - 1) // 2

    def windows(m):
        return [mirrored(m, half)[i : i + window] for i in range(len(m))]

    centered = matrix - np.stack([w.mean(axis=0) for w in windows(matrix)])
    return centered / (np.stack([w.std(axis=0) for w in windows(centered)]) + 1e-10)


def mfcc(signal, window=101, coefficients=13, **frames):
    mel, energy = energies(signal, **frames)
    filters = mel.shape[1]
    k, n = np.arange(coefficients)[:, None], np.arange(filters)[None, :]
    transform = np.sqrt(2 / filters) * np.cos(np.pi * k * (2 * n + 1) / (2 * filters))
    cepstrum = np.log(mel) @ transform.T
    cepstrum[:, 0] = np.log(energy)
    return normalized(cepstrum, window) if window else cepstrum


ROWS = {
    "G20": {
        "block": "mfe",
        "parameters": {},
        "run": lambda x: mfe(x, length=0.02, stride=0.01, filters=40, fft=256),
        "printed": {
            "first": "0.0703125, 0.08203125, 0.078125, 0.08984375, 0.0625, 0.1015625, 0.1171875, 0",
            "quarters": "0.3203125, 0.7539062, 0.1796875, 0.390625",
            "mean": "0.2977125",
            "l2": "20.776374",
        },
    },
    "G21": {
        "block": "mfe",
        "parameters": {
            "frame_length": 0.032,
            "frame_stride": 0.016,
            "num_filters": 32,
            "fft_length": 512,
            "low_frequency": 80,
            "high_frequency": 7600,
            "noise_floor_db": -72,
        },
        "run": lambda x: mfe(
            x, -72, length=0.032, stride=0.016, filters=32, fft=512, low_hz=80, high_hz=7600
        ),
        "printed": {
            "first": "0.1796875, 0.1640625, 0.1875, 0.2226562, 0.3398438, 0.3710938, 0.3398438, "
            "0.359375",
            "quarters": "0.4023438, 0.7890625, 0.5234375, 0.5820312",
            "mean": "0.5314801",
            "l2": "23.993453",
        },
    },
    "G22": {
        "block": "mfe",
        "parameters": {"num_filters": 24, "implementation_version": 3},
        "run": lambda x: mfe(x, length=0.02, stride=0.01, filters=24, fft=256, version=3),
        "printed": {
            "first": "0.0703125, 0.08203125, 0.078125, 0.078125, 0.08984375, 0.0625, 0.1367188, "
            "0.08984375",
            "quarters": "0.4921875, 0.1992188, 0.25, 0.3398438",
            "mean": "0.2794169",
            "l2": "15.917556",
        },
    },
    "G30": {
        "block": "mfcc",
        "parameters": {},
        "run": lambda x: mfcc(x, length=0.02, stride=0.02, filters=32, fft=256),
        "printed": {
            "first": "-1.133574, -1.224996, -1.280281, 0.5335404, 1.678369, 1.524959, 2.341727, "
            "0.1371339, -0.664771, -1.900898, -2.788713, -1.38451, -1.1023",
            "quarters": "0.1073718, -0.448209, -0.3528735, 0.05061533",
            "mean": "-0.000196606",
            "l2": "25.497367",
        },
    },
    "G32": {
        "block": "mfcc",
        "parameters": {"num_filters": 20, "implementation_version": 3},
        "run": lambda x: mfcc(x, length=0.02, stride=0.02, filters=20, fft=256, version=3),
        "printed": {
            "first": "-1.133574, -1.343615, 0.6508331, 2.182871, 1.684071, -0.9098432, -2.282142, "
            "-2.182563, 0.9241658, 2.351314, 2.274286, -1.833888, -2.852392",
            "quarters": "-1.025396, -0.448209, 0.150831, 0.6133389",
            "mean": "-0.0004029708",
            "l2": "25.4905",
        },
    },
    "G31": {
        "block": "mfcc",
        "parameters": {
            "frame_length": 0.032,
            "frame_stride": 0.016,
            "num_filters": 32,
            "fft_length": 512,
            "low_frequency": 300,
            "high_frequency": 8000,
            "win_size": 0,
        },
        "run": lambda x: mfcc(
            x, 0, length=0.032, stride=0.016, filters=32, fft=512, low_hz=300, high_hz=8000
        ),
        "printed": {
            "first": "20.74245, -6.791062, -7.04059, -5.155939, 2.751938, 3.069049, -0.198663, "
            "-3.067552, -0.9880417, 1.618024, 0.6875591, -1.173404, -1.931691",
            "quarters": "-3.520875, 1.421747, 1.9864, -2.416908",
            "mean": "1.488942",
            "l2": "177.99698",
        },
    },
}


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
    found = []
    for name, text in printed.items():
        for position, word in enumerate(text.split(", ")):
            wanted, got = float(word), float(computed[name][position])
            half_unit = 0.51 * 10.0 ** -len(word.partition(".")[2])
            if abs(got - wanted) > max(half_unit, tolerance):
                found.append(f"{identifier} {name}[{position}]: printed {word}, got {got:.10g}")
    return found


def numbers(printed):
    """The printed text as JSON numbers, with as many digits as were printed."""
    lists = {name: [float(word) for word in text.split(", ")] for name, text in printed.items()}
    return {**lists, "mean": lists["mean"][0], "l2": lists["l2"][0]}


if __name__ == "__main__":
    signal = audio()
    wrong = disagreements(
        "AUDIO",
        SIGNAL,
        {
            "first": signal,
            "middle": [signal[8000]],
            "last": [signal[-1]],
            "sum": [signal.sum()],
        },
    )
    rows = {}
    for identifier, row in ROWS.items():
        matrix = row["run"](signal)
        values = matrix.ravel()
        # The published normalization keeps its values in float32.
        tolerance = 1e-6 if identifier in ("G30", "G32") else 0.0
        wrong += disagreements(identifier, row["printed"], figures(values), tolerance)
        exact = row["block"] == "mfe"
        rows[identifier] = {
            "block": row["block"],
            "parameters": row["parameters"],
            "shape": list(matrix.shape),
            "unit": 1 / 256 if exact else 1,
            "features": [int(256 * v) if exact else float(f"{v:.9g}") for v in values],
            "printed": numbers(row["printed"]),
        }
    if wrong:
        sys.exit("\n".join(wrong))
    write(
        "dsp/audio.json",
        {
            "origin": ORIGIN,
            "note": "features: all values, frame after frame, in multiples of unit, computed in "
            "float64. printed: the same row as published with the description of the blocks; "
            "quarters are elements n/4, n/2, 3n/4 and n - 1, rounded down.",
            "signal": {"name": "AUDIO", "sampleRateHz": RATE_HZ, "seed": 42, "samples": 16000},
            "rows": rows,
        },
    )
