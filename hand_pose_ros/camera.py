"""Pinhole and fisheye cameras: metres in the camera optical frame to raw pixels and back.

Image-plane points are complex numbers x + iy here, which makes each distortion model and its Jacobian one line.
Formulas: OpenCV's documentation of calib3d (rational model of Claus and Fitzgibbon 2005 with Brown's tangential terms,
``plumb_bob`` being its special case) and of cv2.fisheye (Kannala and Brandt 2006, ``equidistant``); REP 104 names them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hand_pose_ros.lens import Lens

_SMALLEST_FOCAL, _LARGEST_FOCAL = 0.02, 500.0  # in longer image sides: 175 degrees of view down to 0.1 degrees


@dataclass(frozen=True, eq=False)
class CameraModel:
    """A calibrated camera. Frame: camera optical (x right, y down, z forward), metres. Pixels: raw image, the centre
    of the top-left pixel is (0, 0).

    ``matrix`` is (3, 3) with pixels as unit; ``distortion`` holds up to 5 (``plumb_bob``: k1 k2 p1 p2 k3), 8
    (``rational_polynomial``: k1 k2 p1 p2 k3 k4 k5 k6) or 4 (``equidistant``: k1 k2 k3 k4) coefficients.
    Raises ValueError on a matrix or coefficients that no camera has: uncalibrated drivers send zeros or ones.
    """

    width: int
    height: int
    matrix: np.ndarray
    distortion: tuple[float, ...] = ()
    distortion_model: str = "plumb_bob"

    def __post_init__(self):
        matrix = np.array(self.matrix, dtype=np.float64)
        matrix = matrix.reshape(3, 3) if matrix.size == 9 else matrix
        _check_size(self.width, self.height)
        _check_matrix(matrix, max(self.width, self.height))
        matrix.setflags(write=False)
        lens = Lens.of(self.distortion_model, self.distortion)
        for name, value in (
            ("width", int(self.width)),
            ("height", int(self.height)),
            ("matrix", matrix),
            ("distortion", tuple(float(value) for value in np.ravel(self.distortion))),
            ("distortion_model", lens.model),
            ("_lens", lens),
        ):
            object.__setattr__(self, name, value)

    def __eq__(self, other):
        return isinstance(other, CameraModel) and self._key() == other._key()

    def __hash__(self):
        return hash(self._key())

    def _key(self):
        return self.width, self.height, tuple(self.matrix.ravel()), self.distortion, self.distortion_model

    @classmethod
    def from_fov(cls, width: int, height: int, fov_deg: float) -> CameraModel:
        """An ideal camera with square pixels and a horizontal field of view of ``fov_deg`` degrees (0 to 175)."""
        if not 0.0 < fov_deg <= 175.0:
            raise ValueError(f"field of view {fov_deg} degrees: give a horizontal angle above 0 and up to 175")
        focal = width / 2.0 / np.tan(np.deg2rad(fov_deg) / 2.0)
        return cls.from_intrinsics(width, height, (focal, focal, (width - 1) / 2.0, (height - 1) / 2.0))

    @classmethod
    def from_intrinsics(cls, width: int, height: int, intrinsics) -> CameraModel:
        """A camera without distortion from (fx, fy, cx, cy) in pixels."""
        fx, fy, cx, cy = (float(value) for value in intrinsics)
        return cls(width, height, np.array([[fx, 0.0, cx], [0.0, fy, cy], [0.0, 0.0, 1.0]]))

    @property
    def intrinsics(self) -> tuple[float, float, float, float]:
        """(fx, fy, cx, cy) in pixels."""
        return self.matrix[0, 0], self.matrix[1, 1], self.matrix[0, 2], self.matrix[1, 2]

    @property
    def coefficients(self) -> tuple[float, ...]:
        """All distortion coefficients of the model, zeros for those that were not given."""
        return self._lens.coefficients

    def resized(self, width: int, height: int) -> CameraModel:
        """The camera of the same picture resized to ``width`` x ``height`` pixels."""
        return self._with(width, height, width / self.width, height / self.height, 0.0, 0.0)

    def windowed(self, x_offset=0, y_offset=0, width=0, height=0, binning_x=1, binning_y=1) -> CameraModel:
        """The camera of a window of the picture, binned afterwards: ROS CameraInfo's ``roi`` and ``binning_*``.

        Offsets and sizes are in pixels of the full picture; zero sizes and binnings mean "all" and "none", as in ROS.
        """
        width, height = width or self.width - x_offset, height or self.height - y_offset
        if min(x_offset, y_offset) < 0 or x_offset + width > self.width or y_offset + height > self.height:
            raise ValueError(
                f"window {width} x {height} at ({x_offset}, {y_offset}) leaves the {self.width} x {self.height} image"
            )
        binning_x, binning_y = binning_x or 1, binning_y or 1
        return self._with(width // binning_x, height // binning_y, 1 / binning_x, 1 / binning_y, x_offset, y_offset)

    def _with(self, width, height, scale_x, scale_y, x_offset, y_offset) -> CameraModel:
        # Pixel centres are integers, so scaling happens about the corner (-0.5, -0.5) of the picture.
        fx, fy, cx, cy = self.intrinsics
        cx, cy = (cx - x_offset + 0.5) * scale_x - 0.5, (cy - y_offset + 0.5) * scale_y - 0.5
        matrix = np.array([[fx * scale_x, 0.0, cx], [0.0, fy * scale_y, cy], [0.0, 0.0, 1.0]])
        return CameraModel(width, height, matrix, self.distortion, self.distortion_model)

    def project(self, points_m: np.ndarray) -> np.ndarray:
        """Points (..., 3) in metres to raw pixels (..., 2).

        NaN for points at or behind the camera and for those outside the field in which the lens model is one-to-one:
        beyond it a polynomial folds back into the picture and would place things where they cannot be seen.
        """
        points = np.asarray(points_m, dtype=np.float64)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            plane = points[..., 0] / points[..., 2] + 1j * (points[..., 1] / points[..., 2])
            plane = np.where(points[..., 2] > 0.0, plane, complex(np.nan, np.nan))
            image = self._lens.distort(plane)
        fx, fy, cx, cy = self.intrinsics
        return np.stack([image.real * fx + cx, image.imag * fy + cy], axis=-1)

    def unproject(self, pixels: np.ndarray) -> np.ndarray:
        """Raw pixels (..., 2) to rays (..., 3) with z = 1; NaN where the lens model has no inverse."""
        pixels = np.asarray(pixels, dtype=np.float64)
        fx, fy, cx, cy = self.intrinsics
        image = (pixels[..., 0] - cx) / fx + 1j * ((pixels[..., 1] - cy) / fy)
        plane = self._lens.undistort(image)
        return np.stack([plane.real, plane.imag, np.where(np.isnan(plane), np.nan, 1.0)], axis=-1)

    def pixels_per_unit(self, rays: np.ndarray) -> np.ndarray:
        """Local magnification (...,) at rays (..., 3): pixels per unit of x/z, y/z (geometric mean of both axes).

        It is the focal length for an ideal camera and turns pixel deviations into deviations of rays.
        """
        rays = np.asarray(rays, dtype=np.float64)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            plane = rays[..., 0] / rays[..., 2] + 1j * (rays[..., 1] / rays[..., 2])
            determinant = self._lens.determinant(plane)
        fx, fy, _, _ = self.intrinsics
        return np.sqrt(fx * fy * np.abs(determinant))


def _check_size(width, height):
    if not (width == int(width) and height == int(height) and width > 0 and height > 0):
        raise ValueError(f"image size {width} x {height}: give positive whole numbers of pixels")


def _check_matrix(matrix, longer_side):
    if matrix.shape != (3, 3):
        raise ValueError(f"camera matrix of shape {matrix.shape}: give (3, 3)")
    if not np.isfinite(matrix).all():
        raise ValueError(f"camera matrix holds non-finite numbers: {matrix.tolist()}; calibrate the camera")
    fx, fy, cx, cy = matrix[0, 0], matrix[1, 1], matrix[0, 2], matrix[1, 2]
    low, high = _SMALLEST_FOCAL * longer_side, _LARGEST_FOCAL * longer_side
    if not (low <= fx <= high and low <= fy <= high and 0.1 <= fx / fy <= 10.0):
        raise ValueError(
            f"focal lengths fx = {fx}, fy = {fy} px: expected {low:g} to {high:g} px for an image of {longer_side} px; "
            "calibrate the camera (zeros mean an uncalibrated one)"
        )
    if max(abs(cx), abs(cy)) > high:
        raise ValueError(f"principal point ({cx}, {cy}) px is absurd for an image of {longer_side} px")
    if abs(matrix[0, 1]) > 1e-6 * fx or matrix[1, 0] or not np.array_equal(matrix[2], (0.0, 0.0, 1.0)):
        raise ValueError(f"camera matrix {matrix.tolist()}: give [[fx, 0, cx], [0, fy, cy], [0, 0, 1]]")
