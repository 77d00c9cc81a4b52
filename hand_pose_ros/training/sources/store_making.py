"""Fills a store of rendered crops with several processes; stopped and started again, it continues."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from hand_pose_ros.training.renderer.scene_settings import SceneSettings
from hand_pose_ros.training.renderer.viewpoint import ViewSettings
from hand_pose_ros.training.sources.shard_drawing import draw_missing, shard_sizes
from hand_pose_ros.training.sources.shards import RENDERED, write_shard

KEPT = ("images", "segments", "keypoints_px", "joints_m", "visible", "camera_matrix", "left", "present", "hand_scale_m")
SHARD = 1000
STORE_VIEWS = ViewSettings(smallest=0.42, largest=0.70, roll_deg=30.0, shift=0.05, frontal=0.4)
"""Room around the hand for the augmentation's own rotation, scale and shift."""


def store_scenes(split: str) -> SceneSettings:
    """What the crops of a store show; ``split`` as in ``training.split``."""
    return SceneSettings(empty=0.08, split=split, view=STORE_VIEWS)


@dataclass(frozen=True)
class StorePlan:
    """What to draw. Shard k depends on these values and k only, not on the number of processes."""

    folder: Path
    count: int
    size: int
    seed: int
    scenes: SceneSettings
    makehuman: Path | None = None
    backgrounds: Sequence[Path] = ()

    def description(self) -> dict:
        """store.json; ``count`` may grow from one run to the next, so it is left out."""
        return {
            "format": RENDERED, "size": self.size, "seed": self.seed, "shard": SHARD, "split": self.scenes.split,
            "scenes": asdict(self.scenes), "backgrounds": sorted(Path(f).name for f in self.backgrounds),
        }  # fmt: skip


def make_store(plan: StorePlan, processes: int, progress: Callable[[int], None] = lambda rows: None) -> int:
    """Draw the shards that are not there yet; the number of crops drawn. ``progress`` is told of every shard's rows."""
    return draw_missing(plan, shard_sizes(plan.count, SHARD), draw_shard, processes, progress)


def draw_shard(job: tuple[StorePlan, int, int]) -> int:
    """Draw and write one shard; the number of its rows."""
    import cv2

    from hand_pose_ros.training.renderer.crops import CropRenderer

    plan, number, rows = job
    cv2.setNumThreads(1)
    renderer = CropRenderer(plan.makehuman, plan.size, [plan.seed, number], plan.scenes, plan.backgrounds)
    crops = renderer.batch(rows)
    write_shard(plan.folder, number, {name: getattr(crops, name) for name in KEPT})
    return rows
