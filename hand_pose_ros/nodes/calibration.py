"""The camera_info that camera_node sends with each image."""

from __future__ import annotations

from pathlib import Path

from ament_index_python.packages import PackageNotFoundError, get_package_share_directory
from sensor_msgs.msg import CameraInfo

from hand_pose_ros.calibration_file import read_calibration
from hand_pose_ros.camera import CameraModel
from hand_pose_ros.nodes.camera_info import fit_to_image, info_from_camera

UNCALIBRATED = (
    "no calibration: camera_info goes out with k all zeros and hands will be 2D only; give camera_info_url (a YAML "
    "file) or fov (horizontal field of view in degrees)"
)


class Calibration:
    """A calibration file, a field of view, or neither, for images of any size."""

    def __init__(self, camera_info_url: str = "", fov_deg: float = 0.0):
        if camera_info_url and fov_deg:
            raise ValueError(f"camera_info_url {camera_info_url!r} and fov {fov_deg} exclude each other: give one")
        self._file = calibration_at(camera_info_url) if camera_info_url else None
        self._fov_deg = fov_deg
        self._models: dict[tuple[int, int], CameraModel | None] = {}

    @property
    def known(self) -> bool:
        """True if metres can be had."""
        return self._file is not None or self._fov_deg > 0.0

    def model(self, width: int, height: int) -> CameraModel | None:
        """The camera of images of ``width`` x ``height`` pixels, None if unknown; ValueError if it does not fit."""
        if (width, height) not in self._models:
            self._models[width, height] = self._make(width, height)
        return self._models[width, height]

    def _make(self, width, height):
        if self._file is not None:
            return fit_to_image(self._file, width, height)[0]
        return CameraModel.from_fov(width, height, self._fov_deg) if self._fov_deg else None

    def message(self, header, width: int, height: int) -> CameraInfo:
        """CameraInfo for one image; ``k`` is all zeros where nothing is known, as ROS has it."""
        model = self.model(width, height)
        return info_from_camera(model, header) if model else CameraInfo(header=header, width=width, height=height)


def calibration_at(url: str) -> CameraModel:
    """The camera that the parameter ``camera_info_url`` names; ValueError says what is wrong and what to do."""
    path = local_path(url)
    instead = "give the YAML file that camera_calibration wrote, or fov in its place"
    try:
        return read_calibration(path)
    except OSError as error:
        raise ValueError(f"camera_info_url {url!r}: {path} cannot be read ({error.strerror}): {instead}") from error
    except ValueError as error:
        raise ValueError(f"camera_info_url {url!r}: {error}: {instead}") from error


def local_path(url: str) -> Path:
    """The file of a path, file:// or package:// URL (as camera_info_manager knows them)."""
    if url.startswith("package://"):
        package, _, rest = url.removeprefix("package://").partition("/")
        try:
            return Path(get_package_share_directory(package)) / rest
        except (PackageNotFoundError, ValueError) as error:
            raise ValueError(f"camera_info_url {url!r}: there is no package {package!r}") from error
    if "://" in url and not url.startswith("file://"):
        raise ValueError(f"camera_info_url {url!r}: give a path, file:///path or package://package/path")
    return Path(url.removeprefix("file://")).expanduser()
