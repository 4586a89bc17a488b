"""Makes test/golden/int8: what TFLite Micro's portable int8 kernels answer for random models.

python make-int8.py    regenerates all four files; the seeds are fixed, so the bytes are too.

Each case is one flatbuffer with one operator. Scales are drawn so that outputs use a good part of
the int8 range and saturate at times; the first cases are edge cases with a name of their own.
"""

import numpy as np
from tflite_micro.python.tflite_micro._version import __version__ as BUILD

from golden_file import to_base64, write
from tflite_model import run_tflm

ORIGIN = f"TFLite Micro, PyPI tflite-micro {BUILD}: portable kernels, double rounding"


def float32(value):
    """The double that equals the nearest float32."""
    return float(np.float32(value))


def log_uniform(rng, low, high):
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def draw_inputs(rng, vectors, shape, zero_point):
    """int8 [n, ...shape]: constants, uniform, extremes only, and values near the zero point."""
    rows = []
    for index in range(vectors):
        if index < 3:
            row = np.full(shape, (-128, 127, zero_point)[index])
        elif index % 4 == 0:
            row = rng.choice([-128, 127], size=shape)
        elif index % 4 == 1:
            row = np.rint(rng.normal(zero_point, 12, size=shape))
        else:
            row = rng.integers(-128, 128, size=shape)
        rows.append(np.clip(row, -128, 127))
    return np.array(rows).astype(np.int8)


def draw_weights(rng, shape):
    """int8 in [-127, 127]; now and then narrow ones, and one output channel of zeros."""
    kind = rng.integers(0, 4)
    if kind == 0:
        weights = np.clip(np.rint(rng.normal(0, 20, size=shape)), -127, 127)
    else:
        weights = rng.integers(-127, 128, size=shape)
    if kind == 1 and shape[0] > 2:
        weights[rng.integers(0, shape[0])] = 0
    return weights.astype(np.int8)


def near_one_scales(rng):
    """Scales whose M = S_in * S_w / S_out lies so close below 1 that its mantissa rounds up."""
    while True:
        s_in, s_w = float32(rng.uniform(0.01, 0.1)), float32(rng.uniform(0.001, 0.01))
        s_out = float32(s_in * s_w)
        if 1 - 2.0**-32 <= s_in * s_w / s_out < 1:
            return s_in, s_w, s_out


def product_scales(rng):
    """Scales whose product is 2^-12 in float32 and less than that in double; S_out makes M 1/2."""
    while True:
        s_in = float32(rng.uniform(0.01, 0.1))
        s_w = float32(2.0**-12 / s_in)
        if s_in * s_w < 2.0**-12 and float32(s_in * s_w) == 2.0**-12:
            return s_in, s_w, 2.0**-11


