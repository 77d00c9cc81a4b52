"""Settings of ``hand_pose_node`` itself; those of the estimator, tracker and filters are declared beside them."""

from __future__ import annotations

from dataclasses import dataclass

from hand_pose_ros.hand import HandScale
from hand_pose_ros.hand_scale import POPULATION_PRIOR, HandScales
from hand_pose_ros.networks.model_card import DEFAULT_MODEL
from hand_pose_ros.settings import check, setting

RAW, COMPRESSED, AUTO = "raw", "compressed", "auto"


@dataclass(frozen=True)
class NodeSettings:
    """What the perception node reads from ROS parameters."""

    model: str = setting(
        DEFAULT_MODEL, "Name of the model: a card in models/ (list: hand_pose_ros models list).", runtime=False
    )
    models_dir: str = setting("", "Folder of model cards; empty: the package's own models/.", runtime=False)
    device: str = setting(
        "auto", "Where the networks run: auto (CUDA if there is one), cpu, cuda or cuda:N.", runtime=False
    )
    threads: int = setting(
        0, "CPU threads of the networks; 0: the runtime's default.", minimum=0, maximum=256, runtime=False
    )
    half: bool = setting(False, "Half-precision weights (CUDA only).", runtime=False)
    cameras: tuple[str, ...] = setting(
        (),
        "Names of several cameras, each with its topics <name>/image, <name>/camera_info and <name>/hands, worked on "
        "in one batch. Empty: one camera on image, camera_info and hands.",
        runtime=False,
    )
    image_transport: str = setting(
        AUTO,
        "raw: <image>; compressed: <image>/compressed; auto: raw, unless only the compressed topic has a publisher.",
        choices=(RAW, COMPRESSED, AUTO),
        runtime=False,
    )
    mirrored: bool = setting(
        False,
        "All images are mirrored (selfie view): they are turned back before, keypoints are mirrored after.",
        runtime=False,
    )
    mirrored_cameras: tuple[str, ...] = setting((), "Names of the cameras whose images are mirrored.", runtime=False)
    hand_scale_m: float = setting(
        0.0,
        "Length from wrist to middle MCP joint of the user's hands, metres, 0.02 to 0.2; 0: population mean. Sets both "
        "hands; the services set one side. A 10 % error here is a 10 % error in depth.",
        minimum=0.0,
        maximum=0.2,
    )
    hand_scale_stddev_m: float = setting(0.003, "1-sigma deviation of hand_scale_m, metres.", minimum=0.0, maximum=0.1)
    max_age_s: float = setting(
        0.5,
        "An image older than this by the node's clock when its turn comes is dropped and counted, seconds; 0: never.",
        minimum=0.0,
        maximum=60.0,
    )
    publish_tf: bool = setting(True, "Send valid, metric hands of the present image on /tf.")
    publish_joint_frames: bool = setting(True, "Send the 20 joints below each wrist on /tf, too.")
    tf_prefix: str = setting("", "Put before every TF frame this node sends, for example robot1/.")
    lazy: bool = setting(
        False, "Subscribe to the cameras only while someone subscribes to hands (a listener to /tf does not count)."
    )
    autostart: bool = setting(False, "Configure and activate at the start, without a lifecycle manager.", runtime=False)

    def __post_init__(self):
        check(self)
        if 0.0 < self.hand_scale_m < 0.02:
            raise ValueError(f"hand_scale_m is {self.hand_scale_m}: give 0.02 to 0.2 metres, or 0 (population mean)")
        unknown = set(self.mirrored_cameras) - set(self.cameras)
        if unknown:
            raise ValueError(f"mirrored_cameras names {sorted(unknown)}: not in cameras {list(self.cameras)}")
        if len(set(self.cameras)) < len(self.cameras):
            raise ValueError(f"cameras is {list(self.cameras)}: give each name once")

    def scales(self) -> HandScales:
        """The scale of both hands that the parameters ask for."""
        if not self.hand_scale_m:
            return HandScales(POPULATION_PRIOR, POPULATION_PRIOR)
        scale = HandScale(self.hand_scale_m, self.hand_scale_stddev_m, "user")
        return HandScales(scale, scale)

    def of_model(self) -> tuple:
        """What cannot change without loading the networks again."""
        return self.model, self.models_dir, self.device, self.threads, self.half

    def of_cameras(self) -> tuple:
        """What cannot change without new topics."""
        return self.cameras, self.mirrored, self.mirrored_cameras

    def is_mirrored(self, camera: str) -> bool:
        """True if this camera's images are mirrored."""
        return self.mirrored or camera in self.mirrored_cameras
