"""CameraInfo messages to camera models and back (REP 104: ``k`` is of the full picture; binning, roi apply to it)."""

from __future__ import annotations

from sensor_msgs.msg import CameraInfo

from hand_pose_ros.camera import CameraModel

_SAME_ASPECT = 0.01  # relative difference of the two scales up to which an image counts as a resized one


def camera_from_info(message: CameraInfo) -> CameraModel:
    """Camera model of the image that a CameraInfo describes, window and binning applied; ValueError says what is wrong.

    Zero or non-finite ``k``, unknown distortion models and windows outside the picture are refused.
    """
    if not any(message.k):
        raise ValueError("camera_info's k is all zeros: the camera is not calibrated; calibrate it for metric output")
    if not (message.width and message.height):
        raise ValueError(f"camera_info of {message.width} x {message.height} pixels: fill in width and height")
    model = CameraModel(message.width, message.height, message.k, tuple(message.d), message.distortion_model)
    roi = message.roi
    # Many drivers leave roi at its full size; windowed() treats 0 as "all".
    return model.windowed(roi.x_offset, roi.y_offset, roi.width, roi.height, message.binning_x, message.binning_y)


def fit_to_image(model: CameraModel, width: int, height: int) -> tuple[CameraModel, str]:
    """The model for an image of ``width`` x ``height`` pixels, and a warning ("" if it fits as it is).

    A picture resized as a whole keeps its calibration up to scale; another aspect ratio means that it was cropped by an
    unknown window, and ValueError says so: metres from a wrong principal point would be invented.
    """
    if (model.width, model.height) == (width, height):
        return model, ""
    scale_x, scale_y = width / model.width, height / model.height
    if abs(scale_x / scale_y - 1.0) > _SAME_ASPECT:
        raise ValueError(
            f"camera_info describes {model.width} x {model.height} pixels, the image has {width} x {height}: another "
            "aspect ratio, so it was cropped; publish the camera_info of this image (roi filled in)"
        )
    sizes = f"camera_info describes {model.width} x {model.height} pixels, the image has {width} x {height}"
    return model.resized(width, height), f"{sizes}: scaled by {scale_x:g}"


def info_key(message: CameraInfo) -> tuple:
    """What makes two CameraInfo messages the same camera: everything but the header."""
    roi = message.roi
    window = (roi.x_offset, roi.y_offset, roi.width, roi.height, message.binning_x, message.binning_y)
    return message.width, message.height, message.distortion_model, message.k.tobytes(), tuple(message.d), window


def info_from_camera(model: CameraModel, header) -> CameraInfo:
    """CameraInfo of a camera model (rectification: none; ``p`` = ``k``)."""
    fx, fy, cx, cy = (float(value) for value in model.intrinsics)
    message = CameraInfo(header=header, width=model.width, height=model.height)
    message.distortion_model = model.distortion_model
    counts = {"plumb_bob": 5, "rational_polynomial": 8, "equidistant": 4}
    message.d = [*model.distortion, *[0.0] * counts[model.distortion_model]][: counts[model.distortion_model]]
    message.k = [fx, 0.0, cx, 0.0, fy, cy, 0.0, 0.0, 1.0]
    message.r = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
    message.p = [fx, 0.0, cx, 0.0, 0.0, fy, cy, 0.0, 0.0, 0.0, 1.0, 0.0]
    return message
