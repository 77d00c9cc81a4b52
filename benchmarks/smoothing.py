"""Jitter against lag of the temporal filter on a video, for several settings: the table of docs/filters.md.

    python benchmarks/smoothing.py --video FILE [--fov 69]

There is no ground truth. The reference is the unfiltered track smoothed without delay (Savitzky-Golay, 9 frames), which
sees the future. Jitter: root mean square of second differences where the hand is nearly still (slowest 30 % of the
samples), per sample of white noise. Lag: how far the filtered track is behind the reference, along its velocity, where
it is fast (fastest 10 %), as a time. Bones: variation of the 20 bone lengths over the video.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from scipy.signal import savgol_filter

from hand_pose_ros.camera import CameraModel
from hand_pose_ros.filters import FilterSettings, HandFilter
from hand_pose_ros.image_source import pictures
from hand_pose_ros.kinematics import bone_lengths
from hand_pose_ros.networks.build import load_model
from hand_pose_ros.pipeline import Frame, HandPosePipeline, PipelineSettings

OFF = FilterSettings(enabled=False)
CANDIDATES = {
    "off": OFF,
    "default": FilterSettings(),
    "min_cutoff 2, beta 4": FilterSettings(min_cutoff_hz=2.0, beta=4.0),
    "min_cutoff 1, beta 4": FilterSettings(beta=4.0),
    "min_cutoff 1, beta 8": FilterSettings(beta=8.0),
    "min_cutoff 3, beta 8": FilterSettings(min_cutoff_hz=3.0, beta=8.0),
    "min_cutoff 1.5, beta 30": FilterSettings(min_cutoff_hz=1.5, beta=30.0),
    "depth_min_cutoff 1, depth_beta 4": FilterSettings(depth_beta=4.0),
    "depth_min_cutoff 0.5, depth_beta 30": FilterSettings(depth_min_cutoff_hz=0.5, depth_beta=30.0),
    "bone_memory 0": FilterSettings(bone_memory_s=0.0),
    "bone_memory 2": FilterSettings(bone_memory_s=2.0),
}


def track(video: Path, fov: float, model: str) -> tuple[list, np.ndarray]:
    """Unfiltered poses of the first hand, and their stamps."""
    pipeline = HandPosePipeline(load_model(model, "cpu"), PipelineSettings(filter=OFF))
    hands, stamps, camera = [], [], None
    for picture in pictures(str(video)):
        camera = camera or CameraModel.from_fov(picture.image.shape[1], picture.image.shape[0], fov)
        [found] = pipeline.process([Frame(picture.image, picture.stamp_s, camera)])
        hands += found[:1]
        stamps += [picture.stamp_s] * len(found[:1])
    return hands, np.array(stamps)


def filtered(hands: list, stamps: np.ndarray, settings: FilterSettings) -> list:
    """The poses after the filter."""
    if not settings.enabled:
        return hands
    smoother = HandFilter()
    return [smoother(hand, stamp, settings) for hand, stamp in zip(hands, stamps, strict=True)]


def jitter(values: np.ndarray, still: np.ndarray) -> float:
    """Standard deviation of the white noise that has these second differences (variance 1 + 4 + 1), per axis."""
    return float(np.sqrt((np.diff(values, 2, axis=0)[still[1:-1]] ** 2).mean() / 6.0))


def lag_ms(values: np.ndarray, reference: np.ndarray, step_s: float, fast: np.ndarray) -> float:
    velocity = np.gradient(reference, step_s, axis=0)[fast]
    return float(((reference - values)[fast] * velocity).sum() / (velocity**2).sum() * 1e3)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--video", type=Path, required=True)
    parser.add_argument("--fov", type=float, default=69.0, help="horizontal field of view, degrees")
    parser.add_argument("--model", default="mediapipe_full")
    args = parser.parse_args()
    hands, stamps = track(args.video, args.fov, args.model)
    step = float(np.median(np.diff(stamps)))
    pixels = savgol_filter([hand.keypoints_px for hand in hands], 9, 2, axis=0)
    metres = savgol_filter([hand.joints_m for hand in hands], 9, 2, axis=0)
    speed = np.linalg.norm(np.gradient(pixels, step, axis=0), axis=-1)
    depth_speed = np.abs(np.gradient(metres[..., 2], step, axis=0))
    still, fast = speed < np.percentile(speed, 30), speed > np.percentile(speed, 90)
    receding = depth_speed > np.percentile(depth_speed, 90)
    print("| settings | jitter px | lag ms | jitter x, y mm | jitter z mm | lag z ms | bones % |")
    print("|---|---|---|---|---|---|---|")
    for name, settings in CANDIDATES.items():
        found = filtered(hands, stamps, settings)
        px, m = np.array([hand.keypoints_px for hand in found]), np.array([hand.joints_m for hand in found])
        bones = bone_lengths(m)
        row = (
            f"{jitter(px, still):.2f}", f"{lag_ms(px, pixels, step, fast):.0f}",
            f"{1e3 * jitter(m[..., :2], still):.2f}", f"{1e3 * jitter(m[..., 2], still):.2f}",
            f"{lag_ms(m[..., 2], metres[..., 2], step, receding):.0f}",
            f"{100 * (bones.std(axis=0) / bones.mean(axis=0)).mean():.1f}",
        )  # fmt: skip
        print(f"| {name} | {' | '.join(row)} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
