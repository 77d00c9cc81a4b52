"""MediaPipe's two hand networks behind this package's contract (Zhang et al. 2020, "MediaPipe Hands").

Pixel convention: MediaPipe's CPU image-to-tensor step maps corners of the crop onto pixel centres 0 and S, so a value v
of its networks is the index of a pixel; over the continuous square that point lies at (v + 0.5) / S.
"""

from __future__ import annotations

import math

import torch
from torch import nn

from hand_pose_ros.networks.anchors import anchor_centres
from hand_pose_ros.networks.graph import GraphModule
from hand_pose_ros.networks.tflite import ModelFileError, TFLiteGraph

PALM_INPUT, PALM_STRIDES = 192, (8, 16, 16, 16)
SCORE_CLIP = 100.0
WRIST_CENTRE, MIDDLE_MCP = 0, 2
"""Places of the two axis keypoints among the palm detector's seven."""
LANDMARK_INPUT, LANDMARKS = 224, 21


def _checked(graph: TFLiteGraph, size: int, sizes: list[int]) -> GraphModule:
    """The graph as a module, ModelFileError unless it takes ``size`` px and yields outputs of these element counts."""
    taken, shapes = graph.tensors[graph.inputs[0]].shape, [graph.tensors[number].shape for number in graph.outputs]
    if taken != (1, size, size, 3) or [math.prod(shape) for shape in shapes] != sizes:
        expected = f"expected input (1, {size}, {size}, 3) and outputs of {sizes} values"
        raise ModelFileError(f"{expected}, found {taken} and {shapes}: not this network's file")
    return GraphModule(graph)


class PalmDetector(nn.Module):
    """Palm boxes of a square image. Input (N, 3, 192, 192) RGB 0..1.

    Output: ``score`` (N, 2016), ``box`` (N, 2016, 4) cx, cy, w, h and ``axis`` (N, 2016, 2, 2) wrist and middle MCP,
    all but the score in fractions of the square.
    """

    input_size = PALM_INPUT

    def __init__(self, graph: TFLiteGraph):
        super().__init__()
        centres = torch.from_numpy(anchor_centres(PALM_INPUT, PALM_STRIDES))
        self.network = _checked(graph, PALM_INPUT, [len(centres) * 18, len(centres)])
        self.register_buffer("centres", centres + 0.5 / PALM_INPUT)

    def forward(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        raw, logits = (output.float() for output in self.network(images))
        # 18 values: box centre and size, then seven keypoints, all in input pixels relative to the anchor.
        points = raw.reshape(-1, len(self.centres), 9, 2) / PALM_INPUT
        centres = self.centres.float()[:, None]
        middle = points[:, :, :1] + centres
        axis = points[:, :, [2 + WRIST_CENTRE, 2 + MIDDLE_MCP]] + centres
        return {
            "score": logits[..., 0].clamp(-SCORE_CLIP, SCORE_CLIP).sigmoid(),
            "box": torch.cat([middle, points[:, :, 1:2]], 2).flatten(2),
            "axis": axis,
        }


class HandLandmarks(nn.Module):
    """21 keypoints of a hand's crop. Input (N, 3, 224, 224) RGB 0..1, hand upright.

    Output: ``keypoints`` (N, 21, 2) fractions of the crop; ``depth`` (N, 21) relative depth in crop widths, larger is
    farther; ``joints`` (N, 21, 3) crop-aligned 3D, x right, y down, z away, origin at the hand's middle, roughly
    metres of an average hand; ``presence`` (N,); ``right`` (N,) for the un-mirrored image.
    """

    input_size = LANDMARK_INPUT

    def __init__(self, graph: TFLiteGraph):
        super().__init__()
        self.network = _checked(graph, LANDMARK_INPUT, [LANDMARKS * 3, 1, 1, LANDMARKS * 3])

    def forward(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        landmarks, presence, handedness, joints = (output.float() for output in self.network(images))
        landmarks = landmarks.reshape(-1, LANDMARKS, 3)
        return {
            "keypoints": (landmarks[..., :2] + 0.5) / LANDMARK_INPUT,
            "depth": landmarks[..., 2] / LANDMARK_INPUT,
            "joints": joints.reshape(-1, LANDMARKS, 3),
            "presence": presence.reshape(-1),
            # MediaPipe gives this value to its label "Left" because it assumes a mirrored (selfie) image; in an
            # un-mirrored one it is the probability of the person's own right hand.
            "right": handedness.reshape(-1),
        }
