"""A store of four crops, one without a hand, written as the renderer's command writes it."""

import numpy as np
import pytest


@pytest.fixture(scope="session")
def rendered_store():
    """``rendered_store(folder)`` writes it."""
    pytest.importorskip("scipy", reason="training needs scipy (make venv installs it)")
    from hand_pose_ros.training.sources.shards import RENDERED, write_description, write_shard

    def write(folder):
        write_description(folder, {"format": RENDERED, "size": 32})
        write_shard(folder, 0, _rows(4, 32))

    return write


def _rows(count, size):
    generator = np.random.default_rng(0)
    joints = generator.normal(0, 0.03, (count, 21, 3)).astype(np.float32) + (0, 0, 0.5)
    matrix = np.array([[60, 0, 15.5], [0, 60, 15.5], [0, 0, 1]])
    seen = joints @ matrix.T
    return {
        "images": generator.integers(0, 255, (count, size, size, 3), dtype=np.uint8),
        "present": np.array([True, True, False, True]), "keypoints_px": seen[..., :2] / seen[..., 2:],
        "joints_m": joints, "visible": np.ones((count, 21), bool), "segments": np.zeros((count, size, size), np.uint8),
        "left": np.array([True, False, False, True]), "camera_matrix": np.repeat(matrix[None], count, 0),
        "hand_scale_m": np.linalg.norm(joints[:, 0] - joints[:, 9], axis=1),
    }  # fmt: skip
