"""The networks of ../workloads.ts in PyTorch, from the same layer lists.

Channels first inside, as PyTorch has it; inputs come channels last. `parameters_in_order` gives the
tensors in our order together with how ours are laid out, so that both sides can start alike.
"""

import torch
import torch.nn.functional as F
from torch import nn


def same_padding(size, kernel, stride):
    """Zeros before and after, as TensorFlow's "same": the odd one comes after."""
    total = max(0, (-(-size // stride) - 1) * stride + kernel - size)
    return total // 2, total - total // 2


class Network(nn.Module):
    """A layer list over [batch, ...shape], ending in a dense layer of `outputs` units."""

    def __init__(self, layers, shape, outputs, dropout=True):
        super().__init__()
        self.dropout = dropout
        self.made = nn.ModuleList()
        self.in_order = []
        with torch.no_grad():
            channels_last = torch.zeros(2, *shape)
            x = channels_first(channels_last)
            self.steps = self._list(layers + [{"type": "dense", "units": outputs}], x)

    def forward(self, x):
        """x [batch, channels, ...], see `channels_first`; logits [batch, outputs]."""
        return run(self.steps, x)

    def _list(self, layers, x):
        steps = []
        for layer in layers:
            made = self._layer(layer, x)
            x = run(made, x)
            steps += made
        return steps

    def _module(self, module, kind):
        self.made.append(module)
        self.in_order.append((kind, module))
        return module

    def _layer(self, layer, x):
        kind = layer["type"]
        relu = [F.relu] if layer.get("activation") == "relu" else []
        if kind == "dense":
            return [self._module(nn.Linear(x.shape[1], layer["units"]), kind), *relu]
        if kind == "conv1d":
            taps = layer["kernelSize"]
            module = nn.Conv1d(x.shape[1], layer["filters"], taps, padding=taps // 2)
            return [self._module(module, kind), *relu]
        if kind in ("conv2d", "depthwiseConv2d"):
            size, stride = layer["kernelSize"], layer.get("stride", 1)
            size = size if isinstance(size, list) else [size, size]
            (top, bottom), (left, right) = (
                same_padding(n, k, stride) for n, k in zip(x.shape[2:], size)
            )
            even = top == bottom and left == right
            pad = [] if even else [lambda x: F.pad(x, (left, right, top, bottom))]
            channels = x.shape[1]
            groups = channels if kind == "depthwiseConv2d" else 1
            filters = channels if kind == "depthwiseConv2d" else layer["filters"]
            padding = (top, left) if even else 0
            module = nn.Conv2d(channels, filters, size, stride, padding=padding, groups=groups)
            return [*pad, self._module(module, kind), *relu]
        if kind == "maxPool1d":
            return [lambda x: F.max_pool1d(x, 2, ceil_mode=True)]
        if kind == "batchNormalization":
            return [self._module(nn.BatchNorm2d(x.shape[1], eps=1e-3, momentum=0.01), kind)]
        if kind == "activation":
            return [F.relu]
        if kind == "dropout":
            rate = layer["rate"]
            return [lambda x: F.dropout(x, rate, self.training)] if self.dropout else []
        if kind == "flatten":
            return [lambda x: x.transpose(1, 2).flatten(1)]  # time first, as ours
        if kind == "globalAveragePool":
            return [lambda x: x.mean((2, 3))]
        if kind == "residual":
            inside = self._list(layer["layers"], x)
            around = self._list(layer.get("shortcut", []), x)
            return [lambda x: F.relu(run(inside, x) + run(around, x))]
        raise ValueError(f"no layer {kind}")


def run(steps, x):
    for step in steps:
        x = step(x)
    return x


def channels_first(x):
    """[batch, ..., channels] to [batch, channels, ...], contiguous."""
    return x.movedim(-1, 1).contiguous()


def parameters_in_order(network):
    """(tensor, from_ours, to_ours) of each parameter and statistic, in our order."""
    rows = []

    def row(tensor, there=lambda a: a, back=lambda a: a):
        rows.append((tensor, there, back))

    for kind, module in network.in_order:
        if kind == "batchNormalization":
            for tensor in (module.weight, module.bias, module.running_mean, module.running_var):
                row(tensor)
            continue
        if kind == "dense":
            row(module.weight, lambda a: a.T, lambda a: a.T)
        elif kind == "conv1d":
            row(module.weight, lambda a: a.transpose(2, 1, 0), lambda a: a.transpose(2, 1, 0))
        elif kind == "conv2d":
            row(module.weight, lambda a: a.transpose(3, 2, 0, 1), lambda a: a.transpose(2, 3, 1, 0))
        else:
            row(module.weight, lambda a: a.transpose(2, 3, 0, 1), lambda a: a.transpose(2, 3, 0, 1))
        row(module.bias)
    return rows
