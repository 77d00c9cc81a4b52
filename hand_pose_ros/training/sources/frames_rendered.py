"""Fills a store with rendered whole images, for the localiser; stopped and started again, it continues."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from hand_pose_ros.hand import RIGHT
from hand_pose_ros.training.sources.frames_store import DOUBTFUL, FRAMES, HAND, frame_row, stacked
from hand_pose_ros.training.sources.shard_drawing import draw_missing, shard_sizes
from hand_pose_ros.training.sources.shards import write_shard

SHARD = 500
FEWEST_VISIBLE = 6
"""A hand of which fewer joints are seen is DOUBTFUL."""


@dataclass(frozen=True)
class FramePlan:
    """What to draw: ``count`` images of ``size`` x 3/4 ``size`` pixels. Shard k depends on these values and k only."""

    folder: Path
    count: int
    size: int = 256
    seed: int = 0
    split: str = "train"
    makehuman: Path | None = None
    backgrounds: Sequence[Path] = ()
    persons: bool = False
    """A person in every image with hands, whole ones too: hands at up to 3.5 m."""

    def description(self) -> dict:
        """store.json; ``count`` may grow from one run to the next, so it is left out."""
        said = {
            "format": FRAMES, "size": self.size, "seed": self.seed, "shard": SHARD, "split": self.split,
            "sources": ["rendered"], "backgrounds": sorted(Path(f).name for f in self.backgrounds),
        }  # fmt: skip
        return said | ({"persons": True} if self.persons else {})


def make_rendered_frames(plan: FramePlan, processes: int, progress: Callable[[int], None] = lambda rows: None) -> int:
    """Draw the shards that are not there yet; the number of images drawn."""
    return draw_missing(plan, shard_sizes(plan.count, SHARD), draw_shard, processes, progress)


def draw_shard(job: tuple[FramePlan, int, int]) -> int:
    """Draw and write one shard; the number of its rows."""
    import cv2

    from hand_pose_ros.training.renderer.frames import NEARBY, WHOLE_PERSONS, FrameRenderer

    plan, number, rows = job
    cv2.setNumThreads(1)
    renderer = FrameRenderer(
        plan.makehuman, plan.size, 3 * plan.size // 4, [plan.seed, number], plan.backgrounds, split=plan.split,
        persons=WHOLE_PERSONS if plan.persons else NEARBY,
    )  # fmt: skip
    shown = [renderer.frame() for _ in range(rows)]
    write_shard(plan.folder, number, stacked([frame_row(f.image, hands_of(f), plan.size, 0) for f in shown]))
    return rows


def hands_of(frame) -> list[tuple]:
    """(keypoints_px, state, right) of the hands of a ``renderer.frames.Frame``."""
    return [
        (label.keypoints_px, HAND if label.visible.sum() >= FEWEST_VISIBLE else DOUBTFUL, label.handedness == RIGHT)
        for label in frame.labels
    ]
