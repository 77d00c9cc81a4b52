"""Where crops are read: on the CPU by OpenCV, on an accelerator by torch. Images are loaded once per frame."""

from __future__ import annotations

import numpy as np

from hand_pose_ros import crop


class CpuSampler:
    """Crops read by OpenCV, handed to ONNX Runtime as numpy arrays or to torch on the CPU."""

    def __init__(self, torch_tensors: bool = False):
        self._torch_tensors = torch_tensors

    def load(self, image):
        return image

    def batch(self, images: list, affines: list, size: int, border: str):
        """Network input (N, 3, size, size) float32 as an array, or as a tensor that shares its memory."""
        crops = crop.sample_batch(images, affines, size, border)
        if not self._torch_tensors:
            return crops
        import torch

        return torch.from_numpy(crops)

    def size(self, image) -> tuple[int, int]:
        """(width, height) of a loaded image."""
        return image.shape[1], image.shape[0]

    def download(self, outputs: dict) -> dict[str, np.ndarray]:
        """A network's outputs as numpy arrays, float64: what follows is geometry."""
        return {name: np.asarray(value, dtype=np.float64) for name, value in outputs.items()}


class DeviceSampler:
    """Crops read by torch on ``device``; what is uploaded is the image, what comes back the keypoints."""

    def __init__(self, device):
        from hand_pose_ros import crop_device

        self._device, self._crops = device, crop_device

    def load(self, image):
        return self._crops.upload(image, self._device)

    def batch(self, images: list, affines: list, size: int, border: str):
        return self._crops.sample_batch(images, affines, size, border)

    def size(self, image) -> tuple[int, int]:
        return image.shape[2], image.shape[1]

    def download(self, outputs: dict) -> dict[str, np.ndarray]:
        return self._crops.download(outputs)


def sampler_for(runtime: str, device) -> CpuSampler | DeviceSampler:
    """The sampler for a stage's ``runtime`` ("onnxruntime" or "torch") on ``device`` ("cpu", "cuda:0")."""
    if runtime == "torch" and not str(device).startswith("cpu"):
        return DeviceSampler(device)
    return CpuSampler(torch_tensors=runtime == "torch")
