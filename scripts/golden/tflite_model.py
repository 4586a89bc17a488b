"""Builds TFLite flatbuffers of one int8 operator and runs them on two interpreters.

The flatbuffer is written directly, so every scale, zero point, weight and bias is what the case
says; no converter takes part. A case is the object stored in test/golden/int8 (see README there).
"""

import flatbuffers
import numpy as np
from tflite_micro.python.tflite_micro import runtime

from golden_file import from_base64

schema = runtime.schema_fb

ACTIVATIONS = {
    "none": schema.ActivationFunctionType.NONE,
    "relu": schema.ActivationFunctionType.RELU,
}
PADDINGS = {"same": schema.Padding.SAME, "valid": schema.Padding.VALID}
BUILTINS = {
    "dense": (schema.BuiltinOperator.FULLY_CONNECTED, 4),
    "conv1d": (schema.BuiltinOperator.CONV_2D, 3),
    "maxPool1d": (schema.BuiltinOperator.MAX_POOL_2D, 2),
    "softmax": (schema.BuiltinOperator.SOFTMAX, 2),
}


def batched(operator, shape, vectors):
    """[n, ...shape]; 1-D image operators get the height 1 that Conv2D and MaxPool2D want."""
    return [vectors, 1, *shape] if operator in ("conv1d", "maxPool1d") else [vectors, *shape]


def build(operator, case):
    """The bytes of a model with one operator and a batch of `vectors`."""
    buffers = [schema.BufferT()]
    tensors = []

    def add_tensor(name, shape, dtype, scales, zero_points, data=None):
        tensor = schema.TensorT()
        tensor.name, tensor.shape, tensor.type = name, shape, dtype
        if data is not None:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(data, dtype=np.uint8)
            buffers.append(buffer)
            tensor.buffer = len(buffers) - 1
        quantization = schema.QuantizationParametersT()
        quantization.scale = np.array(scales, dtype=np.float32)
        quantization.zeroPoint = np.array(zero_points, dtype=np.int64)
        quantization.quantizedDimension = 0
        tensor.quantization = quantization
        tensors.append(tensor)
        return len(tensors) - 1

    int8, int32 = schema.TensorType.INT8, schema.TensorType.INT32
    source, target = case["input"], case["output"]
    inputs = [
        add_tensor(
            "input",
            batched(operator, source["shape"], case["vectors"]),
            int8,
            [source["scale"]],
            [source["zeroPoint"]],
        )
    ]
    if "weights" in case:
        weights = case["weights"]
        scales = weights["scale"]
        data = from_base64(weights["data"], np.int8, weights["shape"]).tobytes()
        inputs.append(
            add_tensor("weights", weights["shape"], int8, scales, [0] * len(scales), data)
        )
        units = weights["shape"][0]
        bias = from_base64(case["bias"], np.int32, [units]).tobytes()
        # The scale of a bias is the float32 product of the input's and the weights' scale.
        products = [np.float32(source["scale"]) * np.float32(scale) for scale in scales]
        inputs.append(add_tensor("bias", [units], int32, products, [0] * len(products), bias))
    output = add_tensor(
        "output",
        batched(operator, target["shape"], case["vectors"]),
        int8,
        [target["scale"]],
        [target["zeroPoint"]],
    )

    operation = schema.OperatorT()
    operation.inputs, operation.outputs = inputs, [output]
    operation.builtinOptionsType, operation.builtinOptions = options(operator, case["attributes"])
    graph = schema.SubGraphT()
    graph.tensors, graph.operators = tensors, [operation]
    graph.inputs, graph.outputs = [0], [output]
    code = schema.OperatorCodeT()
    code.builtinCode, code.version = BUILTINS[operator]
    code.deprecatedBuiltinCode = code.builtinCode
    model = schema.ModelT()
    model.version, model.operatorCodes, model.subgraphs = 3, [code], [graph]
    model.buffers = buffers
    builder = flatbuffers.Builder(1 << 16)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def options(operator, attributes):
    kinds = schema.BuiltinOptions
    if operator == "dense":
        made = schema.FullyConnectedOptionsT()
        made.fusedActivationFunction = ACTIVATIONS[attributes["activation"]]
        return kinds.FullyConnectedOptions, made
    if operator == "conv1d":
        made = schema.Conv2DOptionsT()
        made.padding = PADDINGS[attributes["padding"]]
        made.strideW, made.strideH = attributes["stride"], 1
        made.dilationWFactor, made.dilationHFactor = attributes["dilation"], 1
        made.fusedActivationFunction = ACTIVATIONS[attributes["activation"]]
        return kinds.Conv2DOptions, made
    if operator == "maxPool1d":
        made = schema.Pool2DOptionsT()
        made.padding = PADDINGS[attributes["padding"]]
        made.strideW, made.strideH = attributes["stride"], 1
        made.filterWidth, made.filterHeight = attributes["pool"], 1
        made.fusedActivationFunction = ACTIVATIONS[attributes["activation"]]
        return kinds.Pool2DOptions, made
    made = schema.SoftmaxOptionsT()
    made.beta = attributes["beta"]
    return kinds.SoftmaxOptions, made


def run_tflm(operator, case, inputs):
    """Outputs [n, ...] of TFLite Micro's interpreter, which holds the portable kernels only."""
    model = build(operator, case)
    interpreter = runtime.Interpreter.from_bytes(model, arena_size=1 << 20)
    interpreter.set_input(
        inputs.reshape(batched(operator, case["input"]["shape"], case["vectors"])), 0
    )
    interpreter.invoke()
    return np.array(interpreter.get_output(0)).reshape(inputs.shape[0], *case["output"]["shape"])


def run_litert(operator, case, inputs):
    """The same on LiteRT's reference resolver: no delegate, no optimised kernel."""
    from ai_edge_litert import interpreter as litert

    interpreter = litert.Interpreter(
        model_content=build(operator, case),
        experimental_op_resolver_type=litert.OpResolverType.BUILTIN_REF,
        experimental_preserve_all_tensors=True,
        num_threads=1,
    )
    interpreter.allocate_tensors()
    shape = batched(operator, case["input"]["shape"], case["vectors"])
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], inputs.reshape(shape))
    interpreter.invoke()
    result = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    return result.reshape(inputs.shape[0], *case["output"]["shape"])
