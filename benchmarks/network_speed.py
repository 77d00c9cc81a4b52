"""Milliseconds and CPU milliseconds per call of every network of every model, by batch size and threads.

    python -m benchmarks.network_speed [--runtime torch] [--device cuda] [--half]

CPU time above wall time is what a second thread costs the robot. On a busy machine only the CPU column means anything.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from pathlib import Path

import numpy as np
import torch

from hand_pose_ros.networks.build import available_models, load_model
from hand_pose_ros.networks.tflite import ModelFileError

ROW = "{:16}{:11}{:13}{:>8}{:>6}{:>11}{:>9}{:>8}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", help="default: all")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--runtime", default="auto", choices=("auto", "onnxruntime", "torch"))
    parser.add_argument("--half", action="store_true", help="half-precision weights (torch)")
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--batches", nargs="+", type=int, default=[1, 2, 4])
    parser.add_argument("--calls", type=int, default=50)
    args = parser.parse_args()
    print(f"{processor()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {time.strftime('%Y-%m-%d')}")
    print(ROW.format("model", "stage", "runtime", "threads", "batch", "median ms", "best ms", "CPU ms"))
    for name in args.models or available_models():
        for threads in args.threads:
            try:
                model = load_model(name, args.device, threads, runtime=args.runtime, half=args.half)
            except ModelFileError as error:
                print(f"{name}: {error}", flush=True)
                break
            for stage, batch in ((stage, batch) for stage in ("localiser", "pose") for batch in args.batches):
                times = measure(getattr(model, stage), model.device, batch, args.calls)
                runtime = getattr(model, stage).runtime
                print(ROW.format(name, stage, runtime, threads, batch, *(f"{ms:.2f}" for ms in times)), flush=True)
    return 0


def processor() -> str:
    """The CPU's name where Linux tells it."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def measure(stage, device: str, batch: int, calls: int) -> tuple[float, float, float]:
    """Median, best and CPU milliseconds per call."""
    images = np.random.default_rng(0).random((batch, 3, stage.input_size, stage.input_size), dtype=np.float32)
    inputs = images if stage.runtime == "onnxruntime" else torch.from_numpy(images).to(device)
    times = []
    for _ in range(5):
        stage(inputs)
    cpu = time.process_time()
    for _ in range(calls):
        started = time.perf_counter()
        stage(inputs)
        if device.startswith("cuda"):
            torch.cuda.synchronize()
        times.append(time.perf_counter() - started)
    return float(np.median(times)) * 1e3, min(times) * 1e3, (time.process_time() - cpu) / calls * 1e3


if __name__ == "__main__":
    sys.exit(main())
