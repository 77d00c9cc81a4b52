import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hand_pose_ros import crop, crop_device
from hand_pose_ros.hand import OrientedBox

PIXEL = st.floats(-2000, 4000)
BOXES = st.builds(
    OrientedBox,
    st.tuples(PIXEL, PIXEL),
    st.tuples(st.floats(1, 3000), st.floats(1, 3000)),
    st.floats(-7, 7),
)
SQUARES = st.builds(crop.square_box, st.tuples(PIXEL, PIXEL), st.floats(1, 3000), st.floats(-7, 7))


@given(BOXES, st.booleans(), st.lists(st.tuples(st.floats(-1, 2), st.floats(-1, 2)), min_size=1, max_size=5))
def test_the_inverse_is_exact(box, mirrored, points):
    affine = crop.crop_to_image(box, mirrored)
    there = crop.transform(affine, np.array(points))
    assert np.allclose(crop.transform(crop.invert(affine), there), points, rtol=0, atol=1e-9)


@given(BOXES)
def test_corners_of_the_crop_are_corners_of_the_box(box):
    corners = crop.transform(crop.crop_to_image(box), np.array([[0, 0], [1, 0], [1, 1], [0, 1]]))
    assert np.allclose(corners, box.corners_px(), atol=1e-6)


@given(BOXES)
def test_mirrored_crop_exchanges_left_and_right_only(box):
    points = np.array([[0.1, 0.3], [0.9, 0.3]])
    plain = crop.transform(crop.crop_to_image(box), points)
    mirrored = crop.transform(crop.crop_to_image(box, mirrored=True), points[::-1])
    assert np.allclose(plain, mirrored, atol=1e-6)


@given(SQUARES, st.floats(-2, 2), st.floats(-2, 2))
def test_moving_goes_along_the_boxs_own_axes(box, right, down):
    wanted = crop.transform(crop.crop_to_image(box), np.array([0.5 + right, 0.5 + down]))
    assert np.allclose(crop.moved(box, right, down).centre_px, wanted, atol=1e-6)


def test_angle_is_clockwise_in_the_image():
    # A quarter turn clockwise: the crop's up is the image's right.
    up = crop.transform(crop.crop_to_image(crop.square_box((100, 50), 20, np.pi / 2)), np.array([0.5, 0.0]))
    assert np.allclose(up, (110, 50))


def test_whole_image_crop_of_its_own_size_is_the_image():
    image = np.random.default_rng(1).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    assert np.array_equal(crop.sample(image, crop.crop_to_image(crop.letterbox(64, 64)), 64), image)


@pytest.mark.parametrize("angle", [0.0, 0.4, 2.5])
@pytest.mark.parametrize("mirrored", [False, True])
def test_sampling_reads_where_the_affine_says(angle, mirrored):
    # In a ramp, the value is the place: grey level = x in one image, y in the other.
    ramp = np.repeat(np.arange(200, dtype=np.uint8)[None], 200, axis=0)
    image = np.stack([ramp, ramp.T, ramp], axis=-1)
    affine = crop.crop_to_image(crop.square_box((100, 90), 60, angle), mirrored)
    batch = crop.sample_batch([image], [affine], 32)[0] * 255
    u, v = np.meshgrid((np.arange(32) + 0.5) / 32, (np.arange(32) + 0.5) / 32)
    wanted = crop.transform(affine, np.stack([u, v], axis=-1))
    # Whole grey levels, and 1/32 px positions in OpenCV 4.
    assert np.abs(batch[0] - wanted[..., 0]).max() < 0.56
    assert np.abs((batch[0] - wanted[..., 0]).mean()) < 0.05
    assert np.abs(batch[1] - wanted[..., 1]).max() < 0.56


@pytest.mark.parametrize("border", ["replicate", "zero"])
@pytest.mark.parametrize("centre", [(300, 200), (5, 10), (638, 479), (-100, 200)])
def test_both_samplers_agree(border, centre):
    import cv2

    rng = np.random.default_rng(2)
    image = cv2.resize(rng.integers(0, 256, (60, 80, 3), dtype=np.uint8), (640, 480), interpolation=cv2.INTER_CUBIC)
    affines = [crop.crop_to_image(crop.square_box(centre, 250, 0.7), flip) for flip in (False, True)]
    arrays = crop.sample_batch([image, image], affines, 96, border)
    loaded = crop_device.upload(image, "cpu")
    tensors = crop_device.sample_batch([loaded, loaded], affines, 96, border).numpy()
    assert np.abs(arrays - tensors).max() * 255 < 1.6  # rounding to grey levels, and to 1/32 px in OpenCV 4
    assert abs((arrays - tensors).mean()) * 255 < 0.05


def test_device_batch_keeps_the_order_of_several_images():
    images = [np.full((32, 48, 3), value, np.uint8) for value in (10, 20)]
    loaded = [crop_device.upload(image, "cpu") for image in images]
    affine = crop.crop_to_image(crop.letterbox(48, 32))
    batch = crop_device.sample_batch([loaded[0], loaded[1], loaded[0]], [affine] * 3, 16, "replicate")
    assert np.allclose(batch[:, 0, 8, 8].numpy() * 255, (10, 20, 10))


def test_device_download_returns_every_array():
    import torch

    outputs = {"one": torch.arange(6.0).reshape(2, 3), "two": torch.tensor([7.0, 8.0])}
    arrays = crop_device.download(outputs)
    assert arrays["one"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert arrays["two"].tolist() == [7, 8]


def test_borders():
    image = np.full((40, 40, 3), 200, np.uint8)
    affine = crop.crop_to_image(crop.square_box((0, 0), 40))
    assert crop.sample(image, affine, 20, "zero")[0, 0, 0] == 0
    assert crop.sample(image, affine, 20, "replicate")[0, 0, 0] == 200


@pytest.mark.parametrize(
    "box", [OrientedBox((1, 1), (0, 5)), OrientedBox((np.nan, 1), (5, 5)), OrientedBox((1, 1), (5, -1))]
)
def test_a_box_of_no_size_is_refused(box):
    with pytest.raises(ValueError, match="positive size"):
        crop.crop_to_image(box)
