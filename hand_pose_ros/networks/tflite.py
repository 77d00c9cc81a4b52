"""Reader of TFLite files: what tensors and operators a network consists of. Execution lives in ``graph.py``.

Field numbers, operator codes and option layouts are those of TensorFlow's published
``tensorflow/compiler/mlir/lite/schema/schema.fbs``.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from hand_pose_ros.networks.flatbuffer import BOOL, INT8, INT32, UINT32, FlatTable
from hand_pose_ros.networks.operator_names import OPERATOR_NAMES

DTYPES = {0: np.float32, 1: np.float16, 2: np.int32, 3: np.uint8, 4: np.int64, 6: np.bool_, 7: np.int16, 9: np.int8}
ACTIVATIONS = ("NONE", "RELU", "RELU_N1_TO_1", "RELU6", "TANH", "SIGN_BIT")
PADDINGS = ("SAME", "VALID")

# Options read from an operator's table: name -> (field number, type, default).
OPTIONS = {
    "CONV_2D": {
        "padding": (0, INT8, 0), "stride_w": (1, INT32, 0), "stride_h": (2, INT32, 0), "activation": (3, INT8, 0),
        "dilation_w": (4, INT32, 1), "dilation_h": (5, INT32, 1),
    },
    "DEPTHWISE_CONV_2D": {
        "padding": (0, INT8, 0), "stride_w": (1, INT32, 0), "stride_h": (2, INT32, 0), "activation": (4, INT8, 0),
        "dilation_w": (5, INT32, 1), "dilation_h": (6, INT32, 1),
    },
    "MAX_POOL_2D": {
        "padding": (0, INT8, 0), "stride_w": (1, INT32, 0), "stride_h": (2, INT32, 0), "filter_w": (3, INT32, 0),
        "filter_h": (4, INT32, 0), "activation": (5, INT8, 0),
    },
    "FULLY_CONNECTED": {"activation": (0, INT8, 0), "keep_dimensions": (2, BOOL, False)},
    "ADD": {"activation": (0, INT8, 0)},
    "MUL": {"activation": (0, INT8, 0)},
    "CONCATENATION": {"axis": (0, INT32, 0), "activation": (1, INT8, 0)},
    "RESIZE_BILINEAR": {"align_corners": (2, BOOL, False), "half_pixel_centers": (3, BOOL, False)},
    "MEAN": {"keep_dimensions": (0, BOOL, False)},
}  # fmt: skip
OPTIONS["AVERAGE_POOL_2D"] = OPTIONS["MAX_POOL_2D"]


class ModelFileError(ValueError):
    """A network's file is missing, damaged, or holds what this package cannot run."""


@dataclass(frozen=True)
class Tensor:
    """One tensor of a graph. ``shape`` is as in the file: batch 1, channels last."""

    name: str
    shape: tuple[int, ...]
    data: np.ndarray | None
    """The value of a constant, None for what is computed."""
    scale: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32))
    zero_point: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))


@dataclass(frozen=True)
class Operator:
    """One operator: ``inputs`` and ``outputs`` are tensor numbers, -1 for an optional input that is absent."""

    name: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: dict = field(default_factory=dict)


@dataclass(frozen=True)
class TFLiteGraph:
    """The first subgraph of a file; operators stand in execution order."""

    tensors: tuple[Tensor, ...]
    operators: tuple[Operator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


def read_tflite(path: str | Path) -> TFLiteGraph:
    """Read a ``.tflite`` file. Raises ModelFileError when it is missing or damaged."""
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise ModelFileError(f"{path}: cannot be read ({error.strerror}); run: hand_pose_ros models fetch") from error
    if data[4:8] != b"TFL3":
        raise ModelFileError(f"{path}: not a TFLite file (its mark TFL3 is absent); run: hand_pose_ros models fetch")
    try:
        return _read_graph(data)
    except (struct.error, IndexError, TypeError, ValueError, OverflowError, MemoryError) as error:
        raise ModelFileError(f"{path}: damaged TFLite file ({error}); run: hand_pose_ros models fetch") from error


def _read_graph(data: bytes) -> TFLiteGraph:
    model = FlatTable.root(data)
    codes = [_operator_name(code) for code in model.tables(1)]
    buffers = model.tables(4)
    graph = model.tables(2)[0]
    tensors = tuple(_read_tensor(table, buffers) for table in graph.tables(0))
    operators = tuple(_read_operator(table, codes) for table in graph.tables(3))
    inputs, outputs = _numbers(graph, 1), _numbers(graph, 2)
    used = [number for op in operators for number in op.inputs + op.outputs] + [*inputs, *outputs]
    if not inputs or not all(op.inputs and op.outputs for op in operators):
        raise ValueError("an operator or the graph has no input or output")
    if not operators or not outputs or max(used) >= len(tensors) or min(used) < -1:
        raise ValueError("the graph is empty or names tensors it does not hold")
    return TFLiteGraph(tensors, operators, inputs, outputs)


def _numbers(table: FlatTable, number: int) -> tuple[int, ...]:
    return tuple(int(value) for value in table.array(number, np.int32))


def _operator_name(table: FlatTable) -> str:
    custom = table.text(1)
    # Codes above 127 stand in the later field 3; older files fill field 0 only.
    code = max(table.number(0, INT8), table.number(3, INT32))
    if custom:
        return f"CUSTOM:{custom}"
    return OPERATOR_NAMES[code] if 0 <= code < len(OPERATOR_NAMES) else f"OPERATOR_{code}"


def _read_tensor(table: FlatTable, buffers: list[FlatTable]) -> Tensor:
    shape, kind = _numbers(table, 0), table.number(1, INT8)
    raw = buffers[table.number(2, UINT32)].array(0, np.uint8)
    scale, zero_point = np.zeros(0, np.float32), np.zeros(0, np.int64)
    if quantization := table.table(4):
        scale, zero_point = quantization.array(2, np.float32), quantization.array(3, np.int64)
    data = None
    if raw.size:
        if kind not in DTYPES:
            raise ValueError(f"tensor {table.text(3)!r} has the unsupported type {kind}")
        data = raw.view(DTYPES[kind]).reshape(shape)
    return Tensor(table.text(3), shape, data, scale, zero_point)


def _read_operator(table: FlatTable, codes: list[str]) -> Operator:
    name, found = codes[table.number(0, UINT32)], table.table(4)
    options = {
        key: found.number(number, kind, default) if found else default
        for key, (number, kind, default) in OPTIONS.get(name, {}).items()
    }
    if "padding" in options:
        options["padding"] = PADDINGS[options["padding"]]
    if "activation" in options:
        options["activation"] = ACTIVATIONS[options["activation"]]
    return Operator(name, _numbers(table, 1), _numbers(table, 2), options)
