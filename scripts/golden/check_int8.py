"""Checks test/golden/int8 against integer arithmetic written from the published formulas alone.

No kernel code is shared with the origin of the files. Prints for each file the vectors, the
mismatches (must be 0) and how many outputs would differ under single rounding (must not be 0 for
dense and conv1d, else the file could not tell the two apart). `--run` also runs the installed
TFLite Micro and LiteRT's reference resolver and prints how many outputs differ from the file.
"""

import json
import math
import sys

import numpy as np

from golden_file import ROOT, from_base64

INT32_MAX = (1 << 31) - 1


def quantize_multiplier(value):
    """value = M/2^31 * 2^shift with M in [2^30, 2^31); (0, 0) below 2^-32."""
    fraction, shift = math.frexp(value)
    multiplier = math.floor(fraction * (1 << 31) + 0.5)
    if multiplier == 1 << 31:
        multiplier, shift = multiplier // 2, shift + 1
    return (0, 0) if shift < -31 else (multiplier, shift)


def high_mul(a, b):
    """Rounding doubling high product of int32, ties towards +infinity, saturating."""
    if a == b == -(1 << 31):
        return INT32_MAX
    return (a * b + (1 << 30)) >> 31


def shift_right(x, bits):
    """x / 2^bits, ties away from zero."""
    mask = (1 << bits) - 1
    threshold = (mask >> 1) + (1 if x < 0 else 0)
    return (x >> bits) + (1 if (x & mask) > threshold else 0)


def rescale(x, multiplier, shift, single=False):
    if single:
        return (x * multiplier + (1 << (30 - shift))) >> (31 - shift)
    return shift_right(high_mul(x << max(shift, 0), multiplier), max(-shift, 0))


def saturate(x):
    return max(-INT32_MAX - 1, min(INT32_MAX, x))


def activation_range(case):
    zero = case["output"]["zeroPoint"]
    relu = case["attributes"].get("activation") == "relu"
    return (max(-128, zero) if relu else -128), 127


