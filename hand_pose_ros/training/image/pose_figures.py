"""Figures of a keypoint network on held-back crops, photographs and rendered ones apart."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from hand_pose_ros.training.hand_batch import HandBatch
from hand_pose_ros.training.image.pose_targets import PoseTargets, targets

GOOD = 0.1


def figures(answers: Sequence[tuple[HandBatch, dict[str, torch.Tensor]]]) -> dict[str, float]:
    """Per source (``photo_`` and ``rendered_``), and ``error``: the photographs' if there are any.

    error and PCK@0.1 in hand extents; depth_error in hand extents; covered: share of the errors per axis within the
    stated deviation; side and presence: accuracy. Keypoints without a label do not count.
    """
    result: dict[str, float] = {}
    for name, wanted in (("photo", 1.0), ("rendered", 0.0)):
        chosen = [(batch.rows(batch.real == wanted), _rows(output, batch.real == wanted)) for batch, output in answers]
        chosen = [(batch, output) for batch, output in chosen if len(batch)]
        if chosen:
            batch = HandBatch.joined([batch for batch, _ in chosen])
            output = {key: torch.cat([output[key] for _, output in chosen]) for key in chosen[0][1]}
            result |= {f"{name}_{key}": value for key, value in _figures(batch, output).items()}
    result["error"] = result.get("photo_error", result.get("rendered_error", float("nan")))
    return result


def _figures(batch: HandBatch, output: dict[str, torch.Tensor]) -> dict[str, float]:
    target = targets(batch, real_depth=1.0)
    offset = (output["keypoints"] - target.keypoints) / target.extent[:, None, None]
    known = target.weight > 0
    distance = offset.norm(dim=2)
    spread = (output["keypoint_stddev"] / target.extent[:, None])[..., None]
    return {
        "error": _mean(distance[known]),
        "PCK@0.1": _mean((distance[known] <= GOOD).float()),
        "depth_error": _depth_error(output, target),
        "covered": _mean((offset.abs() <= spread)[known].float()),
        "side": _accuracy(output["right"], batch.right, torch.isfinite(batch.right) & (batch.present > 0.5)),
        "presence": _accuracy(output["presence"], batch.present, torch.isfinite(batch.present)),
    }


def _depth_error(output: dict[str, torch.Tensor], target: PoseTargets) -> float:
    error = ((output["depth"] - target.depth) / target.extent[:, None]).abs()
    return _mean(error[target.depth_weight > 0])


def _accuracy(said: torch.Tensor, truth: torch.Tensor, known: torch.Tensor) -> float:
    return _mean(((said > 0.5) == (truth > 0.5))[known].float())


def _mean(values: torch.Tensor) -> float:
    return float(values.mean()) if values.numel() else float("nan")


def _rows(output: dict[str, torch.Tensor], rows: torch.Tensor) -> dict[str, torch.Tensor]:
    return {name: value[rows] for name, value in output.items()}
