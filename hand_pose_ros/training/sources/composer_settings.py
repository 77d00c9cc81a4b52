"""What the localiser's training images show, and how often."""

from __future__ import annotations

from dataclasses import dataclass

from hand_pose_ros.settings import check, setting


@dataclass(frozen=True)
class ComposerSettings:
    """Shares of what ``FrameComposer`` draws; the composer block of a configuration."""

    photograph: float = setting(0.4, "Images that begin with a photograph.", minimum=0.0, maximum=1.0)
    background: float = setting(0.2, "Images that begin with a picture without hands.", minimum=0.0, maximum=1.0)
    patches: float = setting(0.35, "Share of frames and photographs with patches.", minimum=0.0, maximum=1.0)
    erased: float = setting(0.15, "Hands that are erased.", minimum=0.0, maximum=1.0)
    empty_patch: float = setting(0.25, "Patches without a hand.", minimum=0.0, maximum=1.0)
    cut_out: float = setting(0.45, "Hands of patches that are rendered and cut out.", minimum=0.0, maximum=1.0)
    real_patch: float = setting(0.8, "Other patches that are photographs.", minimum=0.0, maximum=1.0)
    smallest: float = setting(0.07, "Smallest hand of a patch, share of the image.", minimum=0.01, maximum=1.0)
    largest: float = setting(0.6, "Largest hand of a patch, share of the image.", minimum=0.05, maximum=2.0)
    any_roll: float = setting(0.12, "Pictures that are turned by any angle.", minimum=0.0, maximum=1.0)
    roll_deg: float = setting(12.0, "Deviation of the others' angle, degrees.", minimum=0.0, maximum=180.0)
    bare: float = setting(0.15, "Pictures without hands on which nothing is laid.", minimum=0.0, maximum=1.0)
    pool: int = setting(96, "Background pictures at a time.", minimum=4, maximum=16384)
    files: float = setting(0.5, "Of them from files, the others are drawn.", minimum=0.0, maximum=1.0)
    persons: float = setting(0.5, "Rendered images that show persons, where there are such.", minimum=0.0, maximum=1.0)
    exposed: float = setting(0.35, "Images that a poorer camera saw.", minimum=0.0, maximum=1.0)

    def __post_init__(self):
        check(self)
