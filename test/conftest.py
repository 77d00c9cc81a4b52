"""Hands that are drawn, and networks that read the drawings: the whole pipeline runs without weights or photographs.

A drawn hand is a red disc at the wrist, a green one at the middle MCP joint and a blue one at the tip of the thumb.
The networks below find the discs in whatever crop they are given, so a wrong crop, turn or flip shows in what comes
back; on which side the thumb is tells a right hand from a left one.
"""

from __future__ import annotations

from types import SimpleNamespace

import cv2
import numpy as np
import pytest

# A right hand, palm to the camera, wrist at the origin, wrist to middle MCP = 1, fingers up (y down), z away.
TEMPLATE = np.array(
    [[0, 0, 0]]
    + [[0.3, -0.2, -0.05], [0.55, -0.45, -0.1], [0.7, -0.7, -0.12], [0.8, -0.9, -0.15]]
    + [[0.25, -0.97, 0.02], [0.3, -1.4, -0.02], [0.32, -1.65, -0.05], [0.33, -1.85, -0.08]]
    + [[0.0, -1.0, 0.0], [0.0, -1.48, -0.03], [0.0, -1.75, -0.06], [0.0, -1.98, -0.1]]
    + [[-0.2, -0.95, 0.03], [-0.24, -1.38, 0.0], [-0.26, -1.63, -0.02], [-0.27, -1.84, -0.06]]
    + [[-0.38, -0.85, 0.06], [-0.46, -1.18, 0.04], [-0.5, -1.38, 0.02], [-0.53, -1.57, 0.0]],
    dtype=np.float64,
)
ROI = {
    "keypoints": [0, 1, 2, 3, 5, 6, 9, 10, 13, 14, 17, 18], "axis": {"from": [0], "to": [5, 9, 9, 13]},
    "scale": 2.0, "shift": [0.0, -0.1],
}  # fmt: skip
DISC = 0.14  # radius in wrist-to-middle-MCP lengths


def hand_points(wrist, middle, side: str = "right") -> np.ndarray:
    """Keypoints (21, 2) of the drawn hand with the given wrist and middle MCP pixels."""
    wrist, middle = np.asarray(wrist, dtype=np.float64), np.asarray(middle, dtype=np.float64)
    down = wrist - middle
    right = np.array([down[1], -down[0]]) * (1 if side == "right" else -1)
    return wrist + TEMPLATE[:, :1] * right + TEMPLATE[:, 1:2] * down


def draw_hand(image: np.ndarray, wrist, middle, side: str = "right") -> np.ndarray:
    """Draw a hand on ``image`` in place and return its keypoints (21, 2)."""
    radius, keypoints = DISC * np.linalg.norm(np.subtract(middle, wrist)), hand_points(wrist, middle, side)
    for point, colour in ((wrist, (255, 0, 0)), (middle, (0, 255, 0)), (keypoints[4], (0, 0, 255))):
        centre = tuple(round(float(value) * 16) for value in point)
        cv2.circle(image, centre, round(radius * 16), colour, -1, cv2.LINE_AA, 4)
    return keypoints


def blank(width: int = 640, height: int = 480) -> np.ndarray:
    return np.full((height, width, 3), 60, np.uint8)


def _discs(mask: np.ndarray) -> list[np.ndarray]:
    count, _, stats, centroids = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    return [centroids[n] for n in range(1, count) if stats[n, cv2.CC_STAT_AREA] >= 4]


def _drawn(image: np.ndarray) -> list[tuple]:
    """(wrist, middle MCP, right) in pixels of a network input (3, S, S)."""
    wrists, middles, thumbs = (_discs((image[n] > 0.6) & (np.delete(image, n, 0) < 0.4).all(axis=0)) for n in range(3))
    found = []
    for wrist in wrists:
        if middles and thumbs:
            middle, thumb = (min(points, key=lambda p, w=wrist: np.linalg.norm(p - w)) for points in (middles, thumbs))
            up, out = middle - wrist, thumb - wrist
            found.append((wrist, middle, bool(up[0] * out[1] - up[1] * out[0] > 0)))
    return found


