"""From a localiser's output to oriented pose crops: thresholding, non-maximum suppression, rotation, growth.

The numbers (scale, shift, overlap, kind of suppression) come from the localiser's part of the model card.
Weighted suppression, the rotation from a palm's axis and the growth of its box follow BlazePalm (Bazarevsky et al.,
"BlazeFace", 2019, section 3.3; Zhang et al., "MediaPipe Hands", 2020, section 2.1).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hand_pose_ros.crop import moved, square_box, transform
from hand_pose_ros.hand import LEFT, RIGHT, OrientedBox
from hand_pose_ros.mask_region import mask_candidates


@dataclass(frozen=True)
class Detection:
    """A place where a hand may be: the square, oriented crop for the pose network."""

    box: OrientedBox
    score: float
    """Probability that a hand is there, 0 to 1."""
    right_probability: float | None = None
    """Probability that it is the person's own right hand, None if the localiser does not say."""

    @property
    def side(self) -> str | None:
        """The likelier side, None if the localiser does not say."""
        return None if self.right_probability is None else RIGHT if self.right_probability >= 0.5 else LEFT


@dataclass(frozen=True)
class Candidates:
    """What a localiser says about one image, in fractions of its square input."""

    score: np.ndarray
    """(A,) 0 to 1."""
    box: np.ndarray
    """(A, 4) cx, cy, w, h, axis-parallel."""
    axis: np.ndarray
    """(A, 2, 2) wrist and middle MCP joint."""
    right: np.ndarray | None = None
    """(A,) probability of a right hand."""

    def __getitem__(self, index) -> Candidates:
        right = None if self.right is None else self.right[index]
        return Candidates(self.score[index], self.box[index], self.axis[index], right)


def read_candidates(output: dict, index: int, card: dict) -> Candidates:
    """The candidates of image ``index`` of a batch: as the localiser says them, or as regions of its ``mask``."""
    if "mask" in output:
        return Candidates(*mask_candidates(output["mask"][index], card))
    right = output["right"][index] if "right" in output else None
    return Candidates(output["score"][index], output["box"][index], output["axis"][index], right)


def mirrored_candidates(candidates: Candidates, affine: np.ndarray, width: int) -> Candidates:
    """What was said of the mirror image of a picture ``width`` pixels wide, as candidates in the picture itself.

    ``affine`` (2, 3) carries fractions of the localiser's input to pixels; it is that of both pictures.
    """
    # The pixel x is the mirror image's width - 1 - x.
    both = (width - 1 - 2.0 * affine[0, 2]) / affine[0, 0]
    box, axis = candidates.box * (-1, 1, 1, 1) + (both, 0, 0, 0), candidates.axis * (-1, 1) + (both, 0)
    return Candidates(candidates.score, box, axis, None if candidates.right is None else 1.0 - candidates.right)


def suppress(candidates: Candidates, iou: float, weighted: bool) -> Candidates:
    """Keep one candidate per hand, best first.

    Those that overlap the best remaining one by more than ``iou`` belong to the same hand; ``weighted`` averages their
    boxes and axes by score (the score stays the best one's), otherwise the best one alone is kept.
    """
    rest, kept = candidates[np.argsort(-candidates.score, kind="stable")], []
    while len(rest.score):
        same = overlaps(rest.box[:1], rest.box)[0] > iou
        same[0] = True
        kept.append(_mean(rest[same]) if weighted else rest[:1])
        rest = rest[~same]
    return joined(kept) if kept else candidates[:0]


def _mean(group: Candidates) -> Candidates:
    weight = group.score / group.score.sum()
    right = None if group.right is None else np.tensordot(weight, group.right, 1)[None]
    return Candidates(
        group.score[:1], np.tensordot(weight, group.box, 1)[None], np.tensordot(weight, group.axis, 1)[None], right
    )


def joined(parts: list[Candidates]) -> Candidates:
    """All candidates of all parts."""
    right = None if parts[0].right is None else np.concatenate([part.right for part in parts])
    return Candidates(*(np.concatenate([getattr(p, name) for p in parts]) for name in ("score", "box", "axis")), right)


def overlaps(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Intersection over union (M, N) of axis-parallel boxes (M, 4) and (N, 4), each cx, cy, w, h in one unit."""
    low = np.maximum(first[:, None, :2] - first[:, None, 2:] / 2, second[:, :2] - second[:, 2:] / 2)
    high = np.minimum(first[:, None, :2] + first[:, None, 2:] / 2, second[:, :2] + second[:, 2:] / 2)
    common = np.clip(high - low, 0, None).prod(axis=-1)
    union = first[:, None, 2:].prod(axis=-1) + second[:, 2:].prod(axis=-1) - common
    return np.divide(common, union, out=np.zeros_like(common), where=union > 0)


def upright_angle(base: np.ndarray, tip: np.ndarray) -> float:
    """Angle (radians, clockwise in the image, -pi to pi) of a box in which the direction base -> tip points up."""
    x, y = np.asarray(tip, dtype=np.float64) - base
    return float(np.arctan2(x, -y))


def decode(candidates: Candidates, affine: np.ndarray, card: dict, min_score: float) -> list[Detection]:
    """Detections of one image, best first.

    ``affine`` (2, 3) carries fractions of the localiser's input to image pixels. ``card`` is the localiser's part of
    the model card: ``box_scale``, ``box_shift`` (along the box's own right and down, in its size), ``suppression``,
    ``iou`` and ``upright``, true for pose networks that were trained on crops along the image's axes.
    """
    good = np.isfinite(candidates.box).all(axis=1) & np.isfinite(candidates.axis).all(axis=(1, 2))
    good &= (candidates.score >= min_score) & (candidates.box[:, 2:] > 0).all(axis=1)
    kept = suppress(candidates[good], card["iou"], card["suppression"] == "weighted")
    return [_detection(kept[index : index + 1], affine, card) for index in range(len(kept.score))]


def _detection(candidate: Candidates, affine: np.ndarray, card: dict) -> Detection:
    centre, (wrist, middle) = transform(affine, candidate.box[0, :2]), transform(affine, candidate.axis[0])
    width, height = candidate.box[0, 2:] * np.linalg.norm(affine[:, :2], axis=0)
    box = OrientedBox((float(centre[0]), float(centre[1])), (width, height), upright_angle(wrist, middle))
    box = moved(box, *card["box_shift"])
    right = None if candidate.right is None else float(candidate.right[0])
    angle = 0.0 if card.get("upright", False) else box.angle_rad
    crop = square_box(box.centre_px, card["box_scale"] * max(width, height), angle)
    return Detection(crop, float(candidate.score[0]), right)
