import numpy as np
import pytest

torch = pytest.importorskip("torch")

from hand_pose_ros.hand import BONES  # noqa: E402
from hand_pose_ros.training.skeleton_map import skeleton_map  # noqa: E402


def all_at(x, y):
    return torch.tensor([x, y]).expand(1, 21, 2).clone()


def test_one_bone_is_a_line_of_its_thickness():
    # All keypoints at (4.5, 8.5) px of 16, the index tip six pixels to the right: pixels 4..10 of row 8, and with a
    # thickness of 3 the rows beside them and one more pixel at each round end.
    keypoints = all_at(4.5 / 16, 8.5 / 16)
    keypoints[0, 8, 0] = 10.5 / 16
    thin, thick = skeleton_map(keypoints, 16, 1.0)[0], skeleton_map(keypoints, 16, 3.0)[0]
    assert thin.sum() == 7
    assert thin[8, 4:11].all()
    assert thick[8].nonzero().flatten().tolist() == list(range(3, 12))
    assert thick[7].nonzero().flatten().tolist() == thick[9].nonzero().flatten().tolist()
    assert thick[7, 4:11].all()
    assert thick[6].sum() == 0


def test_pixels_lie_where_opencv_draws_them():
    import cv2

    generator = np.random.default_rng(1)
    keypoints = generator.uniform(0.1, 0.9, (2, 21, 2))
    found = skeleton_map(torch.from_numpy(keypoints), 96, 5.0).numpy()
    for hand, drawn in zip(keypoints, found, strict=True):
        # Drawn nine times as large, then read at the pixels' centres: OpenCV's small lines are rounded to whole pixels.
        canvas = np.zeros((864, 864), np.uint8)
        for ends in BONES:
            start, end = (tuple(np.rint(hand[end] * 864 - 0.5).astype(int).tolist()) for end in ends)
            cv2.line(canvas, start, end, 1, 45)
        assert (canvas[4::9, 4::9] == drawn).mean() > 0.99


def test_unknown_ends_leave_their_bones_out():
    keypoints = torch.rand(1, 21, 2, generator=torch.Generator().manual_seed(0))
    weight = torch.ones(1, 21)
    weight[0, 5:] = 0
    hidden = keypoints.clone()
    hidden[0, 5:] = torch.nan
    whole, masked = skeleton_map(keypoints, 64, 3.0), skeleton_map(keypoints, 64, 3.0, weight)
    assert 0 < masked.sum() < whole.sum()
    assert torch.equal(skeleton_map(hidden, 64, 3.0), masked)
    assert skeleton_map(keypoints, 64, 3.0, torch.zeros(1, 21)).sum() == 0


def test_hands_of_a_batch_do_not_meet_and_thicker_holds_thinner():
    keypoints = torch.rand(3, 21, 2, generator=torch.Generator().manual_seed(2))
    together = skeleton_map(keypoints, 32, 2.0)
    assert together.shape == (3, 32, 32)
    for n in range(3):
        assert torch.equal(skeleton_map(keypoints[n : n + 1], 32, 2.0)[0], together[n])
    assert (skeleton_map(keypoints, 32, 4.0) >= together).all()
    assert set(together.unique().tolist()) == {0.0, 1.0}


@pytest.mark.parametrize(("shape", "size", "thickness"), [((21, 2), 8, 1.0), ((1, 20, 2), 8, 1.0), ((1, 21, 2), 0, 1)])
def test_nonsense_is_refused(shape, size, thickness):
    with pytest.raises(ValueError, match="give"):
        skeleton_map(torch.zeros(shape), size, thickness)
    with pytest.raises(ValueError, match="thickness 0"):
        skeleton_map(torch.zeros(1, 21, 2), 8, 0)
