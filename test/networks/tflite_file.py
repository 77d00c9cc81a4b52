"""Writes small TFLite files, so that the reader is tested without anybody's network."""

import flatbuffers
import numpy as np

from hand_pose_ros.networks.operator_names import OPERATOR_NAMES

TYPES = {"float32": 0, "float16": 1, "int32": 2, "int8": 9}


def table(builder, *fields):
    """A table; each field is None, ("offset", value) or (type, value) with a Prepend...Slot type name."""
    builder.StartObject(len(fields))
    for slot, item in enumerate(fields):
        if item is None:
            continue
        kind, value = item
        if kind == "offset":
            builder.PrependUOffsetTRelativeSlot(slot, value, 0)
        else:
            getattr(builder, f"Prepend{kind}Slot")(slot, value, None)
    return builder.EndObject()


def offsets(builder, items):
    builder.StartVector(4, len(items), 4)
    for item in reversed(items):
        builder.PrependUOffsetTRelative(item)
    return builder.EndVector()


def numbers(builder, values):
    return builder.CreateNumpyVector(np.asarray(values, np.int32))


def tflite_bytes(tensors, operators, inputs, outputs, new_codes=False):
    """``tensors``: (shape, dtype name, array or None); ``operators``: (name, inputs, outputs, option fields).

    ``new_codes`` writes operator codes in the later field, as today's converters do.
    """
    b = flatbuffers.Builder(0)
    arrays = [np.zeros(0, np.uint8)] + [data.reshape(-1).view(np.uint8) for _, _, data in tensors if data is not None]
    data_offsets = [b.CreateNumpyVector(array) for array in arrays]
    buffers = offsets(b, [table(b, ("offset", data)) for data in data_offsets])
    tensor_tables, place = [], 0
    for shape, dtype, data in tensors:
        place += data is not None
        name, dims = b.CreateString(f"t{len(tensor_tables)}"), numbers(b, shape)
        buffer = ("Uint32", place if data is not None else 0)
        tensor_tables.append(table(b, ("offset", dims), ("Int8", TYPES[dtype]), buffer, ("offset", name)))
    operator_tables = []
    for place, (_, fed, made, options) in enumerate(operators):
        ends = numbers(b, fed), numbers(b, made)
        option_table = table(b, *options)
        fields = ("Uint32", place), ("offset", ends[0]), ("offset", ends[1]), ("Uint8", 1), ("offset", option_table)
        operator_tables.append(table(b, *fields))
    tensor_vector, operator_vector = offsets(b, tensor_tables), offsets(b, operator_tables)
    ends = numbers(b, inputs), numbers(b, outputs)
    graph = table(b, ("offset", tensor_vector), ("offset", ends[0]), ("offset", ends[1]), ("offset", operator_vector))
    codes = [OPERATOR_NAMES.index(name) for name, *_ in operators]
    code_tables = [table(b, ("Int8", min(c, 127)), None, None, ("Int32", c) if new_codes else None) for c in codes]
    code_vector, graphs = offsets(b, code_tables), offsets(b, [graph])
    fields = ("Uint32", 3), ("offset", code_vector), ("offset", graphs), None, ("offset", buffers)
    b.Finish(table(b, *fields), file_identifier=b"TFL3")
    return bytes(b.Output())


def half_convolution(new_codes=False):
    """The bytes of a 3x3 stride-2 SAME convolution with RELU6, 4x4x2 to 2x2x3, weights in half floats; the weights."""
    weights = np.random.default_rng(3).normal(size=(3, 3, 3, 2)).astype(np.float16)
    bias = np.array([0.5, -0.25, 7.0], np.float32)
    tensors = [
        ((1, 4, 4, 2), "float32", None),
        (weights.shape, "float16", weights),
        (weights.shape, "float32", None),
        (bias.shape, "float32", bias),
        ((1, 2, 2, 3), "float32", None),
    ]
    options = (None, ("Int32", 2), ("Int32", 2), ("Int8", 3))
    operators = [("DEQUANTIZE", [1], [2], ()), ("CONV_2D", [0, 2, 3], [4], options)]
    return tflite_bytes(tensors, operators, [0], [4], new_codes), weights.astype(np.float32), bias
