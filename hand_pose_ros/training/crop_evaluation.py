"""Figures of any pose network on held-back crops: all, by source, by rotation, mirrored. One evaluator for all.

>>> figures = evaluate_crops(network, batches)                               # doctest: +SKIP
>>> figures["all"]["error_2d"]                                               # doctest: +SKIP
{'value': 0.031, 'low': 0.030, 'high': 0.033}

``network`` maps images (N, 3, S, S) to the outputs of ``networks/contract.py``'s pose stage. Figures are means over
crops with 95 % bootstrap intervals; what a network or a label does not say is left out.

error_2d        mean keypoint distance, longer sides of the labelled keypoints' box
pck_0.1         share of keypoints within 0.1 of that side
joints          mean distance of normalised joints (middle MCP at the origin, wrist at distance 1), all 21
aligned_mm      the same after Procrustes alignment, with the true hand scale
relative_mm     wrists laid on each other, with the true hand scale
absolute_mm     placed on the crop's rays (``root_depth.place``) with the true hand scale; asked for, because it is slow
side            share of hands whose side is said right
sigma_pixel     share of keypoint errors, per axis, within the stated deviation (calibrated: 0.683)
presence_f1, presence_auc    hand or no hand: at a probability of 0.5, and over all thresholds
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch

from hand_pose_ros.training.crop_evaluation_errors import CropErrors, crop_errors
from hand_pose_ros.training.crop_evaluation_views import answer, mirrored_answer, turned
from hand_pose_ros.training.evaluation.presence import roc_auc, threshold_sweep
from hand_pose_ros.training.hand_batch import HandBatch

ANGLES_DEG = tuple(range(0, 360, 30))
FLAT = ("keypoints", "right", "presence")
SECTIONS = ("source", "rotation", "mirrored")
Network = Callable[[torch.Tensor], Mapping[str, torch.Tensor]]


def evaluate_crops(
    network: Network,
    batches: Sequence[HandBatch],
    sections: Sequence[str] = SECTIONS,
    sees: str = "both",
    absolute: bool = False,
    resamples: int = 300,
) -> dict[str, dict]:
    """Section -> figures: ``all``, and those asked for.

    ``sees``: ``both``, or ``right`` for networks to which left hands are shown mirrored (their card's ``sees``).
    ``source``: ``rendered`` and ``real`` by themselves. ``rotation``: error_2d of all crops turned by every 30 degrees,
    and the worst over the upright one. ``mirrored``: ``side_swapped``, the share of hands whose side changes with the
    image, and ``distance``, between the keypoints of a crop and those of its mirror image turned back, in box sides.
    """
    errors = CropErrors.joined([crop_errors(answer(network, batch, sees), batch, absolute) for batch in batches])
    result: dict[str, dict] = {"all": summary(errors, resamples)}
    if "source" in sections:
        kinds = {"rendered": errors.real < 0.5, "real": errors.real > 0.5}
        result["source"] = {name: summary(errors.rows(rows), resamples) for name, rows in kinds.items() if rows.any()}
    if "rotation" in sections:
        result["rotation"] = _rotation(network, batches, sees)
    if "mirrored" in sections:
        result["mirrored"] = _mirrored(network, batches, sees)
    return result


def flat(figures: Mapping[str, dict], prefix: str = "") -> dict[str, float]:
    """Values alone, by names such as ``all/error_2d``: for a task's ``validate``."""
    found = {}
    for name, item in figures.items():
        if isinstance(item, Mapping):
            found |= {f"{prefix}{name}": item["value"]} if "value" in item else flat(item, f"{prefix}{name}/")
        else:
            found[f"{prefix}{name}"] = float(item)
    return found


def summary(errors: CropErrors, resamples: int = 300, seed: int = 0) -> dict[str, dict[str, float]]:
    """Every figure that there is data for, with its interval over resampled crops."""
    count = len(errors.present)
    draws = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), resamples) if count else None
    result = {}
    for name, (part, whole) in errors.ratios().items():
        if whole.sum() > 0:
            spread = (draws @ part) / np.maximum(draws @ whole, 1e-12)
            low, high = np.percentile(spread, [2.5, 97.5]) if resamples else (np.nan, np.nan)
            result[name] = {"value": float(part.sum() / whole.sum()), "low": float(low), "high": float(high)}
    truth = errors.present > 0.5
    if truth.any() and not truth.all():
        f1 = threshold_sweep(truth, errors.presence, np.array([0.5]))["f1"]
        result["presence_f1"] = {"value": float(f1[0])}
        result["presence_auc"] = {"value": roc_auc(errors.presence[truth], errors.presence[~truth])}
    return result


def _rotation(network: Network, batches: Sequence[HandBatch], sees: str) -> dict[str, float]:
    found = {}
    for angle in ANGLES_DEG:
        views = [turned(batch, angle) for batch in batches]
        errors = CropErrors.joined([crop_errors(answer(network, view, sees), view) for view in views])
        part, whole = errors.ratios()["error_2d"]
        found[str(angle)] = float(part.sum() / max(whole.sum(), 1e-12))
    return found | {"worst_over_upright": max(found.values()) / max(found["0"], 1e-12)}


def _mirrored(network: Network, batches: Sequence[HandBatch], sees: str) -> dict[str, float]:
    swapped, distances = [], []
    for batch in batches:
        hands = batch.rows(batch.present > 0.5)
        if not len(hands):
            continue
        here, there = answer(network, hands, sees), mirrored_answer(network, hands, sees)
        swapped.append(((here["right"] > 0.5) == (there["right"] > 0.5)).cpu().numpy())
        # The mirror image's answer, turned back, stands where labels stand: an error of 0 is the same answer.
        same = replace(hands, keypoints=there["keypoints"])
        distances.append(crop_errors({name: here[name] for name in FLAT}, same).pixels)
    if not swapped:
        return {}
    return {
        "side_swapped": float(np.concatenate(swapped).mean()),
        "distance": float(np.nanmean(np.concatenate(distances))),
    }