class DrawnLocaliser:
    input_size, candidates = 192, 8

    def __init__(self, **card):
        self.card = {"box_scale": 2.6, "box_shift": [0.0, -0.5], "suppression": "weighted", "iou": 0.3, **card}
        self.calls = 0

    def outputs(self, images):
        self.calls += 1
        count, size = len(images), self.input_size
        score, box = np.zeros((count, 8), np.float32), np.zeros((count, 8, 4), np.float32)
        axis = np.zeros((count, 8, 2, 2), np.float32)
        for n, image in enumerate(images):
            for k, (wrist, middle, _) in enumerate(_drawn(image)[:8]):
                length = np.linalg.norm(middle - wrist)
                score[n, k] = 0.9 - 0.01 * k
                box[n, k] = np.array([*(wrist + middle + 1) / 2, 1.1 * length, 1.1 * length]) / size
                axis[n, k] = (np.stack([wrist, middle]) + 0.5) / size
        return {"score": score, "box": box, "axis": axis}


class DrawnPose:
    input_size = 128

    def __init__(self, **card):
        self.card = {"roi": ROI, "sees": "both", **card}
        self.batches = []

    def outputs(self, images):
        self.batches.append(len(images))
        count, size = len(images), self.input_size
        result = {
            "keypoints": np.full((count, 21, 2), 0.5, np.float32), "joints": np.zeros((count, 21, 3), np.float32),
            "presence": np.full(count, 0.02, np.float32), "right": np.full(count, 0.5, np.float32),
        }  # fmt: skip
        result["joints"][:] = TEMPLATE
        for n, image in enumerate(images):
            found = _drawn(image)
            if found:
                self._see(result, n, *min(found, key=lambda item: np.linalg.norm((item[0] + item[1] - size) / 2)))
        return result

    def _see(self, result, n, wrist, middle, right):
        side = "right" if right or self.card["sees"] == "right" else "left"
        points = hand_points(wrist, middle, side)
        result["keypoints"][n] = (points + 0.5) / self.input_size
        depth = TEMPLATE[:, 2:] * np.linalg.norm(middle - wrist)
        result["joints"][n] = np.hstack([points - points[0], depth])
        result["presence"][n], result["right"][n] = 0.97, 0.98 if right else 0.03


class _Runtime:
    """Either network as a stage of ONNX Runtime (arrays) or torch (tensors)."""

    def __init__(self, network, runtime: str):
        self.network, self.runtime = network, runtime
        self.card, self.input_size = network.card, network.input_size

    def __call__(self, images):
        if self.runtime == "onnxruntime":
            assert isinstance(images, np.ndarray)
            return self._checked(images)
        import torch

        return {name: torch.from_numpy(value) for name, value in self._checked(images.cpu().numpy()).items()}

    def _checked(self, images):
        size = self.input_size
        assert images.dtype == np.float32
        assert images.shape[1:] == (3, size, size)
        assert 0.0 <= images.min() <= images.max() <= 1.0
        return self.network.outputs(images)


def drawn_model(runtime: str = "onnxruntime", localiser: dict | None = None, pose: dict | None = None):
    """A model (``networks.build.HandModel``'s shape) that reads drawn hands; keyword cards change its numbers."""
    stages = (DrawnLocaliser(**(localiser or {})), DrawnPose(**(pose or {})))
    first, second = (_Runtime(network, runtime) for network in stages)
    return SimpleNamespace(card=SimpleNamespace(name="drawn"), device="cpu", localiser=first, pose=second, lifter=None)


@pytest.fixture
def drawn():
    """The drawing functions and the model that reads them."""
    return SimpleNamespace(
        model=drawn_model, hand=draw_hand, blank=blank, points=hand_points, template=TEMPLATE, roi=ROI
    )
