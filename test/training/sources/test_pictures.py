"""Pictures without hands from folders of any."""

import cv2
import numpy as np
import pytest

from hand_pose_ros.training.sources.pictures import FLATTEST, gather, grounded, picture_paths, with_hands


def noisy(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 255, shape, dtype=np.uint8)


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "package" / "usr"
    place.mkdir(parents=True)
    icon = noisy(64, 64, 4)
    icon[..., 3] = 0
    icon[16:48, 16:48, 3] = 255
    clear = icon.copy()
    clear[..., 3] = 0
    pictures = {
        "icon.png": icon, "grey.png": noisy(80, 60), "large.jpg": noisy(900, 1200, 3),
        "clear.png": clear, "tiny.png": noisy(20, 20, 3), "strip.png": noisy(40, 200, 3),
        "flat.png": np.full((64, 64, 3), 90, np.uint8), "left_hand.png": noisy(64, 64, 3),
        "deep.png": noisy(64, 64, 3).astype(np.uint16) * 255,
    }  # fmt: skip
    for name, image in pictures.items():
        cv2.imwrite(str(place / name), image)
    (place / "broken.png").write_bytes(b"not a picture")
    (place / "link.png").symlink_to(place / "grey.png")
    return tmp_path / "package"


def test_only_what_shows_something_is_written(folder, tmp_path):
    assert gather([folder], tmp_path / "out", 100) == {"package": 3}
    shapes = sorted(cv2.imread(str(path)).shape[:2] for path in (tmp_path / "out").glob("*.jpg"))
    assert (80, 60) in shapes
    assert (384, 512) in shapes  # brought to 512 pixels
    assert len(list(picture_paths(folder, ""))) == len(list(picture_paths(folder))) + 1  # left_hand.png


def test_at_most_so_many_of_each_folder(folder, tmp_path):
    assert gather([folder], tmp_path / "out", 2)["package"] <= 2


def test_a_folder_without_pictures_is_refused(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match=r"no pictures under .*empty: give folders"):
        gather([tmp_path / "empty"], tmp_path / "out", 5)


def test_transparent_pixels_become_ground():
    icon = noisy(32, 32, 4)
    icon[..., 3] = 0
    icon[8:24, 8:24, 3] = 255
    for seed in range(6):
        picture = grounded(icon, np.random.default_rng(seed))
        margin = (picture.shape[0] - 32) // 2
        assert np.ptp(picture[: margin + 8], axis=(0, 1)).max() < FLATTEST
        inner = picture[margin + 8 : margin + 24, margin + 8 : margin + 24]
        np.testing.assert_array_equal(inner, icon[8:24, 8:24, :3])


def test_pictures_in_which_a_hand_is_seen_are_named(folder, tmp_path):
    gather([folder], tmp_path / "out", 100)
    large = with_hands(tmp_path / "out", lambda image: [1] if image.shape[1] == 512 else [])
    assert [cv2.imread(str(path)).shape[1] for path in large] == [512]
