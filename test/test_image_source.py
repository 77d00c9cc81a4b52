import json

import cv2
import numpy as np
import pytest

from hand_pose_ros.image_source import count, pictures, read_image


@pytest.fixture
def folder(tmp_path):
    image = np.random.default_rng(9).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    image[:, :, 0] = 250  # blue in OpenCV's order
    for name in ("b.png", "a.jpg"):
        assert cv2.imwrite(str(tmp_path / name), image)
    (tmp_path / "notes.txt").write_text("no picture")
    return tmp_path


def test_images_are_rgb(folder):
    image = read_image(folder / "b.png")
    assert image.shape == (40, 60, 3)
    assert (image[:, :, 2] == 250).all()


def test_a_folder_in_order_of_names(folder):
    found = list(pictures(str(folder)))
    assert [picture.name for picture in found] == [str(folder / "a.jpg"), str(folder / "b.png")]
    assert all(picture.image is not None and picture.error is None and picture.frame is None for picture in found)
    assert count(str(folder)) == 2


@pytest.mark.parametrize("share", [0.0, 0.05, 0.3, 0.6, 0.97])
@pytest.mark.parametrize("name", ["a.jpg", "b.png"])
def test_truncated_images_are_errors(folder, name, share):
    data = (folder / name).read_bytes()
    (folder / name).write_bytes(data[: int(len(data) * share)])
    [picture] = pictures(str(folder / name))
    assert picture.image is None
    assert str(folder / name) in picture.error


def test_a_jpeg_with_a_thumbnail_and_no_end_is_truncated(folder):
    data = (folder / "a.jpg").read_bytes()
    comment = b"\xff\xfe" + (len(data) + 2).to_bytes(2, "big") + data  # a whole JPEG in a comment segment
    path = folder / "thumbnail.jpg"
    path.write_bytes(data[:2] + comment + data[2:-2])
    with pytest.raises(ValueError, match="truncated"):
        read_image(path)
    path.write_bytes(data[:2] + comment + data[2:])
    assert read_image(path).shape == (40, 60, 3)


@pytest.mark.parametrize("content", [b"", b"hello", b"\x89PNG\r\n\x1a\n IEND"])
def test_what_is_no_image_is_an_error(tmp_path, content):
    path = tmp_path / "x.png"
    path.write_bytes(content)
    [picture] = pictures(str(path))
    assert picture.image is None
    assert "x.png" in picture.error


@pytest.mark.parametrize("name", ["missing.jpg", "missing.mp4", "missing.json", "missing"])
def test_what_is_missing_is_an_error(tmp_path, name):
    [picture] = pictures(str(tmp_path / name))
    assert picture.image is None
    assert name in picture.error


def test_an_empty_folder_is_an_error(tmp_path):
    [picture] = pictures(str(tmp_path))
    assert "holds no images" in picture.error


def test_index_brings_cameras_and_names(folder):
    entries = [
        {"image": "a.jpg", "width": 60, "height": 40, "K": [50, 51, 30, 20]},
        {"image": "b.png", "width": 60, "height": 40, "K": None},
        {"image": "b.png", "width": 60, "height": 40, "K": [[50, 0, 30], [0, 50, 20], [0, 0, 1]]},
        {"image": "a.jpg", "width": 60, "height": 40, "K": [0, 0, 0, 0]},
        {"picture": "a.jpg"},
        {"image": "missing.png"},
    ]
    (folder / "index.json").write_text(json.dumps(entries))
    for place in (folder, folder / "index.json"):
        found = list(pictures(str(place)))
        assert [picture.name for picture in found[:3]] == ["a.jpg", "b.png", "b.png"]
        assert found[0].camera.intrinsics == (50, 51, 30, 20)
        assert found[1].camera is None
        assert found[2].camera.intrinsics == (50, 50, 30, 20)
        assert [picture.image is None for picture in found] == [False, False, False, True, True, True]
        assert "entry 3" in found[3].error
        assert "entry 4" in found[4].error
        assert count(str(place)) == 6


@pytest.mark.parametrize("text", ["{", '{"image": 1}', "3"])
def test_an_index_of_no_use_is_one_error(tmp_path, text):
    (tmp_path / "index.json").write_text(text)
    [picture] = pictures(str(tmp_path / "index.json"))
    assert picture.error
    assert count(str(tmp_path / "index.json")) == 1


def test_a_video_has_frames_and_stamps(tmp_path):
    path = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 20.0, (64, 48))
    for n in range(5):
        writer.write(np.full((48, 64, 3), 40 * n, np.uint8))
    writer.release()
    found = list(pictures(str(path)))
    assert [picture.frame for picture in found] == [0, 1, 2, 3, 4]
    assert np.allclose([picture.stamp_s for picture in found], np.arange(5) / 20)
    assert [abs(int(picture.image.mean()) - 40 * n) < 5 for n, picture in enumerate(found)] == [True] * 5
    assert count(str(path)) == 5
    assert found[0].rate_hz == 20


def test_a_broken_video_is_an_error(tmp_path):
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"no video at all")
    [picture] = pictures(str(path))
    assert "clip.mp4" in picture.error
