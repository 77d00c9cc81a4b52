"""Each operator against numpy written out by hand on the file's layout (N, H, W, C)."""

import numpy as np
import pytest
import torch

from hand_pose_ros.networks.graph import GraphModule, dequantize
from hand_pose_ros.networks.layers import same_padding
from hand_pose_ros.networks.tflite import ModelFileError, Operator, Tensor, TFLiteGraph

RANDOM = np.random.default_rng(5)


def random(*shape):
    return RANDOM.normal(size=shape).astype(np.float32)


def run(name, inputs, output_shape, constants=(), **options):
    """One operator on ``inputs`` (file layout, any batch) as a graph; returns the output in the file's layout."""
    shapes = [(1, *value.shape[1:]) for value in inputs] + [np.shape(c) for c in constants] + [(1, *output_shape[1:])]
    data = [None] * len(inputs) + list(constants) + [None]
    tensors = tuple(Tensor(f"t{i}", tuple(s), d) for i, (s, d) in enumerate(zip(shapes, data, strict=True)))
    numbers = tuple(range(len(tensors)))
    op = Operator(name, numbers[:-1], numbers[-1:], options)
    module = GraphModule(TFLiteGraph(tensors, (op,), numbers[: len(inputs)], numbers[-1:]))
    fed = [torch.from_numpy(value) for value in inputs]
    fed = [value.permute(0, 3, 1, 2) if value.ndim == 4 else value for value in fed]
    # A graph takes one image; further inputs of an operator are computed in real files.
    found = module.layers[0](*(fed[number] for number in module.wiring[0][0])).detach()
    assert len(module.wiring[0][0]) == len(inputs)
    return (found.permute(0, 2, 3, 1) if found.ndim == 4 else found).numpy()


def window(name="SAME", stride=1, **more):
    return {"padding": name, "stride_w": stride, "stride_h": stride, "activation": "NONE"} | more


