"""Curves and sample pictures for TensorBoard, and the newest pictures as PNG for everybody else."""

from __future__ import annotations

import logging
from pathlib import Path

import cv2
import numpy as np

from hand_pose_ros.training.trainer.report import Moment, Report

log = logging.getLogger(__name__)


class Curves(Report):
    """Writes ``folder/curves`` (tensorboard --logdir) and ``folder/pictures``; a continued training continues them."""

    def __init__(self, folder: Path, step: int = 0):
        self._pictures, self._writer = folder / "pictures", None
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            log.warning("no curves are written: pip install tensorboard (workspace/requirements-dev.txt)")
            return
        self._writer = SummaryWriter(str(folder / "curves"), purge_step=step + 1 if step else None)

    def moment(self, moment: Moment) -> None:
        """Losses, learning rate, gradient and speed."""
        values = {f"loss/{name}": value for name, value in moment.losses.items()}
        values |= {"schedule/learning_rate": moment.learning_rate, "schedule/gradient_norm": moment.gradient_norm}
        values |= {"speed/examples_per_s": moment.examples_per_s, "speed/waiting_for_data": moment.waiting}
        self._add(values, moment.step)

    def figures(self, step: int, figures: dict[str, float], pictures: dict[str, np.ndarray]) -> None:
        """The validation's figures and pictures."""
        self._add({f"held_back/{name}": value for name, value in figures.items()}, step)
        for name, picture in pictures.items():
            self._pictures.mkdir(exist_ok=True)
            cv2.imwrite(str(self._pictures / f"{name}.png"), np.ascontiguousarray(picture[..., ::-1]))
            if self._writer:
                self._writer.add_image(name, picture, step, dataformats="HWC")

    def close(self) -> None:
        """Write what is left."""
        if self._writer:
            self._writer.close()

    def _add(self, values: dict[str, float], step: int) -> None:
        if self._writer:
            for name, value in values.items():
                self._writer.add_scalar(name, value, step)
