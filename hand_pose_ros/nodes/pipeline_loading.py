"""The pipeline that a node's settings ask for: loaded, warmed up, freed."""

from __future__ import annotations

import gc
import sys
import time

import numpy as np

from hand_pose_ros.nodes.node_settings import NodeSettings
from hand_pose_ros.pipeline import Frame, HandPosePipeline, PipelineSettings

_WARM_UP_SIZE = (480, 640, 3)


def load_pipeline(settings: NodeSettings, pipeline_settings: PipelineSettings) -> HandPosePipeline:
    """The pipeline with its networks on their device. Raises an error that says what to do (weights, model, device)."""
    from hand_pose_ros.networks.build import load_model

    folder = settings.models_dir or None
    model = load_model(settings.model, settings.device, settings.threads, folder, half=settings.half)
    return HandPosePipeline(model, pipeline_settings, settings.scales())


def warm_up(pipeline) -> float:
    """Run one black image through, so that the first real one is not the slowest; seconds it took."""
    started = time.perf_counter()
    pipeline.process([Frame(np.zeros(_WARM_UP_SIZE, np.uint8), 0.0)])
    pipeline.reset()
    return time.perf_counter() - started


def device_of(pipeline) -> str:
    """Where a pipeline's networks run; "" before they are loaded."""
    return "" if pipeline is None else str(pipeline.estimator.model.device)


def free_memory() -> None:
    """Give back what a dropped pipeline held, on the accelerator as well."""
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()
