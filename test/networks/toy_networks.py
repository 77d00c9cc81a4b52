"""Networks small enough for tests; copied into hand_pose_ros.networks' path by the fixture ``toys``."""

import torch
from torch import nn


class ToyLocaliser(nn.Module):
    input_size = 32

    def __init__(self, candidates=3):
        super().__init__()
        self.candidates = candidates
        self.pool = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, candidates * 9))

    def forward(self, images):
        values = self.pool(images).sigmoid().reshape(-1, self.candidates, 9)
        return {"score": values[..., 0], "box": values[..., 1:5], "axis": values[..., 5:].unflatten(-1, (2, 2))}


class ToyMask(nn.Module):
    def __init__(self, width=8):
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(3, 1, 1), nn.AdaptiveAvgPool2d((8, width)), nn.Flatten(1, 2))

    def forward(self, images):
        return {"mask": self.layers(images).sigmoid()}


class ToyPose(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 4, 3, 2, 1), nn.PReLU(4), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.head = nn.Linear(4, 44)

    def forward(self, images):
        values = self.head(self.features(images)).sigmoid()
        return {"keypoints": values[:, :42].unflatten(1, (21, 2)), "presence": values[:, 42], "right": values[:, 43]}


class ToyLifter(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(42, 63)

    def forward(self, keypoints):
        return {"joints": self.layer(keypoints.flatten(1)).unflatten(1, (21, 3))}

    def example(self, batch):
        return torch.zeros(batch, 21, 2)


class WithoutPresence(ToyPose):
    def forward(self, images):
        outputs = super().forward(images)
        del outputs["presence"]
        return outputs


class TwentyKeypoints(ToyPose):
    def forward(self, images):
        outputs = super().forward(images)
        return outputs | {"keypoints": outputs["keypoints"][:, 1:]}


def not_a_network():
    return None
