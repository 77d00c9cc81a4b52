"""Random looks: skins, tattoos, sleeves, jewellery, gloves, lights; in batches: single draws cost more than pixels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hand_pose_ros.training.renderer.appearance import NOWHERE, Appearance, Lights, Sleeve, Tattoo

GLOVE_SHARE, SLEEVE_SHARE, BRACELET_SHARE, RING_SHARE, TATTOO_SHARE = 0.03, 0.6, 0.15, 0.2, 0.08
METALS = ((1.0, 0.78, 0.34), (0.9, 0.9, 0.92), (0.95, 0.65, 0.5))
RING_FINGERS = (5, 8, 11, 11, 14)


def random_colours(generator: np.random.Generator, count: int) -> np.ndarray:
    """Linear RGB colours (count, 3), more often dull than bright."""
    grey = generator.uniform(0.01, 0.8, (count, 1)) ** 1.5
    return np.clip(grey * np.exp(generator.normal(0, 0.45, (count, 3))), 0.004, 0.95)


def random_cloths(generator: np.random.Generator, count: int) -> list[Sleeve]:
    """Cloths that end anywhere between the wrist and the elbow."""
    near, far = generator.uniform(-0.05, 0.012, count), generator.uniform(-0.18, -0.05, count)
    columns = (
        np.where(generator.random(count) < 0.5, near, far), generator.uniform(0.003, 0.011, count),
        map(tuple, random_colours(generator, count).tolist()), map(tuple, random_colours(generator, count).tolist()),
        generator.choice(3, size=count, p=[0.6, 0.25, 0.15]),
        np.exp(generator.uniform(np.log(30), np.log(250), count)), generator.uniform(0.1, 0.9, count),
    )  # fmt: skip
    return [Sleeve(*values) for values in zip(*map(listed, columns), strict=True)]


def listed(column) -> list:
    """Plain Python numbers of an array: they are read many times."""
    return column.tolist() if isinstance(column, np.ndarray) else list(column)


def random_appearances(generator: np.random.Generator, skins: Sequence[int], count: int) -> list[Appearance]:
    """Persons' skins, numbers out of ``skins``, and what they wear."""
    uniform = generator.uniform
    tone = np.exp(generator.normal(0, 0.12, (count, 1)) + generator.normal(0, 0.05, (count, 3)))
    columns = {
        "skin": np.asarray(skins)[generator.integers(len(skins), size=count)], "tint": _tuples(tone),
        "relief": uniform(0.1, 0.7, count), "wrinkles": uniform(0.2, 1.0, count), "gloss": uniform(6, 30, count),
        "shine": generator.gamma(2.0, 0.4, count), "nail_colour": _tuples(_nails(generator, count)),
        "nail_gloss": uniform(20, 120, count), "veins": uniform(0, 0.7, count), "mottle": uniform(0.1, 0.5, count),
    }  # fmt: skip
    sleeves, tattoos = random_cloths(generator, count), _tattoos(generator, count)
    dressed, marked = generator.random(count) < SLEEVE_SHARE, generator.random(count) < TATTOO_SHARE
    columns["sleeve"] = [sleeve if own else None for sleeve, own in zip(sleeves, dressed, strict=True)]
    columns["tattoo"] = [tattoo if own else None for tattoo, own in zip(tattoos, marked, strict=True)]
    columns = {name: listed(column) for name, column in columns.items()} | _worn(generator, count)
    return [Appearance(**dict(zip(columns, row, strict=True))) for row in zip(*columns.values(), strict=True)]


def _tuples(rows: np.ndarray) -> list[tuple]:
    return list(map(tuple, rows.tolist()))


def _nails(generator, count: int) -> np.ndarray:
    """Most nails are bare, some are varnished: factors (count, 3) on the skin's colour."""
    bare = np.array([1.05, 0.92, 0.92]) * np.exp(generator.normal(0, 0.06, (count, 3)))
    varnish = np.clip(3.0 * random_colours(generator, count), 0.05, 4.0)
    return np.where(generator.random((count, 1)) < 0.15, varnish, bare)


def _tattoos(generator, count: int) -> list[Tattoo]:
    on_hand = generator.random(count) < 0.5
    x = np.where(on_hand, generator.uniform(0.02, 0.09, count), generator.uniform(-0.2, -0.05, count))
    y = np.where(on_hand, generator.normal(0, 0.015, count), 0.03 * generator.uniform(-2.5, 2.5, count))
    columns = (
        generator.integers(16, size=count), np.stack([x, y], axis=1), generator.uniform(0.03, 0.12, count),
        generator.uniform(0, np.pi, count), np.exp(generator.normal(-2.6, 0.5, (count, 3))),
    )  # fmt: skip
    return [Tattoo(*values) for values in zip(*map(listed, columns), strict=True)]


def _worn(generator, count: int) -> dict[str, list]:
    """Bracelets, rings, gloves: nobody wears rings over gloves."""
    glove, bracelet, ring = (generator.random(count) < share for share in (GLOVE_SHARE, BRACELET_SHARE, RING_SHARE))
    start, width = generator.uniform(-0.05, -0.015, count), generator.uniform(0.004, 0.03, count)
    bracelets = np.stack([start - width, start, generator.uniform(0.001, 0.005, count), 0 * start], axis=1)
    along = generator.uniform(0.35, 0.6, count)
    fingers = np.array(RING_FINGERS, float)[generator.integers(len(RING_FINGERS), size=count)]
    rings = np.stack([fingers, along, along + generator.uniform(0.08, 0.2, count), 0 * along], axis=1)
    gloves = np.concatenate([random_colours(generator, count), np.ones((count, 1))], axis=1)
    worn = {
        "bracelet": np.where((bracelet & ~glove)[:, None], bracelets, NOWHERE),
        "bracelet_colour": random_colours(generator, count),
        "ring": np.where((ring & ~glove)[:, None], rings, (-1.0, 0.0, 0.0, 0.0)),
        "ring_colour": np.array(METALS)[generator.integers(len(METALS), size=count)],
        "glove": np.where(glove[:, None], gloves, 0.0),
    }
    return {name: _tuples(column) for name, column in worn.items()}


def random_lights(generator: np.random.Generator, count: int) -> list[Lights]:
    """A key light mostly from above and before the hand, two weaker ones from anywhere, a hemisphere, an exposure."""
    directions = generator.normal(size=(count, 3, 3)) + np.array([[0, -0.7, -0.7], [0, -0.2, -0.4], [0, 0, 0.2]])
    directions /= np.linalg.norm(directions, axis=2, keepdims=True)
    warmth = np.exp(generator.normal(0, 0.12, (count, 3, 1)) * np.array([1.0, 0.0, -1.0]))
    strength = generator.uniform((0.2, 0.0, 0.0), (1.8, 0.7, 0.5), (count, 3))
    fill = generator.uniform(0.12, 0.6, count)
    sky = fill[:, None] * np.exp(generator.normal(0, 0.12, (count, 3)))
    ground = sky * generator.uniform(0.3, 1.0, (count, 1))
    total = 0.6 * strength[:, 0] + 0.3 * strength[:, 1] + fill
    exposure = generator.uniform(0.5, 1.1, count) / np.maximum(total, 0.35)
    shadows = 0.6 * strength[:, 0] > 0.4 * total
    return [
        Lights(directions[k], strength[k][:, None] * warmth[k], tuple(sky[k]), tuple(ground[k]),
               exposure=float(exposure[k]), shadows=bool(shadows[k]))
        for k in range(count)
    ]  # fmt: skip
