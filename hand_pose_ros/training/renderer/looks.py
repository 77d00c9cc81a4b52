"""Random looks: skins, sleeves, jewellery, gloves, lights."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hand_pose_ros.training.renderer.appearance import NOWHERE, Appearance, Lights, Sleeve

GLOVE_SHARE, SLEEVE_SHARE, BRACELET_SHARE, RING_SHARE = 0.03, 0.6, 0.15, 0.2


def random_colour(generator: np.random.Generator) -> tuple[float, ...]:
    """A linear RGB colour, more often dull than bright."""
    grey = generator.uniform(0.01, 0.8) ** 1.5
    return tuple(np.clip(grey * np.exp(generator.normal(0, 0.45, 3)), 0.004, 0.95))


def random_cloth(generator: np.random.Generator) -> Sleeve:
    """Cloth anywhere between the wrist and the elbow."""
    return Sleeve(
        edge_m=float(generator.choice([generator.uniform(-0.05, 0.012), generator.uniform(-0.18, -0.05)])),
        thickness_m=float(generator.uniform(0.003, 0.011)),
        colour=random_colour(generator),
        second_colour=random_colour(generator),
        pattern=int(generator.choice(3, p=[0.6, 0.25, 0.15])),
        frequency=float(np.exp(generator.uniform(np.log(30), np.log(250)))),
        folds=float(generator.uniform(0.1, 0.9)),
    )


def random_appearance(generator: np.random.Generator, skins: Sequence[int]) -> Appearance:
    """One person's skin, a number out of ``skins``, and what is worn."""
    tone = np.exp(generator.normal(0, 0.12) + generator.normal(0, 0.05, 3))
    return Appearance(
        skin=int(skins[generator.integers(len(skins))]),
        tint=tuple(tone),
        relief=float(generator.uniform(0.1, 0.7)),
        wrinkles=float(generator.uniform(0.2, 1.0)),
        gloss=float(generator.uniform(6, 30)),
        shine=float(generator.gamma(2.0, 0.4)),
        nail_colour=_nails(generator),
        nail_gloss=float(generator.uniform(20, 120)),
        veins=float(generator.uniform(0, 0.7)),
        mottle=float(generator.uniform(0.05, 0.5)),
        sleeve=random_cloth(generator) if generator.random() < SLEEVE_SHARE else None,
        **_worn(generator),
    )


def _nails(generator) -> tuple[float, ...]:
    if generator.random() < 0.12:  # varnish
        return tuple(generator.uniform(0.1, 1.6, 3))
    return tuple(np.array([1.05, 0.92, 0.92]) * np.exp(generator.normal(0, 0.06, 3)))


def _worn(generator) -> dict:
    worn = {}
    if generator.random() < BRACELET_SHARE:
        start = generator.uniform(-0.05, -0.015)
        width, thickness = generator.uniform(0.004, 0.03), generator.uniform(0.001, 0.005)
        worn |= {"bracelet": (start - width, start, thickness, 0.0), "bracelet_colour": random_colour(generator)}
    if generator.random() < RING_SHARE:
        finger, start = generator.choice([5, 8, 11, 11, 14]), generator.uniform(0.35, 0.6)
        metal = [(1.0, 0.78, 0.34), (0.9, 0.9, 0.92), (0.95, 0.65, 0.5)][generator.integers(3)]
        worn |= {"ring": (float(finger), start, start + generator.uniform(0.08, 0.2), 0.0), "ring_colour": metal}
    if generator.random() < GLOVE_SHARE:
        worn |= {"glove": (*random_colour(generator), 1.0), "ring": (-1.0, 0, 0, 0), "bracelet": NOWHERE}
    return worn


def random_lights(generator: np.random.Generator) -> Lights:
    """A key light mostly from above and before the hand, two weaker ones from anywhere, a hemisphere, an exposure."""
    directions = generator.normal(size=(3, 3)) + np.array([[0, -0.7, -0.7], [0, -0.2, -0.4], [0, 0, 0.2]])
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    warmth = np.exp(generator.normal(0, 0.12, (3, 1)) * np.array([1.0, 0.0, -1.0]))
    strength = np.array([generator.uniform(0.2, 1.8), generator.uniform(0, 0.7), generator.uniform(0, 0.5)])
    fill = generator.uniform(0.12, 0.6)
    sky = fill * np.exp(generator.normal(0, 0.12, 3))
    total = 0.6 * strength[0] + 0.3 * strength[1] + fill
    exposure = generator.uniform(0.5, 1.1) / max(total, 0.35)
    return Lights(
        directions, strength[:, None] * warmth, tuple(sky), tuple(sky * generator.uniform(0.3, 1.0)),
        exposure=float(exposure), shadows=bool(0.6 * strength[0] > 0.4 * total),
    )  # fmt: skip
