"""Hands drawn over the image they were seen in: skeleton, box, id, side and distance."""

from __future__ import annotations

import cv2
import numpy as np

from hand_pose_ros.hand import BONES, FINGERTIPS, PREDICTED, WRIST, HandPose

# Okabe and Ito's colours, told apart by colour-blind people too; RGB. Wrist, then thumb to little finger.
FINGER_COLOURS = ((240, 240, 240), (230, 159, 0), (240, 228, 66), (0, 178, 125), (86, 180, 233), (214, 125, 180))
SIDE_COLOURS = {"left": (86, 180, 233), "right": (255, 140, 60)}
HELD_COLOUR = (160, 160, 160)
OUTLINE = (20, 20, 20)
FONT = cv2.FONT_HERSHEY_SIMPLEX
SUBPIXEL_BITS = 4


def draw_hands(image: np.ndarray, hands: list[HandPose], text: str = "") -> np.ndarray:
    """A copy of ``image`` (H, W, 3) uint8 RGB with ``hands`` drawn over it and ``text`` in its top-left corner.

    The label of a hand says its id, its side, how far its wrist is along the optical axis with one standard deviation,
    and its score. Held (predicted) hands are grey.
    """
    canvas = image.copy()
    for hand in hands:
        draw_box(canvas, hand)
        draw_skeleton(canvas, hand)
    for hand in hands:
        draw_label(canvas, hand)
    if text:
        size = text_size(canvas)
        draw_text(canvas, text, (round(12 * size), round(12 * size)), (255, 255, 255), size)
    return canvas


def hand_colour(hand: HandPose) -> tuple[int, int, int]:
    """The colour of a hand's box and label (RGB)."""
    return HELD_COLOUR if hand.status == PREDICTED else SIDE_COLOURS[hand.handedness]


def draw_skeleton(canvas: np.ndarray, hand: HandPose) -> None:
    """Bones and joints on ``canvas``, in place; thinner for smaller hands."""
    extent = np.ptp(hand.keypoints_px, axis=0).max()
    width, points = int(np.clip(round(extent / 70), 1, 5)), fixed(hand.keypoints_px)
    colours = [HELD_COLOUR if hand.status == PREDICTED else finger_colour(index) for index in range(len(points))]
    for thickness, dark in ((width + (2 if width > 1 else 1), True), (width, False)):
        for parent, child in BONES:
            colour = OUTLINE if dark else colours[child]
            cv2.line(canvas, points[parent], points[child], colour, thickness, cv2.LINE_AA, SUBPIXEL_BITS)
    for index, point in enumerate(points):
        draw_joint(canvas, point, colours[index], index in (WRIST, *FINGERTIPS), extent)


def draw_joint(canvas: np.ndarray, point: tuple[int, int], colour, large: bool, extent: float) -> None:
    """A dot with a dark ring, at a point in fixed-point coordinates; ``large`` for wrist and fingertips."""
    radius = float(np.clip(extent / 55, 1.0, 6.5)) * (1.0 if large else 0.75)
    ring = 1.0 if extent > 100 else 0.4
    for size, shade in ((radius + ring, OUTLINE), (radius, colour)):
        cv2.circle(canvas, point, round(size * (1 << SUBPIXEL_BITS)), shade, -1, cv2.LINE_AA, SUBPIXEL_BITS)


def finger_colour(index: int) -> tuple[int, int, int]:
    """The colour (RGB) of keypoint ``index``."""
    return FINGER_COLOURS[(index + 3) // 4]


def draw_box(canvas: np.ndarray, hand: HandPose) -> None:
    """The hand's oriented box, its top side (towards the fingers) drawn stronger."""
    corners, colour = fixed(hand.box.corners_px()), hand_colour(hand)
    width = max(1, round(1.5 * text_size(canvas)))
    for start, end in zip(range(4), (1, 2, 3, 0), strict=True):
        strong = width + 1 if start == 0 else width
        cv2.line(canvas, corners[start], corners[end], colour, strong, cv2.LINE_AA, SUBPIXEL_BITS)


def draw_label(canvas: np.ndarray, hand: HandPose) -> None:
    """The hand's label, above its box if there is room, else inside the image."""
    size = text_size(canvas)
    width, height = label_size(label(hand), size)
    corners = hand.box.corners_px()
    left, top = corners.min(axis=0) - (0, height + round(4 * size))
    left = int(np.clip(left, 0, max(canvas.shape[1] - width, 0)))
    top = int(np.clip(top, 0, max(canvas.shape[0] - height, 0)))
    draw_text(canvas, label(hand), (left, top), hand_colour(hand), size)


def label(hand: HandPose) -> str:
    """Such as ``2 right 0.52 +- 0.04 m 97 %``."""
    side = f"{hand.handedness}{'?' if hand.handedness_score < 0.7 else ''}"
    words = [str(hand.id) if hand.id > 0 else "", side, distance(hand), f"{100 * hand.score:.0f} %"]
    return " ".join(word for word in [*words, "held" if hand.status == PREDICTED else ""] if word)


def distance(hand: HandPose) -> str:
    """The wrist's distance along the optical axis with one standard deviation; nothing without metres."""
    if hand.joints_m is None:
        return ""
    depth = f"{hand.joints_m[WRIST, 2]:.2f}"
    return f"{depth} +- {hand.joint_stddev_m[WRIST, 1]:.2f} m" if hand.joint_stddev_m is not None else f"{depth} m"


def text_size(canvas: np.ndarray) -> float:
    """Size of text and lines for this image: 1 at 1280 x 720."""
    return float(np.clip(np.sqrt(canvas.shape[0] * canvas.shape[1] / (1280 * 720)), 0.5, 3.0))


def label_size(text: str, size: float) -> tuple[int, int]:
    """Width and height in pixels of ``text`` with its margins."""
    (width, height), baseline = cv2.getTextSize(text, FONT, 0.6 * size, max(1, round(1.3 * size)))
    return width + round(12 * size), height + baseline + round(8 * size)


def draw_text(canvas: np.ndarray, text: str, corner: tuple[int, int], colour, size: float) -> None:
    """``text`` on a darkened plate whose top-left corner is ``corner``, with a bar of ``colour`` at its left."""
    width, height = label_size(text, size)
    (x, y), bar = corner, max(2, round(4 * size))
    plate = canvas[y : y + height, x : x + width]
    cv2.convertScaleAbs(plate, plate, alpha=0.3)
    canvas[y : y + height, x : x + bar] = colour
    start = (x + bar + round(4 * size), y + height - round(9 * size))
    cv2.putText(canvas, text, start, FONT, 0.6 * size, (255, 255, 255), max(1, round(1.3 * size)), cv2.LINE_AA)


def fixed(points: np.ndarray) -> list[tuple[int, int]]:
    """Points (N, 2) in OpenCV's fixed-point coordinates; far outside ones are brought near, where lines still cross."""
    rounded = np.rint(np.clip(points, -8000, 24000) * (1 << SUBPIXEL_BITS)).astype(int)
    return [(int(x), int(y)) for x, y in rounded]
