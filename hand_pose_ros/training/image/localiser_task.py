"""``LocaliserTask``: how ``networks.hand_localiser.HandLocaliser`` learns, from whole images with their hands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import nn

from hand_pose_ros.crop import crop_to_image, square_box
from hand_pose_ros.detector import Candidates, Detection, decode
from hand_pose_ros.region import pose_crop
from hand_pose_ros.training.image.localiser_figures import DetectionFigures, TrueHand
from hand_pose_ros.training.image.localiser_losses import place_losses, score_loss
from hand_pose_ros.training.image.localiser_pictures import contact_sheet
from hand_pose_ros.training.image.localiser_targets import targets
from hand_pose_ros.training.sources.composer_settings import ComposerSettings
from hand_pose_ros.training.sources.frames_batch import FrameBatch
from hand_pose_ros.training.sources.frames_composer import FrameComposer
from hand_pose_ros.training.sources.frames_crops import CropPictures
from hand_pose_ros.training.sources.frames_store import HAND, NOTHING, FrameStore
from hand_pose_ros.training.trainer.data import Stores
from hand_pose_ros.training.trainer.task import Task

ROI = {
    "keypoints": [0, 1, 2, 3, 5, 6, 9, 10, 13, 14, 17, 18],
    "axis": {"from": [0], "to": [5, 9, 9, 13]},
    "scale": 2.0,
    "shift": [0.0, -0.1],
}
"""The pose crop of MediaPipe's landmark network (models/mediapipe_full.yaml), which ours shares."""
WEIGHTS = {"centre": 1.0, "size": 1.0, "axis": 1.0, "side": 0.2}
LOWEST_SCORE = 0.02
"""Down to which detections count for the curves."""


