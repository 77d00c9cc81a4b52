"""One run of ``hand_pose_ros predict``: pictures in, JSON objects and overlays out, progress on the terminal."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from hand_pose_ros.camera import CameraModel
from hand_pose_ros.estimator import EstimatorSettings, HandEstimator
from hand_pose_ros.hand import HandScale
from hand_pose_ros.hand_scale import HandScales
from hand_pose_ros.image_source import Picture, count, pictures
from hand_pose_ros.networks.build import load_model
from hand_pose_ros.overlay_writer import OverlayWriter
from hand_pose_ros.pipeline import Frame, HandPosePipeline, PipelineSettings
from hand_pose_ros.prediction import described_image

USER_SCALE_STDDEV_M = 0.003


class PredictionRun:
    """Reads what the arguments of ``predict`` name. ValueError, OSError or RuntimeError for arguments of no use."""

    def __init__(self, args: argparse.Namespace):
        self._args, self.pictures, self.errors, self.hands = args, 0, 0, 0
        self._overlays = OverlayWriter(args.overlay) if args.overlay else None
        settings = EstimatorSettings(max_hands=args.max_hands, min_score=args.min_score, min_presence=args.min_score)
        self._scales = _scales(args.hand_scale)
        self._calibration = _calibration(args.camera_info)
        if args.fov is not None:
            CameraModel.from_fov(640, 480, args.fov)  # refuses an angle that no camera has, before any picture is read
        model = load_model(args.model, args.device, args.threads)
        self._estimator = HandEstimator(model, settings)
        self._pipeline = HandPosePipeline(model, PipelineSettings(estimator=settings), self._scales)

    def close(self) -> None:
        """Finish the overlays."""
        if self._overlays:
            self._overlays.close()

    def summary(self) -> str:
        """What happened, in a few words."""
        return f"{self.pictures} images, {self.hands} hands, {self.errors} errors"

    def lines(self) -> Iterator[dict]:
        """One object per picture, in the order of the inputs."""
        for path in self._args.input:
            for picture in progress_over(pictures(path), Path(path).name, count(path)):
                line = self._line(picture)
                self.pictures += 1
                self.errors += "error" in line
                self.hands += len(line["hands"])
                yield line

    def _line(self, picture: Picture) -> dict:
        if picture.image is None:
            return described_image(picture, self._args.model, [], None, picture.error)
        camera = self._camera(picture)
        try:
            hands = self._hands(picture, camera)
        except ValueError as error:
            return described_image(picture, self._args.model, [], camera, str(error))
        if self._overlays:
            self._overlays.write(picture, hands)
        return described_image(picture, self._args.model, hands, camera)

    def _camera(self, picture: Picture) -> CameraModel | None:
        """Intrinsics: those that came with the picture, else the calibration's, else those of the field of view."""
        height, width = picture.image.shape[:2]
        if picture.camera is not None:
            return picture.camera
        if self._calibration is not None:
            return _fitted(self._calibration, width, height)
        return None if self._args.fov is None else CameraModel.from_fov(width, height, self._args.fov)

    def _hands(self, picture: Picture, camera: CameraModel | None) -> list:
        """Hands of a still by itself, numbered from 1, best first; those of a video's frame followed through it."""
        if picture.frame is None:
            hands = self._estimator(picture.image, camera, self._scales)
            return [replace(hand, id=number) for number, hand in enumerate(hands, 1)]
        if picture.frame == 0:
            self._pipeline.reset()
        [hands] = self._pipeline.process([Frame(picture.image, picture.stamp_s, camera, picture.name)])
        if hands.error:
            raise ValueError(hands.error)
        return hands


def _scales(mean_m: float | None) -> HandScales:
    return HandScales() if mean_m is None else HandScales().with_scale(HandScale(mean_m, USER_SCALE_STDDEV_M, "user"))


def _calibration(path: Path | None) -> CameraModel | None:
    if path is None:
        return None
    from hand_pose_ros.calibration_file import read_calibration

    return read_calibration(path)


def _fitted(camera: CameraModel, width: int, height: int) -> CameraModel:
    """The calibration for images that are scaled copies of those it was made with; others are refused later on."""
    same_shape = width * camera.height == height * camera.width
    return camera.resized(width, height) if same_shape else camera


def progress_over(items: Iterator[Picture], title: str, total: int | None) -> Iterator[Picture]:
    """``items``, with a bar on stderr while that is a terminal."""
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        yield from progress.track(items, total=total, description=title)
