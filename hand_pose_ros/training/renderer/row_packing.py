"""Fills the rows of ``row_block`` from pictures: cameras, lights, looks; over the whole batch at once where it pays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hand_pose_ros.training.renderer.appearance import NOWHERE, Appearance, Lights, Sleeve, Thing
from hand_pose_ros.training.renderer.body_template import EYE_PART, PIECE_PARTS, SKIN_PART
from hand_pose_ros.training.renderer.placed_hand import HAND_STEP, Picture, PlacedBody, PlacedHand, nearest_capsules
from hand_pose_ros.training.renderer.projection import light_matrices, projection_matrices
from hand_pose_ros.training.renderer.row_block import CAPSULES, ROW, set_capsules, set_matrices
from hand_pose_ros.training.renderer.shaders import SLEEVE_PART, THING_PART

EVERYTHING, THING_STEP = 9.0, 0.1
SHADOW_MARGIN_M = 0.04


def packed(pictures: Sequence[Picture], size: tuple[int, int], cameras: np.ndarray, shadow_size: int, tiles: int):
    """Rows of all pictures, each picture's hands, then its things, then the pieces of its bodies.

    ``size`` (width, height) of a tile; ``cameras`` (N, 3, 3) K in tile pixels; ``tiles`` stand one above the other,
    also in the shadow map, where they are squares of ``shadow_size`` texels.
    """
    owner = np.array([k for k, p in enumerate(pictures) for _ in range(row_count(p))], int)
    rows = np.zeros(len(owner), ROW)
    views = shadow_views(pictures)
    set_matrices(rows, "projection", projection_matrices(cameras, *size)[owner])
    set_matrices(rows, "light_view", views[owner])
    focal, centre = cameras[:, (0, 1), (0, 1)], cameras[:, :2, 2]
    rows["ray"] = np.concatenate([1.0 / focal, centre], axis=1)[owner]
    rows["tile"][:, 1] = size[1] * owner
    rows["shadow"][:, 0], rows["shadow"][:, 1] = owner / tiles, 1 / tiles
    rows["shadow"][:, 2:] = 0.5 / shadow_size * np.array([1.0, 1 / tiles])
    _pack_lights(rows, [p.lights for p in pictures], owner)
    _pack_objects(rows, pictures)
    return rows


def row_count(picture: Picture) -> int:
    """How many rows a picture takes."""
    return len(picture.hands) + len(picture.things) + sum(len(body.cloths) for body in picture.bodies)


def shadow_views(pictures: Sequence[Picture]) -> np.ndarray:
    """(N, 4, 4) views of the first lights over all hands of each picture."""
    boxes = np.array([_box(picture.hands) for picture in pictures])
    low, high = boxes[:, 0], boxes[:, 1]
    radius = np.linalg.norm(high - low, axis=1) / 2 + SHADOW_MARGIN_M
    directions = np.array([p.lights.directions[0] for p in pictures])
    return light_matrices(directions, (low + high) / 2, radius)


def _box(hands: Sequence[PlacedHand]) -> np.ndarray:
    """Lowest and highest corner (2, 3) of hands' capsules; some place before the camera without hands."""
    if not hands:
        return np.array([[-0.2, -0.2, 0.5], [0.2, 0.2, 0.9]])
    ends = np.concatenate([hand.capsules[hand.capsules[:, 0, 3] > 0].reshape(-1, 4) for hand in hands])[:, :3]
    return np.stack([ends.min(axis=0), ends.max(axis=0)])


def _pack_lights(rows: np.ndarray, lights: list[Lights], owner: np.ndarray):
    exposure = np.array([light.exposure for light in lights])[:, None]
    rows["light_direction"][..., :3] = np.array([light.directions for light in lights])[owner]
    rows["light_colour"][..., :3] = (np.array([light.colours for light in lights]) * exposure[:, None])[owner]
    for name in ("sky", "ground"):
        rows[name][:, :3] = (np.array([getattr(light, name) for light in lights]) * exposure)[owner]
    rows["up"][:, :3] = np.array([light.up for light in lights])[owner]


def _pack_objects(rows: np.ndarray, pictures: Sequence[Picture]):
    number, capsules = 0, []
    for picture in pictures:
        nearby = picture.hands[0].capsules if picture.hands else np.zeros((CAPSULES, 2, 4))
        for k, hand in enumerate(picture.hands):
            _pack_hand(rows[number], hand, k * HAND_STEP)
            capsules.append(nearest_capsules(picture.hands, hand))
            number += 1
        for k, thing in enumerate(picture.things):
            _pack_thing(rows[number], thing, THING_PART + THING_STEP * k)
            capsules.append(nearby)
            number += 1
        for body in picture.bodies:
            for piece, cloth in body.cloths.items():
                _pack_piece(rows[number], body, piece, cloth)
                capsules.append(nearby)
                number += 1
    set_capsules(rows, np.array(capsules))


def _pack_hand(row: np.void, hand: PlacedHand, offset: int):
    row["bones"] = hand.matrices.reshape(-1, 4)
    row["tile"][2] = offset
    row["shown"] = (offset + 0.5, offset + SLEEVE_PART - 0.5, offset + SLEEVE_PART - 0.5, offset + SLEEVE_PART + 0.5)
    _pack_look(row, hand.appearance)
    if hand.appearance.sleeve:
        _pack_cloth(row, hand.appearance.sleeve)


def _pack_look(row: np.void, look: Appearance):
    row["tint"] = (*look.tint, look.relief)
    row["surface"] = (look.wrinkles, look.gloss, look.shine, look.veins)
    row["nail"] = (*look.nail_colour, look.nail_gloss)
    row["hem"] = (-EVERYTHING, 0.0, look.mottle, 0.0)
    row["band"], row["ring"], row["glove"] = look.bracelet, look.ring, look.glove
    row["band_colour"][:3], row["ring_colour"][:3] = look.bracelet_colour, look.ring_colour
    if look.tattoo:
        row["tattoo"] = (*look.tattoo.centre_m, 1.0 / look.tattoo.size_m, look.tattoo.picture)
        row["tattoo_colour"] = (*look.tattoo.colour, np.cos(look.tattoo.turn))


def _pack_cloth(row: np.void, cloth: Sleeve):
    row["hem"][:2] = (cloth.edge_m, cloth.thickness_m)
    row["cloth_a"][:3], row["cloth_b"][:3] = cloth.colour, cloth.second_colour
    row["pattern"][:3] = (cloth.pattern, cloth.frequency, cloth.folds)


def _pack_thing(row: np.void, thing: Thing, part: float):
    row["bones"][:3] = thing.matrix[:3]
    row["shown"] = (-1.0, -1.0, part - THING_STEP / 2, part + THING_STEP / 2)
    row["band"] = NOWHERE
    _pack_cloth(row, thing.surface)
    row["hem"][0] = EVERYTHING


def _pack_piece(row: np.void, body: PlacedBody, piece: str, cloth: Sleeve | None):
    part = PIECE_PARTS[piece]
    row["bones"][: 3 * len(body.matrices)] = body.matrices.reshape(-1, 4)
    _pack_look(row, body.skin)
    row["glove"], row["band"], row["ring"] = 0.0, NOWHERE, -1.0
    row["shown"] = (part - 0.5, (EYE_PART if part == SKIN_PART else part) + 0.5, -1.0, -1.0)
    if cloth:
        _pack_cloth(row, cloth)
        row["hem"][0] = EVERYTHING
        row["shown"] = (-1.0, -1.0, part - 0.5, part + 0.5)