def same_padding(length, kernel, stride, padding):
    """Taps missing before the first sample."""
    if padding == "valid":
        return 0
    steps = -(-length // stride)
    return max((steps - 1) * stride + kernel - length, 0) // 2


def multipliers(case):
    """Effective scales: double throughout, but one float32 product for per-tensor dense."""
    s_in, s_out = case["input"]["scale"], case["output"]["scale"]
    scales = case["weights"]["scale"]
    units = case["weights"]["shape"][0]
    if case["attributes"].get("weightScale") == "per-tensor":
        product = float(np.float32(s_in) * np.float32(scales[0]))
        return [quantize_multiplier(product / s_out)] * units
    return [quantize_multiplier(s_in * scale / s_out) for scale in scales]


def finish(case, sums, single):
    """Integer sums [..., units] to int8 outputs."""
    low, high = activation_range(case)
    zero = case["output"]["zeroPoint"]
    pairs = multipliers(case)
    flat = sums.reshape(-1, len(pairs))
    rows = [
        [
            min(high, max(low, rescale(int(x), *pair, single) + zero))
            for x, pair in zip(row, pairs)
        ]
        for row in flat
    ]
    return np.array(rows, dtype=np.int8).reshape(sums.shape)


def dense(case, inputs, single):
    weights = read_weights(case)
    return finish(case, (inputs - case["input"]["zeroPoint"]) @ weights.T + read_bias(case), single)


def conv1d(case, inputs, single):
    weights, bias = read_weights(case)[:, 0], read_bias(case)
    attributes, length = case["attributes"], case["input"]["shape"][0]
    kernel, stride = weights.shape[1], attributes["stride"]
    before = same_padding(length, kernel, stride, attributes["padding"])
    sums = np.zeros([case["vectors"], *case["output"]["shape"]], dtype=np.int64) + bias
    for step in range(sums.shape[1]):
        for tap in range(kernel):
            at = step * stride - before + tap
            if 0 <= at < length:
                sums[:, step] += (inputs[:, at] - case["input"]["zeroPoint"]) @ weights[:, tap].T
    return finish(case, sums, single)


def max_pool1d(case, inputs, _single):
    attributes, length = case["attributes"], case["input"]["shape"][0]
    pool, stride = attributes["pool"], attributes["stride"]
    before = same_padding(length, pool, stride, attributes["padding"])
    low, high = activation_range(case)
    steps = []
    for step in range(case["output"]["shape"][0]):
        start = step * stride - before
        window = inputs[:, max(start, 0) : min(start + pool, length)]
        steps.append(window.max(axis=1).clip(low, high))
    return np.stack(steps, axis=1).astype(np.int8)


def exp_negative(a):
    """exp of a <= 0 in Q5.26, as Q0.31."""
    if a == 0:
        return INT32_MAX
    quarter = 1 << 24
    part = (a & (quarter - 1)) - quarter
    x = (part << 5) + (1 << 28)
    x2 = high_mul(x, x)
    x3, x4 = high_mul(x2, x), high_mul(x2, x2)
    inner = high_mul(shift_right(x4, 2) + x3, 715827883) + x2
    result = 1895147668 + high_mul(1895147668, x + shift_right(inner, 1))
    table = [1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242]
    for index, factor in enumerate(table):
        if ((part - a) >> (24 + index)) & 1:
            result = high_mul(result, factor)
    return result


def reciprocal(x):
    """1 / (1 + x) for x in [0, 1), Q0.31."""
    total = x + INT32_MAX
    half = (total + 1) // 2
    y = 1515870810 + high_mul(half, -1010580540)
    for _ in range(3):
        y += saturate(high_mul(y, (1 << 29) - high_mul(half, y)) << 2)
    return saturate(y << 1)


def softmax(case, inputs, _single):
    scale = min(case["attributes"]["beta"] * case["input"]["scale"] * (1 << 26), INT32_MAX)
    multiplier, left = quantize_multiplier(scale)
    least = -math.floor(31 * (1 << 26) / 2**left)
    rows = []
    for row in inputs.reshape(-1, inputs.shape[-1]).tolist():
        top = max(row)
        terms = [
            exp_negative(high_mul((q - top) << left, multiplier)) if q - top >= least else None
            for q in row
        ]
        total = sum(shift_right(e, 12) for e in terms if e is not None)
        head = 32 - total.bit_length()
        inverse = reciprocal((total << head) - (1 << 31))
        bits = 12 - head + 31 - 8
        shares = [0 if e is None else shift_right(high_mul(inverse, e), bits) for e in terms]
        rows.append([max(-128, min(127, share - 128)) for share in shares])
    return np.array(rows, dtype=np.int8).reshape(inputs.shape)


OPERATORS = {"dense": dense, "conv1d": conv1d, "maxPool1d": max_pool1d, "softmax": softmax}


def read_weights(case):
    return from_base64(case["weights"]["data"], np.int8, case["weights"]["shape"]).astype(np.int64)


def read_bias(case):
    return from_base64(case["bias"], np.int32, [case["weights"]["shape"][0]]).astype(np.int64)


def check(path, with_interpreters):
    document = json.loads(path.read_text(encoding="utf-8"))
    operator = document["operator"]
    run = OPERATORS[operator]
    vectors = values = wrong = single = 0
    foreign = [0, 0]
    for case in document["cases"]:
        n = case["vectors"]
        inputs = from_base64(case["inputs"], np.int8, [n, *case["input"]["shape"]])
        outputs = from_base64(case["outputs"], np.int8, [n, *case["output"]["shape"]])
        ours = run(case, inputs.astype(np.int64), False)
        vectors, values = vectors + n, values + outputs.size
        wrong += int((ours != outputs).sum())
        single += int((run(case, inputs.astype(np.int64), True) != outputs).sum())
        if with_interpreters:
            from tflite_model import run_litert, run_tflm

            for index, interpreter in enumerate((run_tflm, run_litert)):
                foreign[index] += int((interpreter(operator, case, inputs) != outputs).sum())
    line = f"{path.name}: {len(document['cases'])} cases, {vectors} vectors, {values} values, "
    line += f"{wrong} mismatches, single rounding would change {single}"
    if with_interpreters:
        line += f"; TFLite Micro differs in {foreign[0]}, LiteRT in {foreign[1]}"
    print(line)
    telling = operator in ("maxPool1d", "softmax") or single > 0
    return wrong == 0 and vectors >= 1000 and telling


if __name__ == "__main__":
    with_interpreters = "--run" in sys.argv[1:]
    results = [check(path, with_interpreters) for path in sorted((ROOT / "int8").glob("*.json"))]
    sys.exit(0 if results and all(results) else 1)
