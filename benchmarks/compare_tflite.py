"""Do our torch and ONNX Runtime networks compute what the TFLite interpreter computes from the same file?

    python -m benchmarks.compare_tflite --tflite-python scratch-venv/bin/python [--images DIR]

The other Python needs ``ai-edge-litert``. Inputs: random images, and with --images the crops that the palm detector
finds there. Prints the largest absolute difference of every output; ends with status 1 if one is above its bar.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np
import torch

from hand_pose_ros.crop import crop_to_image, letterbox, sample
from hand_pose_ros.estimator import EstimatorSettings, HandEstimator
from hand_pose_ros.networks.build import build_network, load_model
from hand_pose_ros.networks.model_files import find_weights

SUFFIXES = (".jpg", ".jpeg", ".png")
BAR = {"keypoints": 0.01, "depth": 0.01, "box": 0.01, "axis": 0.01}
"""Largest difference allowed, in pixels of the network's input; 0.0001 for outputs without a unit and for metres."""


def main() -> int:
    args = arguments()
    rows = [row for model in args.models for row in compare(model, args)]
    print(f"{'model':15} {'output':10} {'unit':7} {'inputs':7} {'torch':>9} {'onnxruntime':>12} {'range':>9}")
    for model, name, unit, kind, differences, extent in rows:
        print(f"{model:15} {name:10} {unit:7} {kind:7} {differences[0]:9.2e} {differences[1]:12.2e} {extent:9.3g}")
    missed = [row for row in rows if not max(row[4]) <= BAR.get(row[1], 1e-4)]
    print(f"{len(rows)} comparisons, {len(missed)} above the bar" + "".join(f"\n  {row[:4]}" for row in missed))
    return int(bool(missed))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tflite-python", required=True, help="a Python that has ai-edge-litert")
    parser.add_argument("--images", type=Path, help="folder of photographs of hands")
    parser.add_argument("--random", type=int, default=8, help="random inputs per network (default 8)")
    parser.add_argument("--models", nargs="+", default=["mediapipe_full", "mediapipe_lite"])
    return parser.parse_args()


def compare(name: str, args) -> list[tuple]:
    """Rows (model, output, unit, inputs, (torch, onnxruntime) differences, largest magnitude)."""
    ours = load_model(name, "cpu", threads=1)
    if ours.pose.runtime != "onnxruntime":
        raise SystemExit("ONNX Runtime is not in use here: pip install onnx onnxruntime")
    kinds = {"random": None} | ({"images": pictures(args.images)} if args.images else {})
    return [row for kind, images in kinds.items() for stage in ("localiser", "pose")
            for row in compare_stage(ours, stage, kind, inputs_of(ours, stage, images, args.random), args)]  # fmt: skip


def pictures(folder: Path) -> list[np.ndarray]:
    """All pictures of a folder, RGB."""
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    if not paths:
        raise SystemExit(f"{folder} holds no {' '.join(SUFFIXES)}")
    return [cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB) for path in paths]


def inputs_of(model, stage: str, images: list | None, count: int) -> np.ndarray:
    """(N, 3, S, S) float32, 0 to 1: random, or whole pictures for the localiser and its crops for the pose."""
    size = getattr(model, stage).input_size
    if images is None:
        return np.random.default_rng(0).random((count, 3, size, size), dtype=np.float32)
    boxes = [[letterbox(image.shape[1], image.shape[0])] for image in images]
    if stage == "pose":
        estimator = HandEstimator(model, EstimatorSettings(max_hands=4))
        boxes = [[found.box for found in detections] for detections in estimator.detect(images)]
    pairs = [(image, box) for image, found in zip(images, boxes, strict=True) for box in found]
    crops = [sample(image, crop_to_image(box), size) for image, box in pairs]
    return np.stack(crops).transpose(0, 3, 1, 2).astype(np.float32) / 255


def compare_stage(model, stage: str, kind: str, inputs: np.ndarray, args) -> list[tuple]:
    network = build_network(model.card, stage)
    raw, milliseconds = interpreted(model.card, stage, inputs, args.tflite_python)
    # The interpreter's raw outputs take the same way through our decoding as the network's own.
    wanted = decoded(network, raw)
    with torch.inference_mode():
        from_torch = {key: value.numpy() for key, value in network(torch.from_numpy(inputs)).items()}
    from_onnx = getattr(model, stage)(inputs)
    print(f"{model.card.name} {stage}: {len(inputs)} {kind} inputs, interpreter {milliseconds:.1f} ms", file=sys.stderr)
    rows = []
    for name, value in wanted.items():
        pixels = network.input_size if name in BAR else 1
        differences = [float(np.abs(found[name] - value).max()) * pixels for found in (from_torch, from_onnx)]
        unit = "px" if name in BAR else "m" if name == "joints" else "1"
        rows.append((model.card.name, name, unit, kind, differences, float(np.abs(value).max()) * pixels))
    return rows


def interpreted(card, stage: str, inputs: np.ndarray, python: str) -> tuple[list[np.ndarray], float]:
    """The interpreter's outputs in the file's order, and its milliseconds per call."""
    path = find_weights(card.stages()[stage]["weights"]["file"], card.folder)
    worker = Path(__file__).with_name("tflite_worker.py")
    with tempfile.TemporaryDirectory() as folder:
        given, found = Path(folder, "inputs.npy"), Path(folder, "outputs.npz")
        np.save(given, inputs.transpose(0, 2, 3, 1))
        subprocess.run([python, str(worker), str(path), str(given), str(found)], check=True, stderr=subprocess.DEVNULL)
        with np.load(found) as arrays:
            return [arrays[str(place)] for place in range(len(arrays.files) - 1)], float(arrays["ms"])


class Given(torch.nn.Module):
    """Stands in for a graph; returns what the interpreter computed."""

    def __init__(self, outputs: list[np.ndarray]):
        super().__init__()
        self.outputs = tuple(map(torch.from_numpy, outputs))

    def forward(self, images):
        return self.outputs


def decoded(network, raw: list[np.ndarray]) -> dict[str, np.ndarray]:
    """``network``'s outputs as if its graph had computed ``raw``."""
    graph, network.network = network.network, Given(raw)
    outputs = {name: value.numpy() for name, value in network(torch.zeros(1)).items()}
    network.network = graph
    return outputs


if __name__ == "__main__":
    sys.exit(main())
