"""One mode of Keras or PyTorch as a contender of the training benchmark, on the CPU.

python serve.py --modes                                      the modes whose packages are there
python serve.py --mode NAME --threads N --workload JSON      the protocol of ../alternate.ts

The batch is resident, and the same in every step; Adam and the dropout of the workload are those
that the packages bring.
"""

import argparse
import json
import os
import sys
import time
from importlib import metadata, util

KERAS = ("keras train_on_batch", "keras function", "keras xla")
TORCH = ("torch eager", "torch channels_last", "torch compile_step")
LEARNING_RATE = 1e-3


def modes():
    """Name and version of each mode, without loading the packages."""
    found = []
    if util.find_spec("keras") and util.find_spec("tensorflow"):
        version = f"Keras {metadata.version('keras')}, TensorFlow {metadata.version('tensorflow')}"
        found += [{"name": name, "version": version} for name in KERAS]
    if util.find_spec("torch"):
        version = f"PyTorch {metadata.version('torch')}"
        found += [{"name": name, "version": version} for name in TORCH]
    return found


def batch_of(workload):
    import numpy as np

    rng = np.random.default_rng(7)
    shape = (workload["batch"], *workload["inputShape"])
    x = rng.uniform(-1, 1, shape).astype(np.float32)
    return x, rng.integers(0, workload["outputs"], workload["batch"])


def keras_steps(mode, workload, threads):
    """(step, sync)"""
    import keras
    import tensorflow as tf

    from networks_keras import network

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    x, labels = batch_of(workload)
    model, _ = network(workload["layers"], workload["inputShape"], workload["outputs"])
    y = keras.utils.to_categorical(labels, workload["outputs"])
    loss_of = keras.losses.CategoricalCrossentropy(from_logits=True)
    optimizer = keras.optimizers.Adam(LEARNING_RATE)
    if mode == "keras train_on_batch":
        model.compile(optimizer=optimizer, loss=loss_of)
        return lambda: model.train_on_batch(x, y), lambda: None
    optimizer.build(model.trainable_variables)
    x, y = tf.constant(x), tf.constant(y)

    @tf.function(jit_compile=mode == "keras xla")
    def body():
        with tf.GradientTape() as tape:
            loss = loss_of(y, model(x, training=True))
        variables = model.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
        return loss

    last = [None]

    def step():
        last[0] = body()

    return step, lambda: float(last[0])


def torch_steps(mode, workload, threads):
    """(step, sync)"""
    os.environ.setdefault("TORCHINDUCTOR_COMPILE_THREADS", "1")
    import torch
    import torch.nn.functional as F

    from networks_torch import Network, channels_first

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    x, labels = batch_of(workload)
    x, labels = channels_first(torch.from_numpy(x)), torch.from_numpy(labels)
    model = Network(workload["layers"], workload["inputShape"], workload["outputs"]).train()
    if mode == "torch channels_last":
        if x.dim() != 4:
            raise ValueError("channels_last is for images")
        model, x = (v.to(memory_format=torch.channels_last) for v in (model, x))
    optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE, foreach=True)

    def body():
        optimizer.zero_grad(set_to_none=True)
        loss = F.cross_entropy(model(x), labels)
        loss.backward()
        optimizer.step()
        return loss.detach()

    step_of = torch.compile(body) if mode == "torch compile_step" else body
    last = [None]

    def step():
        last[0] = step_of()

    return step, lambda: float(last[0])


def serve(mode, workload, threads):
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what the packages print

    def say(answer):
        print(json.dumps(answer), file=answers, flush=True)

    try:
        make = torch_steps if mode in TORCH else keras_steps
        step, sync = make(mode, workload, threads)
        say({"ready": next(m["version"] for m in modes() if m["name"] == mode)})
        for line in sys.stdin:
            cpu, wall = time.process_time(), time.perf_counter()
            for _ in range(int(line)):
                step()
            sync()
            say(
                {
                    "cpuSeconds": time.process_time() - cpu,
                    "wallSeconds": time.perf_counter() - wall,
                }
            )
    except Exception as error:  # whatever a package raises is its answer
        say({"failure": str(error).split("\n")[0][:200]})


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--modes", action="store_true")
    parser.add_argument("--mode", choices=KERAS + TORCH)
    parser.add_argument("--workload", type=json.loads)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    if args.modes:
        print(json.dumps(modes()))
    else:
        serve(args.mode, args.workload, args.threads)
