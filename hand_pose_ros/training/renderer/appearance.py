"""How a hand looks: skin texture and tone, relief, nails, sleeve, bracelet, ring, glove: plain numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

NOWHERE = (9.0, -9.0, 0.0, 0.0)


@dataclass(frozen=True)
class Sleeve:
    """Cloth around the forearm. Colours are linear RGB 0..1."""

    edge_m: float = -0.02
    """x of the hem in the hand frame, metres; the wrist is 0 and the elbow about -0.22."""
    thickness_m: float = 0.006
    colour: tuple[float, float, float] = (0.1, 0.15, 0.3)
    second_colour: tuple[float, float, float] = (0.5, 0.5, 0.5)
    pattern: int = 0
    """0 plain, 1 stripes around, 2 checks."""
    frequency: float = 60.0
    folds: float = 0.5


@dataclass(frozen=True)
class Tattoo:
    """Ink on the back of the hand or around the forearm."""

    picture: int
    """0-15 of ``tattoos.tattoo_sheet``."""
    centre_m: tuple[float, float]
    """x and, on the hand, y in the hand frame; on the forearm (x below -0.02) 0.03 times the angle around it."""
    size_m: float
    turn: float
    """0 to pi."""
    colour: tuple[float, float, float]


@dataclass(frozen=True)
class Appearance:
    """Everything about a hand's surface that is not its shape."""

    skin: int = 0
    """Number of the skin texture in the MakeHuman folder."""
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)
    relief: float = 0.35
    wrinkles: float = 0.6
    gloss: float = 14.0
    shine: float = 1.0
    nail_colour: tuple[float, float, float] = (1.05, 0.92, 0.92)
    nail_gloss: float = 60.0
    veins: float = 0.3
    mottle: float = 0.25
    sleeve: Sleeve | None = None
    bracelet: tuple[float, float, float, float] = NOWHERE
    """x from, x to, thickness in metres."""
    bracelet_colour: tuple[float, float, float] = (0.02, 0.02, 0.02)
    ring: tuple[float, float, float, float] = (-1.0, 0.0, 0.0, 0.0)
    """Segment number, from, to along the finger."""
    ring_colour: tuple[float, float, float] = (1.0, 0.8, 0.4)
    glove: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    """Linear RGB and 1 if a glove is worn."""
    tattoo: Tattoo | None = None


@dataclass(frozen=True)
class Thing:
    """A held or occluding object in the camera frame."""

    kind: str
    """One of ``primitives.KINDS``."""
    matrix: np.ndarray
    """(4, 4) from the primitive of half-size 1 to the camera frame, metres."""
    surface: Sleeve
    """Its colours, pattern and bumps; edge and thickness mean nothing here."""


@dataclass(frozen=True)
class Lights:
    """Up to three distant lights and a hemisphere, camera optical frame, linear RGB. The first light casts shadows."""

    directions: np.ndarray
    """(3, 3) unit vectors towards the lights."""
    colours: np.ndarray
    """(3, 3)"""
    sky: tuple[float, float, float] = (0.35, 0.37, 0.40)
    ground: tuple[float, float, float] = (0.18, 0.16, 0.14)
    up: tuple[float, float, float] = (0.0, -1.0, 0.0)
    exposure: float = 1.0
    shadows: bool = True
    """Whether the first light casts shadows; a large soft light hardly does."""
