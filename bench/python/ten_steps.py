"""Trains in Keras or PyTorch from given weights and batches, for the goldens of training.

python ten_steps.py keras|torch FOLDER

FOLDER/start.json says what is in FOLDER/start.bin, float32 and little-endian: the parameters in our
order and layout, then each step's batch; test/golden/training/generate.ts writes both. Writes
FOLDER/{keras,torch}.json, with the losses before each step, and .bin with the last parameters.

Constants are set equal to ours:
- Adam: we and PyTorch correct the second moment for its start before epsilon is added; Keras adds
  epsilon to the uncorrected root. Its epsilon is therefore scaled in each step, which makes the
  formulas one.
- Running variance: ours and that of Keras is the biased one of the batch, PyTorch follows the
  unbiased one. It is linear in the variances of the batches, so it is converted at the end.
- "same" padding with a stride is that of TensorFlow: the odd zero comes after. PyTorch pads by hand.
- Momentum 0.99 of Keras and ours is 0.01 in PyTorch; epsilon of batch normalization is 0.001.
"""

import json
import sys
from importlib import metadata
from pathlib import Path

import numpy as np


class Start:
    def __init__(self, folder):
        self.case = json.loads((folder / "start.json").read_text())
        values = np.fromfile(folder / "start.bin", dtype="<f4")
        position = 0

        def take(shape):
            nonlocal position
            size = int(np.prod(shape))
            position += size
            return values[position - size : position].reshape(shape)

        self.parameters = [take(p["shape"]) for p in self.case["parameters"]]
        batch = [self.case["batch"], *self.case["inputShape"]]
        self.batches = [take(batch) for _ in self.case["labels"]]
        self.labels = [np.array(labels) for labels in self.case["labels"]]
        self.network = (self.case["layers"], self.case["inputShape"], self.case["outputs"])


def torch_run(start):
    import torch
    import torch.nn.functional as F

    from networks_torch import Network, channels_first, parameters_in_order

    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    adam, steps = start.case["adam"], len(start.batches)
    model = Network(*start.network, dropout=False).train()
    rows = parameters_in_order(model)
    assert len(rows) == len(start.parameters)
    with torch.no_grad():
        for (tensor, there, _), value in zip(rows, start.parameters):
            value = there(value)
            assert value.size == tensor.numel()
            tensor.copy_(torch.from_numpy(value.copy()).reshape(tensor.shape))
    optimizer = torch.optim.Adam(
        model.parameters(),
        lr=adam["learningRate"],
        betas=(adam["beta1"], adam["beta2"]),
        eps=adam["epsilon"],
        foreach=False,
    )
    counts = []  # rows of each batch normalization, in order
    for kind, module in model.in_order:
        if kind == "batchNormalization":
            module.register_forward_hook(
                lambda module, inputs, _: counts.append(inputs[0].numel() // inputs[0].shape[1])
            )
    losses = []
    for x, labels in zip(start.batches, start.labels):
        counts.clear()
        optimizer.zero_grad()
        x = channels_first(torch.from_numpy(x.copy()))
        loss = F.cross_entropy(model(x), torch.from_numpy(labels))
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    last, rest = [], iter(counts)
    for (tensor, _, back), p in zip(rows, start.case["parameters"]):
        value = tensor.detach().numpy()
        if p["name"].endswith(".variance"):
            n, kept = next(rest), 0.99**steps  # of the first variance, which is 1
            value = kept + (value.astype(np.float64) - kept) * (n - 1) / n
        last.append(back(value).reshape(p["shape"]))
    version = metadata.version("torch").split("+")[0]
    return losses, last, f"PyTorch {version}, NumPy {np.__version__}, CPU, one thread"


def keras_run(start):
    import keras
    import tensorflow as tf

    from networks_keras import network, weights_in_order

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    adam = start.case["adam"]
    model, in_order = network(*start.network, dropout=False)
    variables = weights_in_order(in_order)
    assert len(variables) == len(start.parameters)
    for variable, value in zip(variables, start.parameters):
        variable.assign(value)
    optimizer = keras.optimizers.Adam(
        adam["learningRate"], beta_1=adam["beta1"], beta_2=adam["beta2"]
    )
    loss_of = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    losses = []
    for step, (x, labels) in enumerate(zip(start.batches, start.labels), 1):
        optimizer.epsilon = adam["epsilon"] * float(np.sqrt(1 - adam["beta2"] ** step))
        with tf.GradientTape() as tape:
            loss = loss_of(labels, model(x, training=True))
        trainable = model.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(loss, trainable), trainable))
        losses.append(float(loss))
    versions = f"Keras {keras.__version__}, TensorFlow {tf.__version__}, NumPy {np.__version__}"
    return losses, [v.numpy() for v in variables], f"{versions}, CPU, one thread"


if __name__ == "__main__":
    who, folder = sys.argv[1], Path(sys.argv[2])
    losses, last, origin = {"keras": keras_run, "torch": torch_run}[who](Start(folder))
    flat = np.concatenate([np.asarray(value).ravel() for value in last]).astype("<f4")
    flat.tofile(folder / f"{who}.bin")
    (folder / f"{who}.json").write_text(json.dumps({"origin": origin, "losses": losses}))
