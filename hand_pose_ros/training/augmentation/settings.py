"""How strongly training crops are changed. Shares are of the rows of a batch, amounts are the largest ones."""

from __future__ import annotations

from dataclasses import dataclass

from hand_pose_ros.settings import check, setting

REFLECTION, BORDER, ZEROS = BORDERS = ("reflection", "border", "zeros")


@dataclass(frozen=True)
class AugmentationSettings:
    """Colours by about 25 %, as Chernytska (section 3.3.2) and Zimmermann & Brox (hue by 0.1, contrast 0.5 to 1) do."""

    side: float = setting(1.0, "Side of the network's crop over the stored one's.", minimum=0.2, maximum=2.0)
    shift: float = setting(0.06, "Deviation of the crop's place, shares of its side.", minimum=0.0, maximum=0.5)
    scale: float = setting(0.2, "Change of the crop's side: a factor from 1 / (1 + x) to 1 + x.", minimum=0, maximum=2)
    rotation_deg: float = setting(30.0, "Rotation about the crop's middle; 180: any.", minimum=0.0, maximum=180.0)
    aligned: float = setting(
        0.0,
        "How far crops are first brought to those of tracking: upright, centred, of one size.",
        minimum=0,
        maximum=1,
    )
    aligned_side: float = setting(1.65, "Side of such a crop over the keypoints' box.", minimum=1.0, maximum=3.0)
    mirror: float = setting(0.0, "Share mirrored: the other side of the body.", minimum=0.0, maximum=1.0)
    border: str = setting(REFLECTION, "What lies beyond the stored crop.", choices=BORDERS)

    background: float = setting(0.3, "Share of cut-out hands put before another background.", minimum=0.0, maximum=1.0)
    blend: float = setting(0.3, "Share of those that keep some of the old one.", minimum=0.0, maximum=1.0)
    occlusion: float = setting(0.2, "Share with one or two patches before the hand.", minimum=0.0, maximum=1.0)
    occluder_size: float = setting(0.3, "Longest diameter of a patch, shares of the crop.", minimum=0.02, maximum=1.0)

    brightness: float = setting(0.25, "Change of brightness, a factor of 1 -+ x.", minimum=0.0, maximum=0.9)
    contrast: float = setting(0.25, "Change of contrast, a factor of 1 -+ x.", minimum=0.0, maximum=0.9)
    saturation: float = setting(0.25, "Change of saturation, a factor of 1 -+ x.", minimum=0.0, maximum=0.9)
    hue: float = setting(0.05, "Rotation of the hue, turns.", minimum=0.0, maximum=0.5)
    tint: float = setting(0.08, "Deviation of each channel's gain: white balance.", minimum=0.0, maximum=0.5)
    gamma: float = setting(0.3, "Share with another gamma.", minimum=0.0, maximum=1.0)
    gamma_range: float = setting(0.5, "Gamma is a factor from 1 / (1 + x) to 1 + x.", minimum=0.0, maximum=3.0)
    grey: float = setting(0.03, "Share without colours.", minimum=0.0, maximum=1.0)

    blur: float = setting(0.25, "Share blurred, by defocus or motion.", minimum=0.0, maximum=1.0)
    blur_px: float = setting(2.0, "Deviation or half path of the blur, pixels.", minimum=0.1, maximum=3.0)
    coarse: float = setting(0.1, "Share seen at a half or a third of the resolution.", minimum=0.0, maximum=1.0)
    noise: float = setting(0.3, "Share with noise.", minimum=0.0, maximum=1.0)
    noise_level: float = setting(0.05, "Deviation of the noise, of white.", minimum=0.0, maximum=0.5)
    jpeg: float = setting(0.1, "Share with the artefacts of JPEG.", minimum=0.0, maximum=1.0)

    def __post_init__(self):
        check(self)
