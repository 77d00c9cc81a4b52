"""How sure a model is of hands in photographs: lifters are to see such scores in training."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from hand_pose_ros.estimator import HandEstimator
from hand_pose_ros.lifting import confidence
from hand_pose_ros.training.sources.frames_store import FrameStore

AT_ONCE = 64


def photographed_scores(estimator: HandEstimator, store: Path, sources: Sequence[str] = ()) -> torch.Tensor:
    """(N,) ``confidence`` of the hands that ``estimator`` sees in the images of a ``FrameStore``.

    ValueError for another kind of store, unknown ``sources``, and where it sees fewer than two hands.
    """
    frames = FrameStore(store, sources=sources)
    scores = []
    for start in range(0, len(frames), AT_ONCE):
        rows = frames.rows(np.arange(start, min(start + AT_ONCE, len(frames))))
        for square, (width, height) in zip(rows["images"], rows["area"], strict=True):
            hands = estimator.seen(np.ascontiguousarray(square[:height, :width]))
            scores += [confidence(hand.keypoint_scores).mean() for hand in hands]
    if len(scores) < 2:
        raise ValueError(f"the model sees {len(scores)} hands in {store}: give photographs with hands")
    return torch.tensor(np.array(scores), dtype=torch.float32)