def padded(image, kernel, stride, value=0.0):
    """``image`` (N, H, W, C) with TensorFlow's SAME padding, and the output's height and width."""
    out = [-(-size // stride) for size in image.shape[1:3]]
    total = [max((o - 1) * stride + k - s, 0) for o, k, s in zip(out, kernel, image.shape[1:3], strict=True)]
    amounts = [(t // 2, t - t // 2) for t in total]
    return np.pad(image, ((0, 0), *amounts, (0, 0)), constant_values=value), out


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "expected"),
    [
        (224, 3, 2, (0, 1)),
        (192, 5, 2, (1, 2)),
        (7, 3, 2, (1, 1)),
        (5, 3, 1, (1, 1)),
        (4, 2, 2, (0, 0)),
        (3, 2, 2, (0, 1)),
    ],
)
def test_same_padding_puts_the_odd_pixel_after(size, kernel, stride, expected):
    assert same_padding(size, kernel, stride) == expected


@pytest.mark.parametrize(("size", "stride"), [((6, 6), 2), ((5, 7), 2), ((5, 7), 1), ((6, 8), 3)])
@pytest.mark.parametrize("kernel", [(3, 3), (5, 5), (1, 3)])
def test_convolution_with_same_padding(size, stride, kernel):
    image, weights, bias = random(2, *size, 3), random(4, *kernel, 3), random(4)
    source, (rows, columns) = padded(image, kernel, stride)
    expected = np.empty((2, rows, columns, 4), np.float32)
    for y in range(rows):
        for x in range(columns):
            patch = source[:, y * stride : y * stride + kernel[0], x * stride : x * stride + kernel[1]]
            expected[:, y, x] = np.einsum("nhwc,ohwc->no", patch, weights) + bias
    options = window("SAME", stride, dilation_w=1, dilation_h=1)
    found = run("CONV_2D", [image], expected.shape, [weights, bias], **options)
    np.testing.assert_allclose(found, expected, atol=1e-4)


@pytest.mark.parametrize("stride", [1, 2])
def test_depthwise_convolution_with_a_channel_multiplier(stride):
    image, weights, bias = random(2, 6, 6, 3), random(1, 5, 5, 6), random(6)
    source, (rows, columns) = padded(image, (5, 5), stride)
    expected = np.empty((2, rows, columns, 6), np.float32)
    for y in range(rows):
        for x in range(columns):
            patch = source[:, y * stride : y * stride + 5, x * stride : x * stride + 5].repeat(2, axis=3)
            expected[:, y, x] = (patch * weights).sum(axis=(1, 2)) + bias
    options = window("SAME", stride, dilation_w=1, dilation_h=1)
    found = run("DEPTHWISE_CONV_2D", [image], expected.shape, [weights, bias], **options)
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_convolution_without_padding_fuses_its_activation():
    image, weights = random(1, 4, 4, 2), random(3, 1, 1, 2) * 4
    options = window("VALID", activation="RELU6", dilation_w=1, dilation_h=1)
    found = run("CONV_2D", [image], (1, 4, 4, 3), [weights, np.zeros(3, np.float32)], **options)
    np.testing.assert_allclose(found, np.clip(image @ weights[:, 0, 0].T, 0, 6), atol=1e-5)
    assert found.min() == 0
    assert found.max() == 6


@pytest.mark.parametrize("size", [4, 5])
@pytest.mark.parametrize(("name", "reduce"), [("MAX_POOL_2D", np.nanmax), ("AVERAGE_POOL_2D", np.nanmean)])
def test_pooling_ignores_the_padding(name, reduce, size):
    image = random(2, size, size, 3) - 5  # negative: a padding of zeros would win a maximum
    source, (rows, columns) = padded(image, (3, 3), 2, np.nan)
    expected = np.empty((2, rows, columns, 3), np.float32)
    for y in range(rows):
        for x in range(columns):
            expected[:, y, x] = reduce(source[:, 2 * y : 2 * y + 3, 2 * x : 2 * x + 3], axis=(1, 2))
    found = run(name, [image], expected.shape, **window("SAME", 2, filter_w=3, filter_h=3))
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_prelu_has_a_slope_per_channel():
    image, slopes = random(2, 3, 3, 4), np.array([[[-1.5, 0.0, 0.25, 3.0]]], np.float32)
    expected = np.where(image > 0, image, image * slopes)
    np.testing.assert_allclose(run("PRELU", [image], image.shape, [slopes]), expected, rtol=1e-6)


def test_prelu_with_slopes_along_the_image_is_refused():
    with pytest.raises(ModelFileError, match="PRELU"):
        run("PRELU", [random(1, 3, 3, 4)], (1, 3, 3, 4), [random(3, 3, 4)])


def test_sums_and_products_of_two_images_and_with_constants():
    first, second, channel = random(2, 3, 4, 5), random(2, 3, 4, 5), random(5)
    np.testing.assert_allclose(run("ADD", [first, second], first.shape, activation="NONE"), first + second)
    product = run("MUL", [first, second], first.shape, activation="RELU")
    np.testing.assert_allclose(product, np.maximum(first * second, 0))
    np.testing.assert_allclose(run("MUL", [first], first.shape, [channel], activation="NONE"), first * channel)
    plane = random(1, 3, 4, 1)
    np.testing.assert_allclose(run("ADD", [first], first.shape, [plane], activation="NONE"), first + plane)


def test_padding_of_rows_columns_and_channels():
    image, amounts = random(2, 3, 4, 2), np.array([[0, 0], [1, 0], [0, 2], [0, 3]], np.int32)
    found = run("PAD", [image], (2, 4, 6, 5), [amounts])
    np.testing.assert_array_equal(found, np.pad(image, amounts))


def test_bilinear_resize_with_half_pixel_centres():
    ramp = np.arange(4, dtype=np.float32)[None, None, :, None] * np.ones((1, 2, 1, 1), np.float32)
    options = {"align_corners": False, "half_pixel_centers": True}
    found = run("RESIZE_BILINEAR", [ramp], (1, 2, 8, 1), [np.array([2, 8], np.int32)], **options)
    np.testing.assert_allclose(found[0, 0, :, 0], [0, 0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3], atol=1e-6)


@pytest.mark.parametrize(("before", "after"), [(10, 7), (49, 29), (3, 5), (6, 12)])
def test_resize_to_any_size_gives_that_size(before, after):
    options = {"align_corners": False, "half_pixel_centers": True}
    image, size = random(1, before, 3, 1), np.array([after, 3], np.int32)
    assert run("RESIZE_BILINEAR", [image], (1, after, 3, 1), [size], **options).shape == (1, after, 3, 1)


def test_resize_without_half_pixel_centres_is_refused():
    options = {"align_corners": False, "half_pixel_centers": False}
    with pytest.raises(ModelFileError, match="half-pixel"):
        run("RESIZE_BILINEAR", [random(1, 2, 2, 1)], (1, 4, 4, 1), [np.array([4, 4])], **options)


@pytest.mark.parametrize("keep", [True, False])
def test_mean_over_the_image(keep):
    image = random(2, 3, 4, 5)
    expected = image.mean(axis=(1, 2), keepdims=keep)
    found = run("MEAN", [image], expected.shape, [np.array([1, 2], np.int32)], keep_dimensions=keep)
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_fully_connected_and_reshape_read_an_image_channels_last():
    image, weights, bias = random(2, 2, 3, 4), random(5, 24), random(5)
    found = run("FULLY_CONNECTED", [image], (2, 5), [weights, bias], activation="NONE", keep_dimensions=False)
    np.testing.assert_allclose(found, image.reshape(2, 24) @ weights.T + bias, atol=1e-5)
    np.testing.assert_array_equal(run("RESHAPE", [image], (2, 12, 2)), image.reshape(2, 12, 2))
    np.testing.assert_array_equal(run("RESHAPE", [image.reshape(2, 24)], (2, 4, 3, 2)), image.reshape(2, 4, 3, 2))


@pytest.mark.parametrize("axis", [3, -1, 1])
def test_concatenation_along_an_axis_of_the_file(axis):
    first, second = random(2, 3, 3, 2), random(2, 3, 3, 2)
    expected = np.concatenate([first, second], axis)
    found = run("CONCATENATION", [first, second], expected.shape, axis=axis, activation="NONE")
    np.testing.assert_array_equal(found, expected)


def test_pointwise_functions_and_softmax():
    image = random(2, 3, 3, 4) * 5
    np.testing.assert_allclose(run("LOGISTIC", [image], image.shape), 1 / (1 + np.exp(-image)), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(run("RELU6", [image], image.shape), np.clip(image, 0, 6))
    powers = np.exp(image)
    np.testing.assert_allclose(run("SOFTMAX", [image], image.shape), powers / powers.sum(3, keepdims=True), atol=1e-5)


def test_constants_are_widened_from_half_floats_and_scaled_from_integers():
    half = Tensor("half", (2,), np.array([0.1, -2.5], np.float16))
    assert dequantize(half).dtype == np.float32
    np.testing.assert_array_equal(dequantize(half), np.array([0.1, -2.5], np.float16).astype(np.float32))
    scale, zero_point = np.array([0.5], np.float32), np.array([3])
    whole = Tensor("whole", (3,), np.array([-1, 3, 5], np.int8), scale, zero_point)
    np.testing.assert_array_equal(dequantize(whole), [-2.0, 0.0, 1.0])
    with pytest.raises(ModelFileError, match="per-tensor"):
        dequantize(Tensor("channels", (2,), np.array([1, 2], np.int8), np.ones(2, np.float32), np.zeros(2)))


def test_a_quantised_network_is_refused():
    tensors = (Tensor("a", (1, 4), None), Tensor("b", (1, 4), None))
    with pytest.raises(ModelFileError, match="quantised"):
        GraphModule(TFLiteGraph(tensors, (Operator("DEQUANTIZE", (0,), (1,)),), (0,), (1,)))


def test_operands_that_do_not_fit_name_the_operator():
    options = window("SAME", 1, dilation_w=1, dilation_h=1)
    with pytest.raises(ModelFileError, match="operator CONV_2D"):
        run("CONV_2D", [random(1, 4, 4, 3)], (1, 4, 4, 4), [random(4, 3, 3, 2), random(4)], **options)
    with pytest.raises(ModelFileError, match="input 1 must be a constant"):
        run("CONV_2D", [random(1, 4, 4, 3)], (1, 4, 4, 4), **options)


def test_parameters_are_real_and_the_graph_runs_in_double_precision():
    weights = random(4, 3, 3, 3)
    tensors = (
        Tensor("image", (1, 6, 6, 3), None), Tensor("w", weights.shape, weights), Tensor("b", (4,), random(4)),
        Tensor("out", (1, 3, 3, 4), None),
    )  # fmt: skip
    op = Operator("CONV_2D", (0, 1, 2), (3,), window("SAME", 2, dilation_w=1, dilation_h=1))
    module = GraphModule(TFLiteGraph(tensors, (op,), (0,), (3,)))
    assert sum(parameter.numel() for parameter in module.parameters()) == weights.size + 4
    single = module(torch.ones(2, 3, 6, 6))[0]
    double = module.double()(torch.ones(2, 3, 6, 6, dtype=torch.float64))[0]
    assert double.dtype == torch.float64
    torch.testing.assert_close(double.float(), single, atol=1e-5, rtol=1e-5)
