"""What camera_node can be told."""

from __future__ import annotations

from dataclasses import dataclass

from hand_pose_ros.settings import setting


@dataclass(frozen=True)
class CameraSettings:
    """Parameters of camera_node."""

    source: str = setting(
        "", "Video file, folder of images or webcam (/dev/video*, or its number in quotes).", runtime=False
    )
    loop: bool = setting(False, "Play a file or folder again and again.")
    rate: float = setting(0.0, "Images per second; 0: the source's own.", minimum=0.0, maximum=1000.0)
    frame_id: str = setting("camera_optical_frame", "Optical frame of the images (x right, y down, z forward).")
    camera_info_url: str = setting(
        "", "Calibration: YAML file as camera_calibration writes it; a path, file:// or package:// URL.", runtime=False
    )
    fov: float = setting(
        0.0, "Horizontal field of view in degrees where there is no calibration file; 0: unknown, so no metres.",
        minimum=0.0, maximum=175.0, runtime=False,
    )  # fmt: skip
    width: int = setting(0, "Resize to this width, pixels; 0: as it is.", minimum=0, maximum=16384, runtime=False)
    height: int = setting(0, "Resize to this height, pixels; 0: as it is.", minimum=0, maximum=16384, runtime=False)
    jpeg_quality: int = setting(90, "Quality of image/compressed.", minimum=1, maximum=100)
    publish_clock: bool = setting(
        False, "Publish /clock and stamp from it: each image is one period of the source later, however fast it plays.",
        runtime=False,
    )  # fmt: skip
    wait_for_subscribers: int = setting(
        0, "Do not start before the image has this many subscribers.", minimum=0, maximum=100, runtime=False
    )
    start_delay: float = setting(
        0.0, "Seconds to wait before the first image, after the subscribers came.", minimum=0.0, maximum=600.0,
        runtime=False,
    )  # fmt: skip
    wait_for_hands: bool = setting(
        False, "Send no image before the hands of the last one came (or 3 s passed): slow machines drop nothing.",
        runtime=False,
    )  # fmt: skip
    exit_at_end: bool = setting(True, "End the process at the end of the source; false: stay, with end_of_stream set.")
