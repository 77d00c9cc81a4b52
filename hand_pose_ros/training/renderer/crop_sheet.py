"""Contact sheet of random crops with their labels, and how fast they come."""

from __future__ import annotations

import multiprocessing
import time
from pathlib import Path

import cv2
import numpy as np

from hand_pose_ros.hand import BONES
from hand_pose_ros.training.renderer.crops import CropBatch, CropRenderer
from hand_pose_ros.training.renderer.pose_sheet import save_sheet

TILE, COLUMNS = 192, 12
SEEN, HIDDEN, LEFT_BONE, RIGHT_BONE = (60, 220, 60), (230, 40, 40), (255, 180, 60), (80, 160, 255)


def write_crop_sheet(
    makehuman: Path | None, path: Path, count: int, seed: int, size: int, labels: bool, backgrounds=()
):
    """Write ``count`` random crops as one picture, with skeletons if ``labels``: hidden joints red, left orange."""
    batch = CropRenderer(makehuman, size, seed, backgrounds=backgrounds).batch(count)
    save_sheet(path, [_tile(batch, number, labels) for number in range(count)], COLUMNS)


def _tile(batch: CropBatch, number: int, labels: bool) -> np.ndarray:
    image = cv2.resize(batch.images[number], (TILE, TILE), interpolation=cv2.INTER_CUBIC)
    if not (labels and batch.present[number]):
        return image
    points = (batch.keypoints_px[number] + 0.5) * TILE / batch.images.shape[1] - 0.5
    points = [tuple(int(v) for v in point) for point in np.rint(points)]
    for a, b in BONES:
        cv2.line(image, points[a], points[b], LEFT_BONE if batch.left[number] else RIGHT_BONE, 1, cv2.LINE_AA)
    for point, seen in zip(points, batch.visible[number], strict=True):
        cv2.circle(image, point, 2, SEEN if seen else HIDDEN, -1, cv2.LINE_AA)
    return image


def crops_per_second(makehuman: Path | None, size: int, processes: int, count: int = 2400) -> float:
    """Crops per second of wall time over ``processes`` renderers, start-up not counted."""
    spawn = multiprocessing.get_context("spawn")
    ready, done = spawn.Barrier(processes + 1), spawn.Barrier(processes + 1)
    workers = [
        spawn.Process(target=_work, args=(makehuman, size, seed, count // processes, ready, done), daemon=True)
        for seed in range(processes)
    ]
    for worker in workers:
        worker.start()
    ready.wait(120)
    start = time.perf_counter()
    done.wait(600)
    seconds = time.perf_counter() - start
    for worker in workers:
        worker.join()
    return count // processes * processes / seconds


def _work(makehuman, size, seed, count, ready, done):
    try:
        renderer = CropRenderer(makehuman, size, seed)
        renderer.batch(150)
    except BaseException:
        ready.abort()
        raise
    ready.wait()
    renderer.batch(count)
    done.wait()
