"""Makes test/golden/train: losses and weights of ten training steps in PyTorch on the CPU.

python make-train.py    regenerates all files; data and first weights come from NumPy's PCG64.

Every run is made twice: in float32, which is the golden, and in float64 from the same float32
start. `deviation` says how far the two are apart, so a test can choose a tolerance that means
something. Layouts are ours: channels last, dense weights [in, out], conv weights [tap, in, out].
"""

import numpy as np
import torch
import torch.nn.functional as F

from golden_file import to_base64, write

ORIGIN = f"PyTorch {torch.__version__.split('+')[0]}, CPU, one thread; NumPy {np.__version__}"
STEPS, BATCH = 10, 32


def dense(values, weights, bias):
    return values @ weights + bias


def conv1d_same(values, weights, bias):
    """values [batch, time, in], weights [3, in, out]; zero padding, stride 1."""
    channels_first = values.permute(0, 2, 1)
    return F.conv1d(channels_first, weights.permute(2, 1, 0), bias, padding=1).permute(0, 2, 1)


def max_pool(values):
    return F.max_pool1d(values.permute(0, 2, 1), 2).permute(0, 2, 1)


def mlp(values, p):
    hidden = F.relu(dense(values, p["dense1.weights"], p["dense1.bias"]))
    hidden = F.relu(dense(hidden, p["dense2.weights"], p["dense2.bias"]))
    return dense(hidden, p["dense3.weights"], p["dense3.bias"])


def conv_net(values, p):
    hidden = max_pool(F.relu(conv1d_same(values, p["conv1.weights"], p["conv1.bias"])))
    hidden = F.relu(conv1d_same(hidden, p["conv2.weights"], p["conv2.bias"]))
    return dense(hidden.flatten(1), p["dense1.weights"], p["dense1.bias"])


def regression(values, p):
    hidden = F.relu(dense(values, p["dense1.weights"], p["dense1.bias"]))
    return dense(hidden, p["dense2.weights"], p["dense2.bias"])


def start(rng, shapes):
    """Glorot-uniform weights and small biases that are not zero, as float32."""
    parameters = {}
    for name, shape in shapes.items():
        if name.endswith(".bias"):
            parameters[name] = rng.uniform(-0.1, 0.1, size=shape).astype(np.float32)
            continue
        taps = int(np.prod(shape[:-2]))
        limit = np.sqrt(6 / (taps * (shape[-2] + shape[-1])))
        parameters[name] = rng.uniform(-limit, limit, size=shape).astype(np.float32)
    return parameters


def optimizer_of(kind, parameters):
    if kind["name"] == "adam":
        betas = (kind["beta1"], kind["beta2"])
        return torch.optim.Adam(
            parameters, lr=kind["learningRate"], betas=betas, eps=kind["epsilon"], foreach=False
        )
    return torch.optim.SGD(
        parameters, lr=kind["learningRate"], momentum=kind["momentum"], foreach=False
    )


def train(network, loss_of, first, kind, inputs, targets, dtype):
    """Losses before each step, the first step's gradients and the weights after the last."""
    parameters = {
        name: torch.tensor(values, dtype=dtype, requires_grad=True)
        for name, values in first.items()
    }
    optimizer = optimizer_of(kind, list(parameters.values()))
    losses, gradients = [], None
    for values, wanted in zip(inputs, targets):
        optimizer.zero_grad()
        loss = loss_of(network(torch.tensor(values, dtype=dtype), parameters), wanted, dtype)
        loss.backward()
        gradients = gradients or {n: p.grad.numpy().copy() for n, p in parameters.items()}
        optimizer.step()
        losses.append(float(loss.detach()))
    return losses, gradients, {n: p.detach().numpy() for n, p in parameters.items()}


def cross_entropy(logits, wanted, _dtype):
    return F.cross_entropy(logits, torch.tensor(wanted, dtype=torch.int64))


def mean_squared_error(values, wanted, dtype):
    return F.mse_loss(values, torch.tensor(wanted, dtype=dtype))


def furthest(left, right):
    return float(max(np.abs(left[name].astype(np.float64) - right[name]).max() for name in left))


def tensors(values):
    return {
        name: {"shape": list(array.shape), "data": to_base64(array, "<f4")}
        for name, array in values.items()
    }