class LocaliserTask(Task):
    """``LocaliserTask(network, roi=..., bfloat16=..., centre=..., size=..., axis=..., side=...)``.

    ``roi`` is that of the pose network's card (``region.pose_crop``). ``bfloat16``: on the CPU too the network computes
    in bfloat16; twice as fast where the CPU has AVX-512 BF16 (``torch.cpu.get_capabilities()``), slower where not.
    """

    best = "-average_precision"

    def __init__(self, network: nn.Module, roi: dict | None = None, bfloat16: bool = False, **weights: float):
        super().__init__(network)
        unknown = set(weights) - set(WEIGHTS)
        if unknown:
            raise ValueError(f"no weights {sorted(unknown)}: there are {', '.join(WEIGHTS)}")
        self.roi, self.weights, self._bfloat16 = roi or ROI, WEIGHTS | weights, bfloat16

    def begun(self) -> None:
        """The other training's ``score_shift`` was chosen after it, for its scores."""
        self.network.score_shift.zero_()

    def loss(self, network: Callable, batch: FrameBatch, step: int) -> dict[str, torch.Tensor]:
        """Score and places of the hands, and their weighted sum."""
        wanted = targets(batch, self.roi, self.network.grid)
        with torch.autocast("cpu", torch.bfloat16, enabled=self._bfloat16 and batch.images.device.type == "cpu"):
            values = network.values(batch.images)
        values = values.float()
        terms = place_losses(values[..., 1:], wanted, self.network.grid)
        score = score_loss(values[..., 0], wanted)
        total = score + sum(self.weights[name] * value for name, value in terms.items())
        return {"loss": total, "score": score, **terms}

    def validate(self, network: nn.Module, batches: Sequence[FrameBatch]) -> dict[str, float]:
        """``DetectionFigures`` of all held-back images, and the recall of rendered and of photographed hands."""
        figures, rendered, photographed = DetectionFigures(), DetectionFigures(), DetectionFigures()
        for batch in batches:
            images = zip(self.detect(network, batch.images), self.truth(batch), batch.real, strict=True)
            for found, hands, real in images:
                for part in (figures, photographed if real else rendered):
                    part.add(found, hands)
        parts = {"recall_rendered": rendered, "recall_real": photographed}
        shares = {name: part.figures()["recall"] for name, part in parts.items() if part.hands}
        return {name: value for name, value in figures.figures().items() if np.isfinite(value)} | shares

    def pictures(self, network: nn.Module, batch: FrameBatch) -> dict[str, np.ndarray]:
        """Detections and true crops over the first held-back images."""
        shown = batch.each(lambda tensor: tensor[:24])
        return {"detections": contact_sheet(shown.images, self.detect(network, shown.images), self.truth(shown))}

    def source(self, settings: dict, seed: int, stores: Stores) -> FrameComposer:
        """A ``FrameComposer`` of ``rendered``, ``persons``, ``photographs`` (``folder``, ``sources``, ``without``),
        ``crops`` (``folder`` of a store that ``render store`` wrote), ``backgrounds`` (folders) and ``composer``
        (``ComposerSettings``); relative folders lie in ``stores.folder``."""
        unknown = set(settings) - {"rendered", "persons", "photographs", "crops", "backgrounds", "composer"}
        if unknown or "rendered" not in settings:
            known = "rendered; persons, photographs, crops, backgrounds, composer if wanted"
            raise ValueError(f"sources {sorted(settings)}: give {known}")
        return composer_of(settings, self.network.input_size, seed, stores.folder)

    def prepare(self, batch: FrameBatch, augment: bool, generator: torch.Generator) -> FrameBatch:
        """Images as floats; the composer has done everything else."""
        return batch.prepared()

    def detect(self, network: nn.Module, images: torch.Tensor) -> list[list[Detection]]:
        """What the estimator would detect in images (N, 3, S, S), in pixels of the S square, down to low scores."""
        with torch.no_grad():
            output = {name: value.float().cpu().numpy() for name, value in network(images).items()}
        affine, card = crop_to_image(_square(images.shape[-1])), card_values(self.roi)
        parts = [output[name] for name in ("score", "box", "axis", "right")]
        return [decode(Candidates(*image), affine, card, LOWEST_SCORE) for image in zip(*parts, strict=True)]

    def truth(self, batch: FrameBatch) -> list[list[TrueHand]]:
        """The hands of each image, crops in pixels of the square; those that nobody could find are doubtful."""
        size = batch.images.shape[-1]
        keypoints, state, right = (getattr(batch, name).cpu().numpy() for name in ("keypoints", "state", "right"))
        images = []
        for n in range(len(batch)):
            shown = np.flatnonzero(state[n] != NOTHING)
            crops = [pose_crop(keypoints[n, m].astype(np.float64) * size - 0.5, self.roi) for m in shown]
            inside = [all(-0.5 < value < size - 0.5 for value in crop.centre_px) for crop in crops]
            images.append(
                [TrueHand(crop, float(right[n, m]), bool(state[n, m] == HAND and good))
                 for crop, m, good in zip(crops, shown, inside, strict=True)]
            )  # fmt: skip
        return images


def card_values(roi: dict) -> dict:
    """The part of a model card that turns the localiser's squares into the pose crops of ``roi``."""
    return {"box_scale": roi["scale"], "box_shift": [0.0, 0.0], "suppression": "weighted", "iou": 0.3}


def composer_of(settings: dict, size: int, seed: int, root: Path) -> FrameComposer:
    """What draws as ``settings`` say, see ``LocaliserTask.source``."""

    def store(name: str, first: int, **kind) -> FrameStore | None:
        block = settings.get(name)
        chosen = block and (block.get("sources", ()), block.get("without", ()))
        return FrameStore(root / block["folder"], first, *chosen, **kind) if block else None

    crops = CropPictures(root / settings["crops"]["folder"], seed + 2) if settings.get("crops") else None
    return FrameComposer(
        store("rendered", seed), store("photographs", seed + 1, with_hands=True),
        [root / folder for folder in settings.get("backgrounds", ())], size, seed,
        ComposerSettings(**settings.get("composer", {})), crops=crops, persons=store("persons", seed + 3),
    )  # fmt: skip


def _square(size: int):
    return square_box(((size - 1) / 2, (size - 1) / 2), size)
