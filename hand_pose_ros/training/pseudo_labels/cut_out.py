"""The mask of a photographed hand: GrabCut (Rother et al. 2004) seeded by the skeleton, taken only where they agree.

Pixels near the bones are hand for sure, pixels far from hand and forearm are not; the colours of both decide between.
"""

from __future__ import annotations

import cv2
import numpy as np

from hand_pose_ros.hand import BONES, INDEX_MCP, LITTLE_MCP, MIDDLE_MCP, WRIST
from hand_pose_ros.training.hand_batch import UNKNOWN_SEGMENT

ARM, PALM = 17, 1
# Half widths in palm lengths (wrist to middle MCP, or 0.7 of the palm's width where the palm is seen from its end).
CORE, REACH = 0.05, 0.17
# The agreement asked for, chosen on contact sheets: share of the reach that must be hand, share of the ring around it
# that may be.
LEAST_FILLED, MOST_RING = 0.45, 0.18
# Where hand and wall look alike, GrabCut gives the seeds back: along this share of the outline the colours this many
# pixels inside and outside must differ by so much (CIE Lab).
LEAST_OUTLINE, STEP_PX, LEAST_CONTRAST = 0.88, 2.5, 8.0
ITERATIONS = 4
PALM_OUTLINE = [0, 1, 5, 9, 13, 17]


def cut_out(image: np.ndarray, keypoints_px: np.ndarray) -> np.ndarray | None:
    """Segments (S, S) uint8 as the renderer's of a hand with keypoints (21, 2) in pixels of ``image`` (S, S, 3) uint8,
    or None where colour and skeleton disagree. Each pixel of the hand belongs to its nearest bone, by the image alone:
    where fingers cross, parts are wrong."""
    length = palm_length(keypoints_px)
    core, reach, ring, arm = regions(image.shape[0], keypoints_px, length)
    seeds = np.full(core.shape, cv2.GC_BGD, np.uint8)
    seeds[arm | ring] = cv2.GC_PR_BGD
    seeds[reach] = cv2.GC_PR_FGD
    seeds[core] = cv2.GC_FGD
    mask = grabbed(image, seeds, core)
    if mask is None or not _agrees(mask, reach, ring & ~arm) or seen_outline(image, mask) < LEAST_OUTLINE:
        return None
    return _segments(mask, keypoints_px)


def unknown(size: int) -> np.ndarray:
    """Segments (size, size) of a hand without a mask."""
    return np.full((size, size), UNKNOWN_SEGMENT, np.uint8)


def palm_length(keypoints_px: np.ndarray) -> float:
    """Length of the palm in pixels, from its width where it points at the camera."""
    length = np.linalg.norm(keypoints_px[MIDDLE_MCP] - keypoints_px[WRIST])
    width = np.linalg.norm(keypoints_px[INDEX_MCP] - keypoints_px[LITTLE_MCP])
    bones = max(np.linalg.norm(keypoints_px[a] - keypoints_px[b]) for a, b in BONES[4::4])
    return float(max(length, width / 0.7, bones, 4.0))


def regions(size: int, keypoints_px: np.ndarray, length: float) -> tuple[np.ndarray, ...]:
    """Four masks (size, size) bool: surely hand; perhaps hand; a ring around that; the forearm's side."""
    core = _skeleton(size, keypoints_px, CORE * length)
    reach = _skeleton(size, keypoints_px, REACH * length)
    wide = _skeleton(size, keypoints_px, 0.40 * length)
    palm = keypoints_px[[INDEX_MCP, MIDDLE_MCP, LITTLE_MCP]].mean(axis=0)
    away = (keypoints_px[WRIST] - palm) / max(np.linalg.norm(keypoints_px[WRIST] - palm), 1e-6)
    rows, columns = np.mgrid[:size, :size]
    beyond = (columns - keypoints_px[WRIST, 0]) * away[0] + (rows - keypoints_px[WRIST, 1]) * away[1]
    across = np.abs((columns - keypoints_px[WRIST, 0]) * away[1] - (rows - keypoints_px[WRIST, 1]) * away[0])
    arm = (beyond > -0.1 * length) & (across < 0.55 * length + 0.4 * np.maximum(beyond, 0)) & ~reach
    return core, reach, wide & ~reach, arm


def _skeleton(size: int, keypoints_px: np.ndarray, radius: float) -> np.ndarray:
    canvas = np.zeros((size, size), np.uint8)
    points = [tuple(int(v) for v in np.rint(point * 16)) for point in keypoints_px]
    thickness = max(round(2 * radius), 1)
    for a, b in BONES:
        cv2.line(canvas, points[a], points[b], 255, thickness, cv2.LINE_8, 4)
    cv2.fillConvexPoly(canvas, cv2.convexHull(np.rint(keypoints_px[PALM_OUTLINE]).astype(np.int32)), 255)
    return canvas > 0


