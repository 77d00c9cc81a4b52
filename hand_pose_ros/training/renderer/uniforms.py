"""Handing values to OpenGL programs: attributes by name, uniforms by name, each only where the program has it."""

from __future__ import annotations

import numpy as np

from hand_pose_ros.training.renderer.appearance import Appearance, Lights, Sleeve
from hand_pose_ros.training.renderer.placed_hand import PlacedHand
from hand_pose_ros.training.renderer.shaders import CAPSULES


def named_buffer(program, buffer, layout: str, names: tuple[str, ...]):
    """Description of an interleaved buffer for a vertex array, skipping what ``program`` does not use; None if all."""
    parts = [
        (fmt, name) if name in program else (f"{fmt[0]}x4", None)
        for fmt, name in zip(layout.split(), names, strict=True)
    ]
    used = [name for _, name in parts if name]
    return (buffer, " ".join(fmt for fmt, _ in parts), *used) if used else None


def set_uniforms(program, values: dict):
    """Write the uniforms that ``program`` has; matrices (..., 4, 4) are transposed to OpenGL's column order."""
    if program.extra is None:  # looking a name up in the program itself walks through all of them
        program.extra = {name: program[name] for name in program}
    for name, value in values.items():
        uniform = program.extra.get(name)
        if uniform is None:
            continue
        if isinstance(value, (int, float)):
            uniform.value = value
        else:
            array = np.asarray(value, np.float32)
            array = np.swapaxes(array, -1, -2) if array.shape[-2:] == (4, 4) else array
            uniform.write(np.ascontiguousarray(array).tobytes())


def skin_values(look: Appearance) -> dict:
    """Uniforms of the skin shader."""
    return {
        "tint": look.tint, "relief": look.relief, "wrinkles": look.wrinkles, "gloss": look.gloss, "shine": look.shine,
        "nail_colour": look.nail_colour, "nail_gloss": look.nail_gloss, "vein": look.veins, "mottle": look.mottle,
        "band": look.bracelet, "band_colour": look.bracelet_colour, "ring": look.ring, "ring_colour": look.ring_colour,
        "glove": look.glove, "cuff": look.sleeve.edge_m if look.sleeve else -9.0,
    }  # fmt: skip


def sleeve_values(sleeve: Sleeve) -> dict:
    """Uniforms of the sleeve shader."""
    return {
        "cut": sleeve.edge_m, "cloth_a": sleeve.colour, "cloth_b": sleeve.second_colour,
        "pattern": (float(sleeve.pattern), sleeve.frequency, sleeve.folds),
    }  # fmt: skip


def light_values(lights: Lights, view: np.ndarray, capsules: np.ndarray) -> dict:
    """Uniforms of lights, shadow map and occlusion; ``capsules`` (24, 2, 4)."""
    return {
        "light_direction": lights.directions, "light_colour": lights.colours, "sky": lights.sky,
        "ground": lights.ground, "up": lights.up, "exposure": lights.exposure, "light_projection": view,
        "capsule_count": int((capsules[:CAPSULES, 0, 3] > 0).sum()), "capsule_a": capsules[:CAPSULES, 0],
        "capsule_b": capsules[:CAPSULES, 1],
    }  # fmt: skip


def nearest_capsules(hands: list[PlacedHand], hand: PlacedHand) -> np.ndarray:
    """The 24 capsules (24, 2, 4) of all hands that lie nearest to one hand's middle: its own, then the others'."""
    if len(hands) == 1:
        return hand.capsules
    capsules = np.concatenate([other.capsules for other in hands])
    used = hand.capsules[:, 0, 3] > 0
    centre = hand.capsules[used][..., :3].mean(axis=(0, 1))
    distance = np.linalg.norm(capsules[:, 0, :3] - centre, axis=1)
    return capsules[np.argsort(np.where(capsules[:, 0, 3] > 0, distance, np.inf))][:CAPSULES]
