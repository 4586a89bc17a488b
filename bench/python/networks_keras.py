"""The networks of ../workloads.ts in Keras, from the same layer lists.

Layouts are ours. `weights_in_order` gives the variables in our order, so that both sides can start
alike.
"""

import keras
from keras import layers as L


def network(layers, shape, outputs, dropout=True):
    """(model of logits [batch, outputs], its layers with weights in our order)."""
    in_order = []

    def add(layer, x):
        kind = layer["type"]
        activation = layer.get("activation")

        def made(keras_layer):
            in_order.append(keras_layer)
            return keras_layer(x)

        if kind == "dense":
            return made(L.Dense(layer["units"], activation=activation))
        if kind in ("conv1d", "conv2d"):
            make = L.Conv1D if kind == "conv1d" else L.Conv2D
            size, stride = layer["kernelSize"], layer.get("stride", 1)
            return made(
                make(layer["filters"], size, stride, padding="same", activation=activation)
            )
        if kind == "depthwiseConv2d":
            return made(L.DepthwiseConv2D(layer["kernelSize"], padding="same"))
        if kind == "maxPool1d":
            return L.MaxPooling1D(2, 2, padding="same")(x)
        if kind == "batchNormalization":
            return made(L.BatchNormalization(momentum=0.99, epsilon=1e-3))
        if kind == "activation":
            return L.Activation(activation)(x)
        if kind == "dropout":
            return L.Dropout(layer["rate"])(x) if dropout else x
        if kind == "flatten":
            return L.Flatten()(x)
        if kind == "globalAveragePool":
            return L.GlobalAveragePooling2D()(x)
        if kind == "residual":
            inside = add_all(layer["layers"], x)
            around = add_all(layer.get("shortcut", []), x)
            return L.Activation(activation)(L.Add()([inside, around]))
        raise ValueError(f"no layer {kind}")

    def add_all(layers, x):
        for layer in layers:
            x = add(layer, x)
        return x

    inputs = keras.Input(tuple(shape))
    logits = add_all([*layers, {"type": "dense", "units": outputs}], inputs)
    return keras.Model(inputs, logits), in_order


def weights_in_order(in_order):
    return [variable for layer in in_order for variable in layer.weights]
