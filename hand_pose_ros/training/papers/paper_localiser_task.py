"""``PaperLocaliserTask``: what the localisers of Kourbane & Genc and of Shin et al. share: pictures, figures."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import nn

from hand_pose_ros.crop import crop_to_image, square_box
from hand_pose_ros.detector import Detection, decode, read_candidates
from hand_pose_ros.hand import OrientedBox
from hand_pose_ros.training.hand_batch import HandBatch
from hand_pose_ros.training.image.localiser_figures import DetectionFigures, TrueHand
from hand_pose_ros.training.image.localiser_pictures import contact_sheet
from hand_pose_ros.training.papers.tiled_frames import tiled_frames
from hand_pose_ros.training.sources.frames_batch import FrameBatch
from hand_pose_ros.training.sources.frames_store import HAND, NOTHING
from hand_pose_ros.training.trainer.task import Task

CARD = {"box_scale": 1.8, "box_shift": [0.0, 0.0], "suppression": "hard", "iou": 0.3}
"""The localiser's part of the cards models/kourbane.yaml and models/shin.yaml."""
LOWEST_SCORE, SHOWN = 0.02, 24


class PaperLocaliserTask(Task):
    """``tiles``: how many crops lie side by side in a training picture, one of these numbers by chance.

    The papers train on whole images, where hands are small; crops make such images side by side.
    """

    best = "-average_precision"
    card = CARD

    def __init__(self, network: nn.Module, tiles: Sequence[int] = (1, 2, 3)):
        super().__init__(network)
        if not tiles or min(tiles) < 1:
            raise ValueError(f"tiles is {tiles!r}: give numbers of crops side by side, 1 or more")
        self._tiles = tuple(tiles)

    def frames_loss(self, output: dict[str, torch.Tensor], frames: FrameBatch) -> dict[str, torch.Tensor]:
        """The terms of the loss, by name, each with its weight in it."""
        raise NotImplementedError

    def loss(self, network: Callable, batch: HandBatch, step: int) -> dict[str, torch.Tensor]:
        """The terms and their sum, on pictures of one number of tiles."""
        frames = tiled_frames(batch, self._tiles[int(torch.randint(len(self._tiles), ()))])
        terms = self.frames_loss(network(frames.images), frames)
        return {"loss": sum(terms.values()), **terms}

    def validate(self, network: nn.Module, batches: Sequence[HandBatch]) -> dict[str, float]:
        """``DetectionFigures`` over pictures of every number of tiles, always the same ones."""
        figures = DetectionFigures()
        for number, batch in enumerate(batches):
            for frames in self._held_back(batch, number):
                images = zip(self.detect(network, frames.images), self.truth(frames), strict=True)
                for found, hands in images:
                    figures.add(found, hands)
        return {name: value for name, value in figures.figures().items() if np.isfinite(value)}

    def pictures(self, network: nn.Module, batch: HandBatch) -> dict[str, np.ndarray]:
        """Detections and true crops over some held-back pictures."""
        frames = self._held_back(batch, 0)[-1].each(lambda tensor: tensor[:SHOWN])
        sheet = contact_sheet(frames.images, self.detect(network, frames.images), self.truth(frames))
        return {"detections": sheet}

    def detect(self, network: nn.Module, images: torch.Tensor) -> list[list[Detection]]:
        """What the estimator would detect in images (N, 3, S, S), in pixels of the square, down to low scores."""
        with torch.no_grad():
            output = {name: value.float().cpu().numpy() for name, value in network(images).items()}
        size = images.shape[-1]
        affine = crop_to_image(square_box(((size - 1) / 2, (size - 1) / 2), size))
        found = [read_candidates(output, n, self.card) for n in range(len(images))]
        return [decode(candidates, affine, self.card, LOWEST_SCORE) for candidates in found]

    def truth(self, frames: FrameBatch) -> list[list[TrueHand]]:
        """The hands of each picture: upright squares, ``box_scale`` times the longer side of the keypoints' box."""
        size, state, right = frames.images.shape[-1], frames.state.cpu().numpy(), frames.right.cpu().numpy()
        boxes = keypoint_boxes(frames.keypoints).cpu().numpy() * size
        return [
            [TrueHand(self._square(boxes[n, m]), float(right[n, m]), bool(state[n, m] == HAND))
             for m in np.flatnonzero(state[n] != NOTHING)]
            for n in range(len(state))
        ]  # fmt: skip

    def _square(self, box: np.ndarray) -> OrientedBox:
        return square_box(box[:2] - 0.5, self.card["box_scale"] * max(float(box[2:].max()), 1.0))

    def _held_back(self, batch: HandBatch, number: int) -> list[FrameBatch]:
        generator = torch.Generator(batch.images.device).manual_seed(number)
        return [tiled_frames(batch, tiles, generator) for tiles in sorted(set(self._tiles))]


def keypoint_boxes(keypoints: torch.Tensor) -> torch.Tensor:
    """Boxes (..., 4) cx, cy, w, h around keypoints (..., 21, 2), in their unit."""
    low, high = keypoints.amin(dim=-2), keypoints.amax(dim=-2)
    return torch.cat([(low + high) / 2, high - low], dim=-1)