def grabbed(image: np.ndarray, seeds: np.ndarray, core: np.ndarray) -> np.ndarray | None:
    """GrabCut's mask (S, S) bool, only what is connected with ``core``; None where it finds no two colour models."""
    try:
        cv2.setRNGSeed(0)
        labels, _, _ = cv2.grabCut(
            image, seeds.copy(), None, np.zeros((1, 65)), np.zeros((1, 65)), ITERATIONS, cv2.GC_INIT_WITH_MASK
        )
    except cv2.error:
        return None
    mask = ((labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)).astype(np.uint8)
    mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)) | core.astype(np.uint8)
    _, parts = cv2.connectedComponents(mask, connectivity=4)
    return np.isin(parts, np.unique(parts[core])) & (mask > 0)


def _agrees(mask: np.ndarray, reach: np.ndarray, ring: np.ndarray) -> bool:
    filled = (mask & reach).sum() / max(reach.sum(), 1)
    leaked = (mask & ring).sum() / max(ring.sum(), 1)
    return filled >= LEAST_FILLED and leaked <= MOST_RING


def seen_outline(image: np.ndarray, mask: np.ndarray) -> float:
    """Share of the outline of ``mask`` (S, S) bool along which ``image`` (S, S, 3) uint8 changes its colour."""
    inside = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 5)
    signed = inside - cv2.distanceTransform(1 - mask.astype(np.uint8), cv2.DIST_L2, 5)
    signed = cv2.GaussianBlur(signed, (0, 0), 1.0)
    normal = np.stack([cv2.Sobel(signed, cv2.CV_32F, 1, 0), cv2.Sobel(signed, cv2.CV_32F, 0, 1)], axis=-1)
    rows, columns = np.nonzero((inside > 0) & (inside < 1.5))
    normal = normal[rows, columns] / np.maximum(np.linalg.norm(normal[rows, columns], axis=1, keepdims=True), 1e-6)
    lab = cv2.cvtColor(cv2.GaussianBlur(image, (0, 0), 1.0).astype(np.float32) / 255.0, cv2.COLOR_RGB2LAB)
    outline = np.column_stack([columns, rows])
    ends = [np.rint(outline + step * normal).astype(int) for step in (STEP_PX, -STEP_PX - 1.0)]
    within = np.all([((end >= 0) & (end < len(mask))).all(axis=1) for end in ends], axis=0)
    if not within.any():
        return 0.0
    colours = [lab[end[within, 1], end[within, 0]] for end in ends]
    return float((np.linalg.norm(colours[0] - colours[1], axis=1) >= LEAST_CONTRAST).mean())


def _segments(mask: np.ndarray, keypoints_px: np.ndarray) -> np.ndarray:
    """Parts of a mask: the nearest phalanx, the palm, or the arm beyond the wrist."""
    rows, columns = np.nonzero(mask)
    pixels = np.column_stack([columns, rows]).astype(np.float32)
    starts, ends, parts = _sticks(keypoints_px)
    along = ends - starts
    share = np.einsum("pkc,kc->pk", pixels[:, None] - starts, along) / np.maximum((along**2).sum(axis=1), 1e-6)
    nearest = starts + share.clip(0, 1)[..., None] * along
    distance = np.linalg.norm(pixels[:, None] - nearest, axis=2)
    segments = np.zeros(mask.shape, np.uint8)
    segments[rows, columns] = parts[distance.argmin(axis=1)]
    hull = cv2.convexHull(np.rint(keypoints_px[PALM_OUTLINE]).astype(np.int32))
    palm = cv2.fillConvexPoly(np.zeros(mask.shape, np.uint8), hull, 1) > 0
    # Fingers curled over the palm keep their pixels; the rest of the hull is palm.
    near = np.zeros(mask.shape, bool)
    near[rows, columns] = distance[:, parts >= 2].min(axis=1) <= 0.5 * REACH * palm_length(keypoints_px)
    segments[mask & palm & ~near] = PALM
    return segments


def _sticks(keypoints_px: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Starts (K, 2), ends (K, 2) and segment numbers (K,) of metacarpals, phalanges and the forearm's first piece."""
    knuckles = keypoints_px[[INDEX_MCP, MIDDLE_MCP, LITTLE_MCP]].mean(axis=0)
    away = keypoints_px[WRIST] + 1.5 * (keypoints_px[WRIST] - knuckles)
    beyond = keypoints_px[WRIST] + 0.12 * (keypoints_px[WRIST] - knuckles)
    starts, ends, parts = [beyond], [away], [ARM]
    for a, b in BONES:
        finger, joint = divmod(b - 1, 4)
        # The thumb's three phalanges of the renderer begin at its CMC joint; a finger's begin at its MCP joint.
        parts.append(PALM if joint == 0 else 2 + 3 * finger + joint - 1)
        starts.append(keypoints_px[a])
        ends.append(keypoints_px[b])
    return np.float32(starts), np.float32(ends), np.array(parts, np.uint8)
