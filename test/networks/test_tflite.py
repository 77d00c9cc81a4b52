"""Reading of TFLite files: content, and refusal of what is damaged."""

import numpy as np
import pytest
import torch

from hand_pose_ros.networks.graph import GraphModule
from hand_pose_ros.networks.tflite import ModelFileError, TFLiteGraph, read_tflite

from .tflite_file import half_convolution, tflite_bytes


@pytest.fixture
def write(tmp_path):
    def to_file(content: bytes):
        path = tmp_path / "network.tflite"
        path.write_bytes(content)
        return path

    return to_file


@pytest.mark.parametrize("new_codes", [False, True])
def test_tensors_operators_and_options_are_read(write, new_codes):
    content, weights, bias = half_convolution(new_codes)
    graph = read_tflite(write(content))
    assert [op.name for op in graph.operators] == ["DEQUANTIZE", "CONV_2D"]
    assert [graph.tensors[i].shape for i in (0, 1, 4)] == [(1, 4, 4, 2), (3, 3, 3, 2), (1, 2, 2, 3)]
    assert (graph.inputs, graph.outputs, graph.operators[1].inputs) == ((0,), (4,), (0, 2, 3))
    options = graph.operators[1].options
    assert (options["padding"], options["stride_w"], options["activation"]) == ("SAME", 2, "RELU6")
    assert options["dilation_w"] == 1  # absent from the file: the schema's default
    assert graph.tensors[1].data.dtype == np.float16
    np.testing.assert_array_equal(graph.tensors[1].data, weights.astype(np.float16))
    np.testing.assert_array_equal(graph.tensors[3].data, bias)
    assert graph.tensors[0].data is None


def test_a_written_file_computes_the_convolution_of_its_half_float_weights(write):
    content, weights, bias = half_convolution()
    image = np.random.default_rng(0).normal(size=(4, 4, 2)).astype(np.float32)
    # 4 pixels at stride 2 with kernel 3: TensorFlow pads nothing before and one after.
    padded = np.pad(image, ((0, 1), (0, 1), (0, 0)))
    expected = np.zeros((2, 2, 3))
    for y in range(2):
        for x in range(2):
            patch = padded[2 * y : 2 * y + 3, 2 * x : 2 * x + 3]
            expected[y, x] = np.clip((weights * patch).sum(axis=(1, 2, 3)) + bias, 0, 6)
    module = GraphModule(read_tflite(write(content)))
    (found,) = module(torch.from_numpy(image).permute(2, 0, 1)[None])
    np.testing.assert_allclose(found[0].permute(1, 2, 0).detach(), expected, atol=1e-5)


def test_a_missing_file_says_how_to_get_it(tmp_path):
    with pytest.raises(ModelFileError, match=r"absent\.tflite.*hand_pose_ros models fetch"):
        read_tflite(tmp_path / "absent.tflite")


@pytest.mark.parametrize("content", [b"", b"TFL3", b"<html>404 not found</html>", bytes(100)])
def test_what_is_not_a_tflite_file_is_refused(write, content):
    with pytest.raises(ModelFileError, match="hand_pose_ros models fetch"):
        read_tflite(write(content))


def test_every_truncation_is_refused_or_reads_the_same(write):
    content, weights, _ = half_convolution()
    refused = 0
    for length in range(len(content)):
        try:
            graph = read_tflite(write(content[:length]))
        except ModelFileError:
            refused += 1
        else:  # only alignment bytes behind the last table may be lost
            np.testing.assert_array_equal(graph.tensors[1].data, weights.astype(np.float16))
    assert refused > 0.9 * len(content)


def test_damaged_bytes_give_a_graph_or_a_clear_error_never_a_crash(write):
    content, _, _ = half_convolution()
    random, refused = np.random.default_rng(1), 0
    for _ in range(600):
        damaged = bytearray(content)
        for place in random.integers(0, len(content), 4):
            damaged[place] = random.integers(0, 256)
        try:
            assert isinstance(read_tflite(write(bytes(damaged))), TFLiteGraph)
        except ModelFileError:
            refused += 1
    assert refused > 100


def test_an_operator_without_a_builder_is_named(write):
    tensors = [((1, 4, 4, 2), "float32", None), ((1, 4, 4, 2), "float32", None)]
    path = write(tflite_bytes(tensors, [("LEAKY_RELU", [0], [1], ())], [0], [1]))
    with pytest.raises(ModelFileError, match="operator LEAKY_RELU is not supported"):
        GraphModule(read_tflite(path))


def test_an_operator_that_names_a_tensor_beyond_the_last_is_refused(write):
    tensors = [((1, 4), "float32", None), ((1, 4), "float32", None)]
    with pytest.raises(ModelFileError, match="tensors it does not hold"):
        read_tflite(write(tflite_bytes(tensors, [("LOGISTIC", [7], [1], ())], [0], [1])))
