"""Per crop and keypoint: how far a network's answer is from the labels of a ``HandBatch``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
import torch

from hand_pose_ros.camera import CameraModel
from hand_pose_ros.hand import KEYPOINT_COUNT, WRIST, HandScale
from hand_pose_ros.kinematics import normalize
from hand_pose_ros.pose_fusion import fused_pose
from hand_pose_ros.root_depth import place
from hand_pose_ros.training.evaluation.alignment import procrustes_align
from hand_pose_ros.training.hand_batch import HandBatch

VIRTUAL_PX = 1000
"""Fractions of a crop become pixels of an image this wide where a camera is needed."""
GOOD = 0.1


@dataclass
class CropErrors:
    """Arrays over N crops, NaN where the label or the network says nothing."""

    pixels: np.ndarray
    """(N, 21) keypoint distances in longer sides of the labelled keypoints' box."""
    joints: np.ndarray
    """(N, 21) distances of normalised joints."""
    aligned_mm: np.ndarray
    relative_mm: np.ndarray
    absolute_mm: np.ndarray
    """(N, 21) with the true hand scale."""
    within: np.ndarray
    """(N, 21, 2) 1 where an axis' error is within the stated deviation."""
    side: np.ndarray
    """(N,) 1 if the side is right, 0 if not."""
    presence: np.ndarray
    """(N,) probability of a hand."""
    present: np.ndarray
    """(N,) 1 hand, 0 none."""
    real: np.ndarray
    """(N,) 1 photograph, 0 rendered."""

    @classmethod
    def joined(cls, parts: Sequence[CropErrors]) -> CropErrors:
        """One after the other. ValueError for none."""
        if not parts:
            raise ValueError("no crops to evaluate on: give at least one batch")
        return cls(**{item.name: np.concatenate([getattr(part, item.name) for part in parts]) for item in fields(cls)})

    def rows(self, index) -> CropErrors:
        """Some of the crops."""
        return CropErrors(**{item.name: getattr(self, item.name)[index] for item in fields(self)})

    def ratios(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Figure -> per-crop (part, whole), each (N,): the figure is the parts' sum over the wholes' sum."""
        good = np.where(np.isfinite(self.pixels), self.pixels <= GOOD, np.nan)
        means = {
            "error_2d": self.pixels, "joints": self.joints, "aligned_mm": self.aligned_mm,
            "relative_mm": self.relative_mm, "absolute_mm": self.absolute_mm, "side": self.side[:, None],
        }  # fmt: skip
        pooled = {"pck_0.1": good, "sigma_pixel": self.within.reshape(len(self.within), -1)}
        return {name: _of_crops(values) for name, values in means.items()} | {
            name: (np.nansum(values, axis=1), np.isfinite(values).sum(axis=1)) for name, values in pooled.items()
        }


def crop_errors(outputs: Mapping[str, torch.Tensor], batch: HandBatch, absolute: bool = False) -> CropErrors:
    """Errors of the pose ``outputs`` for ``batch``; crops without a hand count for the presence alone."""
    keypoints, truth = _numpy(outputs["keypoints"]), _numpy(batch.keypoints)
    known = (_numpy(batch.keypoint_weight) > 0) & (_numpy(batch.present) > 0.5)[:, None]
    box = box_sides(truth, known)
    offset = np.where(known[..., None], keypoints - truth, np.nan)
    spread = _numpy(outputs["keypoint_stddev"])[..., None] if "keypoint_stddev" in outputs else np.nan
    right, side = _numpy(outputs["right"]) > 0.5, _numpy(batch.right)
    side_known = np.isfinite(side) & (_numpy(batch.present) > 0.5)
    return CropErrors(
        pixels=np.linalg.norm(offset, axis=2) / box[:, None],
        within=np.where(np.isfinite(offset + spread), np.abs(offset) <= spread, np.nan),
        side=np.where(side_known, right == (side > 0.5), np.nan).astype(float),
        presence=_numpy(outputs["presence"]),
        present=_numpy(batch.present),
        real=_numpy(batch.real),
        **_in_space(outputs, batch, absolute),
    )


def box_sides(keypoints: np.ndarray, known: np.ndarray) -> np.ndarray:
    """(N,) longer side of the box around the ``known`` (N, 21) of ``keypoints`` (N, 21, 2); NaN for none."""
    low = np.where(known[..., None], keypoints, np.inf).min(axis=1)
    high = np.where(known[..., None], keypoints, -np.inf).max(axis=1)
    side = (high - low).max(axis=1)
    return np.where(np.isfinite(side) & (side > 0.0), side, np.nan)


def _in_space(outputs: Mapping[str, torch.Tensor], batch: HandBatch, absolute: bool) -> dict[str, np.ndarray]:
    names = ("joints", "aligned_mm", "relative_mm", "absolute_mm")
    found = {name: np.full((len(batch), KEYPOINT_COUNT), np.nan) for name in names}
    if "joints" not in outputs and "depth" not in outputs:
        return found
    said = {name: _numpy(outputs[name]) for name in ("joints", "keypoints", "depth") if name in outputs}
    true, weight, scale = _numpy(batch.joints), _numpy(batch.joint_weight), 1e3 * _numpy(batch.hand_scale)
    for row in np.flatnonzero((_numpy(batch.present) > 0.5) & (weight > 0).all(axis=1)):
        pose = _pose({name: values[row] for name, values in said.items()})
        if pose is None:
            continue
        found["joints"][row] = _norm(pose - true[row])
        found["aligned_mm"][row] = scale[row] * _norm(procrustes_align(pose, true[row]) - true[row])
        found["relative_mm"][row] = scale[row] * _norm(pose - pose[WRIST] - true[row] + true[row][WRIST])
        if absolute and np.isfinite(scale[row]):
            found["absolute_mm"][row] = _absolute_mm(pose, said["keypoints"][row], batch.rows(slice(row, row + 1)))
    return found


def _pose(said: Mapping[str, np.ndarray]) -> np.ndarray | None:
    """Normalised joints (21, 3) as the estimator makes them; None where the answer is no hand."""
    try:
        return normalize(fused_pose(said.get("joints"), said["keypoints"], said.get("depth")))[0]
    except ValueError:
        return None


def _absolute_mm(pose: np.ndarray, keypoints: np.ndarray, crop: HandBatch) -> np.ndarray:
    """(21,) distances of the placed joints, NaN where they cannot be placed."""
    camera, root, joints = (_numpy(getattr(crop, name))[0] for name in ("camera", "root", "joints"))
    focal, centre = VIRTUAL_PX * camera[[0, 1], [0, 1]], VIRTUAL_PX * camera[:2, 2] - 0.5
    scale = HandScale(float(crop.hand_scale), 0.0, "user")
    try:
        lens = CameraModel.from_intrinsics(VIRTUAL_PX, VIRTUAL_PX, (*focal, *centre))
        placed = place(pose, VIRTUAL_PX * keypoints - 0.5, lens, scale)
    except ValueError:
        return np.full(KEYPOINT_COUNT, np.nan)
    return 1e3 * _norm(placed.joints_m - (root + joints * scale.mean_m))


def _of_crops(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The mean of each crop's (N, K) values, and whether it has any."""
    known = np.isfinite(values)
    return np.nansum(values, axis=1) / np.maximum(known.sum(axis=1), 1), known.any(axis=1).astype(float)


def _norm(vectors: np.ndarray) -> np.ndarray:
    return np.linalg.norm(vectors, axis=-1)


def _numpy(values: torch.Tensor) -> np.ndarray:
    return values.detach().cpu().double().numpy()
