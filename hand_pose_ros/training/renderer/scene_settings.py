"""What random scenes show and how often."""

from __future__ import annotations

from dataclasses import dataclass, field

from hand_pose_ros.settings import setting
from hand_pose_ros.training.renderer.viewpoint import ViewSettings
from hand_pose_ros.training.split import ALL, SPLITS


@dataclass(frozen=True)
class SceneSettings:
    """What the crops show, as shares of all crops."""

    left: float = setting(0.5, "Left hands.", minimum=0.0, maximum=1.0)
    second_hand: float = setting(0.10, "Crops with a second hand nearby.", minimum=0.0, maximum=1.0)
    held: float = setting(0.10, "Crops with an object in the hand.", minimum=0.0, maximum=1.0)
    occluder: float = setting(0.10, "Crops with an object before the hand.", minimum=0.0, maximum=1.0)
    person: float = setting(0.15, "Crops with the hand's person, where one can stand.", minimum=0.0, maximum=1.0)
    empty: float = setting(0.06, "Crops without a hand: background, arm, face or foot.", minimum=0.0, maximum=1.0)
    split: str = setting(ALL, "Which skins and named poses (training/split.py).", choices=SPLITS)
    view: ViewSettings = field(default_factory=ViewSettings)
