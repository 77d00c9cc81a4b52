"""Where the networks run: the CPU (ONNX Runtime) or a CUDA device (torch)."""

from __future__ import annotations

import re

import torch


class DeviceError(ValueError):
    """The device asked for does not exist here, or the name means nothing."""


def resolve_device(name: str) -> str:
    """``auto``, ``cpu``, ``cuda`` or ``cuda:N`` as ``cpu`` or ``cuda:N``; auto takes CUDA where torch sees it."""
    if name == "auto":
        return "cuda:0" if torch.cuda.is_available() else "cpu"
    if name == "cpu":
        return "cpu"
    match = re.fullmatch(r"cuda(?::(\d+))?", name)
    if not match:
        raise DeviceError(f"device {name!r}: give auto, cpu, cuda or cuda:N")
    count, wanted = torch.cuda.device_count() if torch.cuda.is_available() else 0, int(match[1] or 0)
    if wanted >= count:
        found = f"torch {torch.__version__} sees {count} CUDA devices"
        raise DeviceError(f"device {name!r}: {found}; use auto or cpu, or install a CUDA build of torch and a driver")
    return f"cuda:{wanted}"