def record(file, seed, text, network, loss_name, kind, shapes, draw):
    rng = np.random.default_rng(seed)
    inputs, targets = draw(rng)
    first = start(rng, shapes)
    loss_of = cross_entropy if loss_name == "softmaxCrossEntropy" else mean_squared_error
    run = [
        train(network, loss_of, first, kind, inputs, targets, dtype)
        for dtype in (torch.float32, torch.float64)
    ]
    (losses, gradients, last), (losses64, gradients64, last64) = run
    target_type = "<i4" if loss_name == "softmaxCrossEntropy" else "<f4"
    write(
        f"train/{file}",
        {
            "origin": ORIGIN,
            "seed": seed,
            "network": text,
            "loss": f"{loss_name}, mean over the batch, before the step",
            "optimizer": kind,
            "steps": STEPS,
            "batch": BATCH,
            "layout": "base64, little-endian, row-major; float32 (labels int32); "
            "dense weights [in, out], conv weights [tap, in, out]; values channels last",
            "losses": losses,
            "lossesFloat64": losses64,
            "deviation": {
                "meaning": "largest absolute difference between the float32 and float64 runs",
                "losses": float(np.abs(np.array(losses) - losses64).max()),
                "firstGradients": furthest(gradients, gradients64),
                "finalWeights": furthest(last, last64),
            },
            "inputs": {"shape": list(inputs.shape), "data": to_base64(inputs, "<f4")},
            "targets": {"shape": list(targets.shape), "data": to_base64(targets, target_type)},
            "startWeights": tensors(first),
            "firstGradients": tensors(gradients),
            "finalWeights": tensors(last),
        },
    )


def classes(features, count):
    """Inputs [steps, batch, ...features] around a centre for each class, and labels."""

    def draw(rng):
        centres = rng.normal(0, 0.6, size=[count, *features])
        labels = rng.integers(0, count, size=[STEPS, BATCH])
        noise = rng.normal(0, 1, size=[STEPS, BATCH, *features])
        return (centres[labels] + noise).astype(np.float32), labels.astype(np.int32)

    return draw


def curve(rng):
    """Inputs [steps, batch, 5] and one smooth target for each."""
    inputs = rng.normal(0, 1, size=[STEPS, BATCH, 5]).astype(np.float32)
    slopes = rng.normal(0, 1, size=[5, 1])
    targets = np.sin(inputs @ slopes) + 0.5 * inputs[..., :1] + 0.3
    return inputs, targets.astype(np.float32)


def layer(name, *shape):
    return {f"{name}.weights": list(shape), f"{name}.bias": [shape[-1]]}


ADAM = {"name": "adam", "learningRate": 1e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}
SGD = {"name": "sgd", "learningRate": 0.05, "momentum": 0.9}
MLP_TEXT = "33 -> dense 20, ReLU -> dense 10, ReLU -> dense 4"
MLP = {**layer("dense1", 33, 20), **layer("dense2", 20, 10), **layer("dense3", 10, 4)}
CONV_TEXT = (
    "[20, 3] -> conv1d 8 (3 taps, same), ReLU -> max-pool 2 -> conv1d 6 (3 taps, same), ReLU "
    "-> flatten (time-major, 60) -> dense 4"
)
CONV = {**layer("conv1", 3, 3, 8), **layer("conv2", 3, 8, 6), **layer("dense1", 60, 4)}
REGRESSION = {**layer("dense1", 5, 8), **layer("dense2", 8, 1)}

if __name__ == "__main__":
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    entropy, square = "softmaxCrossEntropy", "meanSquaredError"
    record("mlp-adam.json", 2311, MLP_TEXT, mlp, entropy, ADAM, MLP, classes([33], 4))
    record("mlp-sgd.json", 2311, MLP_TEXT, mlp, entropy, SGD, MLP, classes([33], 4))
    record("conv1d-adam.json", 2312, CONV_TEXT, conv_net, entropy, ADAM, CONV, classes([20, 3], 4))
    text = "5 -> dense 8, ReLU -> dense 1"
    record("regression-adam.json", 2313, text, regression, square, ADAM, REGRESSION, curve)
