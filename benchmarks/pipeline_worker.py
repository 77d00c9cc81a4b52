"""Our pipeline on a file of frames, with the settings of the node; started by benchmarks/speed.py."""

from __future__ import annotations

import itertools
import sys

from frame_file import run_worker  # beside this script

from hand_pose_ros.camera import CameraModel
from hand_pose_ros.estimator import EstimatorSettings
from hand_pose_ros.nodes.allocator import keep_freed_memory
from hand_pose_ros.nodes.node_settings import NodeSettings
from hand_pose_ros.nodes.pipeline_loading import load_pipeline, warm_up
from hand_pose_ros.pipeline import Frame, PipelineSettings

FOV_DEG = 60.0  # the hands get metres, as in the node


def make(args):
    """The pipeline as the node makes it. Options: model, device, threads."""
    keep_freed_memory()
    settings = PipelineSettings(EstimatorSettings(max_hands=args.max_hands))
    pipeline = load_pipeline(NodeSettings(**args.options), settings)
    warm_up(pipeline)
    camera = CameraModel.from_fov(args.width, args.height, FOV_DEG)
    stamps = (n / args.rate for n in itertools.count())
    return lambda image: len(pipeline.process([Frame(image, next(stamps), camera)])[0])


if __name__ == "__main__":
    sys.exit(run_worker(make, __doc__))