def weighted(rng, edge, attributes, in_shape, out_shape, weight_shape, vectors):
    """A case of dense or conv1d without its outputs, and its inputs."""
    units = weight_shape[0]
    per_tensor = attributes.get("weightScale") == "per-tensor"
    count = 1 if per_tensor else units
    zero_in, zero_out = (int(z) for z in rng.integers(-128, 128, size=2))
    weights = draw_weights(rng, weight_shape)
    inputs = draw_inputs(rng, vectors, in_shape, zero_in)
    taps = int(np.prod(weight_shape[1:]))
    spread = 75.0 * max(1.0, float(weights.std())) * np.sqrt(taps)

    s_in = float32(log_uniform(rng, 1e-3, 0.5))
    base = log_uniform(rng, 1e-4, 2e-2)
    s_w = [float32(base * 2 ** rng.uniform(-1.5, 1.5)) for _ in range(count)]
    s_out = float32(s_in * float(np.median(s_w)) * spread / log_uniform(rng, 12, 150))
    bias = np.rint(rng.normal(0, spread * 0.7, size=units))
    if edge == "powers of two":
        # M = 2^-k: many sums lie exactly half-way, on both sides of zero.
        s_in, s_w = 2.0**-4, [2.0 ** -int(k) for k in rng.integers(5, 8, size=count)]
        s_out = 2.0 ** round(np.log2(s_in * s_w[0] * spread / 60))
    elif edge == "multiplier a small power of two":
        s_in, s_w = 2.0**-5, [2.0 ** -int(k) for k in rng.integers(6, 11, size=count)]
        s_out = 2.0**-12
        weights, bias = np.clip(weights, -3, 3), rng.integers(-40, 41, size=units)
        inputs = np.clip(inputs.astype(int), zero_in - 15, zero_in + 15).clip(-128, 127)
        inputs = inputs.astype(np.int8)
    elif edge == "product of scales in float32 or double":
        s_in, first, s_out = product_scales(rng)
        s_w = [first] * count
        weights, bias = np.clip(weights, -2, 2), rng.integers(-40, 41, size=units)
        inputs = np.clip(inputs.astype(int), zero_in - 15, zero_in + 15).clip(-128, 127)
        inputs = inputs.astype(np.int8)
    elif edge == "multiplier rounds up to one":
        s_in, first, s_out = near_one_scales(rng)
        s_w = [first] * count
        weights = np.clip(weights, -2, 2)
        bias = rng.integers(-40, 41, size=units)
    elif edge == "multiplier above one":
        weights = np.clip(weights, -1, 1)
        bias = rng.integers(-9, 10, size=units)
        inputs = np.clip(inputs.astype(int), zero_in - 9, zero_in + 9).clip(-128, 127)
        inputs = inputs.astype(np.int8)
        s_out = float32(s_in * float(np.median(s_w)) / rng.uniform(1.5, 5.5))
    elif edge == "multiplier rounds to zero":
        s_w[-1] = float32(s_out / s_in * 2.0**-34)
    elif edge == "large shift, large bias":
        s_out = float32(s_in * float(np.median(s_w)) * 2.0**21)
        bias = rng.integers(-(2**28), 2**28, size=units)
    elif edge == "bias saturates":
        bias = rng.choice([-1, 1], size=units) * rng.integers(2**20, 2**30, size=units)
    elif edge == "zero points at the ends":
        zero_in, zero_out = -128, 127
    elif edge == "zero points at the other ends":
        zero_in, zero_out = 127, -128

    case = {
        "name": edge or describe(attributes),
        "attributes": attributes,
        "input": {"scale": s_in, "zeroPoint": zero_in, "shape": in_shape},
        "weights": {"scale": s_w, "shape": weight_shape, "data": to_base64(weights, "<i1")},
        "bias": to_base64(bias, "<i4"),
        "output": {"scale": s_out, "zeroPoint": zero_out, "shape": out_shape},
        "vectors": vectors,
    }
    return case, inputs


EDGES = [
    "powers of two",
    "multiplier a small power of two",
    "product of scales in float32 or double",
    "multiplier rounds up to one",
    "multiplier above one",
    "multiplier rounds to zero",
    "large shift, large bias",
    "bias saturates",
    "zero points at the ends",
    "zero points at the other ends",
]


def describe(attributes):
    return ", ".join(f"{key} {value}" for key, value in attributes.items())


