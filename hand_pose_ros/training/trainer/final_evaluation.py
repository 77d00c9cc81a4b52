"""At the end of a training: every figure of ``crop_evaluation`` on the held-back crops, in a file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import nn

from hand_pose_ros.training.hand_batch import HandBatch
from hand_pose_ros.training.trainer.task import Task


@torch.no_grad()
def write_evaluation(
    task: Task, network: nn.Module, batches: Sequence[HandBatch], settings: dict, path: Path
) -> dict[str, dict]:
    """Evaluate ``network`` as ``task`` sees and labels crops; ValueError for settings that it does not have."""
    from hand_pose_ros.training.crop_evaluation import evaluate_crops

    try:
        figures = evaluate_crops(network.eval(), [task.asked(batch) for batch in batches], sees=task.sees, **settings)
    except TypeError as error:
        raise ValueError(f"evaluation: {error}") from error
    path.write_text(json.dumps(figures, indent=1))
    return figures