def output_length(length, kernel, stride, padding):
    return -(-length // stride) if padding == "same" else (length - kernel) // stride + 1


def make_dense(rng):
    for weight_scale in ("per-channel", "per-tensor"):
        for index in range(34):
            edge = EDGES[index] if index < len(EDGES) else None
            width, units = int(rng.integers(1, 41)), int(rng.integers(1, 21))
            if edge:
                width, units = int(rng.integers(3, 20)), int(rng.integers(3, 12))
            if edge == "multiplier rounds to zero" and weight_scale == "per-tensor":
                # With one scale for all, the whole output would be the zero point.
                edge = None
            attributes = {
                "weightScale": weight_scale,
                "activation": ("none", "relu")[index % 2],
            }
            yield weighted(rng, edge, attributes, [width], [units], [units, width], 32)


def make_conv1d(rng):
    for index in range(48):
        edge = EDGES[index] if index < len(EDGES) else None
        kernel = int(rng.choice([1, 2, 3, 3, 4, 5, 7]))
        length = int(rng.integers(kernel, kernel + 14))
        channels, units = int(rng.integers(1, 6)), int(rng.integers(1, 7))
        attributes = {
            "kernel": kernel,
            "stride": (1, 2)[(index // 2) % 2],
            "padding": ("valid", "same")[(index // 4) % 2],
            "dilation": 1,
            "activation": ("none", "relu")[index % 2],
        }
        steps = output_length(length, kernel, attributes["stride"], attributes["padding"])
        shape = [units, 1, kernel, channels]
        yield weighted(rng, edge, attributes, [length, channels], [steps, units], shape, 24)


def make_max_pool1d(rng):
    for index in range(40):
        pool = int(rng.choice([2, 2, 3, 4, 5]))
        stride = int(rng.choice([1, 2, pool]))
        length, channels = int(rng.integers(pool, pool + 16)), int(rng.integers(1, 7))
        attributes = {
            "pool": pool,
            "stride": stride,
            "padding": ("valid", "same")[(index // 2) % 2],
            "activation": ("none", "relu")[index % 2],
        }
        parameters = {
            "scale": float32(log_uniform(rng, 1e-3, 0.5)),
            "zeroPoint": int(rng.integers(-128, 128)),
        }
        steps = output_length(length, pool, stride, attributes["padding"])
        case = {
            "name": describe(attributes),
            "attributes": attributes,
            "input": {**parameters, "shape": [length, channels]},
            "output": {**parameters, "shape": [steps, channels]},
            "vectors": 28,
        }
        yield case, draw_inputs(rng, 28, [length, channels], parameters["zeroPoint"])


def draw_close_calls(rng, vectors, width, scale):
    """Rows of which an exact softmax comes very near to half-way between two int8 outputs."""
    reach = min(255, int(8 / scale) + 1)
    drops = rng.integers(0, reach + 1, size=[vectors, 300, width])
    rows = np.clip(127 - drops - rng.integers(0, 30, size=[vectors, 300, 1]), -128, 127)
    weights = np.exp(scale * (rows - rows.max(axis=2, keepdims=True)))
    exact = 256 * weights / weights.sum(axis=2, keepdims=True)
    misses = np.abs(exact - np.floor(exact) - 0.5).min(axis=2)
    return rows[np.arange(vectors), misses.argmin(axis=1)].astype(np.int8)


def make_softmax(rng):
    for index in range(44):
        width = int(rng.integers(1, 21)) if index else 120
        scale = 2.0 ** -int(rng.integers(0, 9)) if index % 5 == 0 else log_uniform(rng, 2e-3, 2)
        beta = (1.0, 1.0, 0.5, 2.0)[index % 4]
        parameters = {"scale": float32(scale), "zeroPoint": int(rng.integers(-128, 128))}
        case = {
            "name": f"{width} wide, beta {beta}",
            "attributes": {"beta": beta},
            "input": {**parameters, "shape": [width]},
            "output": {"scale": 1 / 256, "zeroPoint": -128, "shape": [width]},
            "vectors": 40,
        }
        yield case, np.concatenate(
            [
                draw_inputs(rng, 20, [width], parameters["zeroPoint"]),
                draw_close_calls(rng, 20, width, parameters["scale"] * beta),
            ]
        )


def make(file, operator, seed, note, cases):
    made = []
    for case, inputs in cases(np.random.default_rng(seed)):
        outputs = run_tflm(operator, case, inputs)
        case["inputs"], case["outputs"] = to_base64(inputs, "<i1"), to_base64(outputs, "<i1")
        made.append(case)
    write(
        f"int8/{file}",
        {"operator": operator, "origin": ORIGIN, "seed": seed, "note": note, "cases": made},
    )


COMMON = "Shapes are those of one vector; inputs and outputs are int8 [vectors, ...shape]."
if __name__ == "__main__":
    make("dense.json", "dense", 2301, f"{COMMON} Weights are [out, in].", make_dense)
    make(
        "conv1d.json",
        "conv1d",
        2302,
        f"{COMMON} Vectors are [time, channels], weights [out, 1, kernel, in].",
        make_conv1d,
    )
    make(
        "max-pool1d.json",
        "maxPool1d",
        2303,
        f"{COMMON} Vectors are [time, channels].",
        make_max_pool1d,
    )
    make("softmax.json", "softmax", 2304, f"{COMMON} Softmax over the only axis.", make_softmax)
