"""The pose prior: poses look like their names, contacts touch, fingers do not pass through each other."""

from __future__ import annotations

import numpy as np
import pytest

from hand_pose_ros.training.poses.capsules import segment_distance
from hand_pose_ros.training.poses.contact import PALMAR, Contact, Place, gap, skin_point
from hand_pose_ros.training.poses.flesh import deepest
from hand_pose_ros.training.poses.grasp import Primitive, clearance, grasp
from hand_pose_ros.training.poses.leverage import FINGER_ANGLES, Leverage
from hand_pose_ros.training.poses.limits import LIMITS
from hand_pose_ros.training.poses.named import ALL_POSES, POSES, hand
from hand_pose_ros.training.poses.prior import MOST_OVERLAP_M, SOLVING_STEPS, PosePrior
from hand_pose_ros.training.poses.settling import settle, touch
from hand_pose_ros.training.poses.skeleton import ANGLE, FINGER_NAMES, pose
from hand_pose_ros.training.poses.standard_hand import standard_hand

EXTENDED = {
    "open": "1111", "flat": "1111", "fist": "0000", "thumb_up": "0000", "point": "1000", "gun": "1000",
    "victory": "1100", "three": "1100", "three_fingers": "1110", "four": "1111", "horns": "1001", "shaka": "0001",
    "little_up": "0001", "middle_points": "0100", "ok_index": "0111", "ok_little": "1110",
}  # fmt: skip


@pytest.fixture(scope="module")
def prior() -> PosePrior:
    return PosePrior(np.random.default_rng(0), variants=2)


@pytest.fixture(scope="module")
def sample(prior) -> np.ndarray:
    return prior.sample(400)


def is_extended(joints: np.ndarray, finger: int) -> bool:
    """The tip is further from the wrist than the PIP joint, by a good part of the finger."""
    pip, tip = joints[6 + 4 * finger], joints[8 + 4 * finger]
    return bool(np.linalg.norm(tip) > np.linalg.norm(pip) + 0.02)


@pytest.mark.parametrize("name", EXTENDED)
def test_named_poses_extend_the_fingers_they_should(prior, name):
    joints = pose(standard_hand(), prior.named(name)).joints[0]
    assert "".join(str(int(is_extended(joints, finger))) for finger in range(4)) == EXTENDED[name]


@pytest.mark.parametrize("finger", FINGER_NAMES)
@pytest.mark.parametrize("kind", ["pinch", "ok"])
def test_pinches_touch(prior, kind, finger):
    name = f"{kind}_{finger}"
    posed = pose(standard_hand(), prior.named(name))
    assert gap(posed, POSES[name].contacts[0])[0] < 0.006
    tips = np.linalg.norm(posed.joints[0, 4] - posed.joints[0, 8 + 4 * FINGER_NAMES.index(finger)])
    assert tips < 0.03


@pytest.mark.parametrize("name", ["fist", "fist_thumb_on_index", "point", "victory"])
def test_the_thumb_lies_on_the_curled_fingers(prior, name):
    assert gap(pose(standard_hand(), prior.named(name)), POSES[name].contacts[0])[0] < 0.004


def test_touch_moves_only_what_it_may():
    start = POSES["pinch_index"].angles[None]
    solved = touch(standard_hand(), start, POSES["pinch_index"].contacts, ("thumb", "index"))
    moved = np.flatnonzero(np.abs(solved - start)[0] > 1e-9)
    names = [list(ANGLE)[k] for k in moved]
    assert names
    assert all(name.startswith(("thumb", "index")) for name in names)
    before, after = (gap(pose(standard_hand(), a), POSES["pinch_index"].contacts[0])[0] for a in (start, solved))
    assert after < before / 3


def test_contacts_solve_for_other_shapes_too():
    rest = standard_hand(3)
    rest.joints[1] *= 0.8
    rest.joints[2] *= 1.15
    start = np.repeat(POSES["pinch_middle"].angles[None], 3, axis=0)
    solved = touch(rest, start, POSES["pinch_middle"].contacts, POSES["pinch_middle"].moves)
    assert (gap(pose(rest, solved), POSES["pinch_middle"].contacts[0]) < 0.006).all()


def test_contacts_of_many_poses_close_at_once_on_thick_and_thin_hands(prior):
    names = ["pinch_index", "ok_little", "letter_d", "open", "pinch_ring_closed"]
    rest = standard_hand(len(names))
    rest.girth[0] *= 1.25
    rest.girth[1] *= 0.8
    angles = np.array([prior.named(name) for name in names])
    closed = prior.settled(rest, angles, names)
    posed, before = pose(rest, closed), pose(rest, angles)
    for row, name in enumerate(names):
        for contact in ALL_POSES[name].contacts[:1]:
            assert gap(posed.row(row), contact)[0] < 0.002, name
    assert gap(before.row(0), POSES["pinch_index"].contacts[0])[0] > 0.002
    assert np.array_equal(closed[3], angles[3])  # nothing touches in an open hand


def test_named_samples_touch_on_the_hands_they_are_drawn_for():
    generator = np.random.default_rng(3)
    rest = standard_hand(600)
    rest.joints[:, 2:5] = rest.joints[:, 1:2] + (rest.joints[:, 2:5] - rest.joints[:, 1:2]) * generator.uniform(
        0.9, 1.1, (600, 1, 1)
    )
    drawn, names = (prior := PosePrior(generator, variants=1))._draw(600)
    pinching = [k for k, name in enumerate(names) if name and name.startswith(("pinch", "ok"))]
    assert len(pinching) > 5
    drawn = prior.settled(rest, drawn, names)
    posed = pose(rest, drawn)
    gaps = [gap(posed.row(k), POSES[names[k]].contacts[0])[0] for k in pinching]
    assert np.median(gaps) < 0.001
    assert max(gaps) < 0.004


def test_skin_points_lie_outside_the_bone_on_the_named_side():
    posed = pose(standard_hand(), POSES["flat"].angles)
    point, normal = skin_point(posed, Place("index", 1, 0.5, PALMAR))
    middle = posed.joints[0, 6:8].mean(axis=0)
    assert point[0, 2] < middle[2]
    assert normal[0, 2] < -0.9
    assert np.isclose(np.linalg.norm(point[0] - middle), 0.0155, atol=0.002)
    assert gap(posed, Contact(Place("index", 1, 0.5, PALMAR), Place("index", 1, 0.5, PALMAR)))[0] == 0


def test_samples_keep_the_limits_and_do_not_interpenetrate(sample):
    assert sample.shape == (400, len(ANGLE))
    assert (sample >= LIMITS[:, 0] - 1e-9).all()
    assert (sample <= LIMITS[:, 1] + 1e-9).all()
    assert (deepest(pose(standard_hand(), sample)) <= MOST_OVERLAP_M).mean() > 0.99


def test_named_poses_do_not_interpenetrate(prior):
    depths = deepest(pose(standard_hand(), np.array([prior.named(name) for name in ALL_POSES])))
    assert {name: depth for name, depth in zip(ALL_POSES, depths, strict=True) if depth > 0.0035} == {}


def test_a_thumb_pressed_into_the_palm_below_the_index_finger_overlaps():
    pressed, free = (pose(standard_hand(), hand((side, 57, 11, 12, 0, 43))[None]) for side in (-36, -12))
    assert deepest(pressed)[0] > 0.005
    assert deepest(free)[0] < MOST_OVERLAP_M


def test_settling_moves_a_thumb_out_of_the_fist():
    start = POSES["fist"].angles.copy()
    start[[ANGLE["thumb_abduction"], ANGLE["thumb_ip"]]] = np.radians([-25, 60])
    settled = settle(standard_hand(), start[None], steps=SOLVING_STEPS)
    assert deepest(pose(standard_hand(), start))[0] > 0.006
    assert deepest(pose(standard_hand(), settled))[0] < MOST_OVERLAP_M
    still = [number for number in range(len(ANGLE)) if number not in FINGER_ANGLES]
    assert np.array_equal(settled[0, still], start[still])


def test_leverage_is_the_derivative_of_the_pose(sample):
    angles, parts = sample[:20], np.arange(15)
    posed = pose(standard_hand(), angles)
    numbers = np.tile(parts, (20, 1))
    points, backs = posed.joints[:, 2 + parts + parts // 3], posed.frames[..., 2]
    lever = Leverage.of(posed, angles)
    for column, angle in enumerate(FINGER_ANGLES):
        moved = angles.copy()
        moved[:, angle] += 1e-6
        after = pose(standard_hand(), moved)
        way = (after.joints[:, 2 + parts + parts // 3] - points) / 1e-6
        assert np.allclose(lever.of_points(points, numbers)[:, :, column], way, atol=1e-6)
        turn = (after.frames[..., 2] - backs) / 1e-6
        assert np.allclose(lever.of_directions(backs, numbers)[:, :, column], turn, atol=1e-5)


def test_samples_vary(sample):
    flexed = np.degrees(sample[:, ANGLE["index_pip"]])
    assert (flexed < 20).mean() > 0.1
    assert (flexed > 80).mean() > 0.1
    assert np.degrees(sample[:, ANGLE["thumb_opposition"]]).std() > 15


def test_the_same_seed_gives_the_same_poses():
    first, second = (PosePrior(np.random.default_rng(5), variants=1).sample(20) for _ in range(2))
    assert np.array_equal(first, second)


def test_an_unknown_pose_is_refused_with_its_name(prior):
    with pytest.raises(ValueError, match="'wave' is unknown"):
        prior.named("wave")


def test_fingers_close_on_a_ball_without_entering_it():
    radius = np.array([0.03])
    ball = Primitive(np.tile([0.10, 0.0, -0.052], (1, 2, 1)), radius)
    angles = grasp(np.random.default_rng(0), ball)
    posed = pose(standard_hand(), angles)
    distances = [clearance(posed, ball, finger)[0] for finger in range(1, 5)]
    assert min(distances) > -0.001
    assert sum(distance < 0.006 for distance in distances[:3]) >= 2


def test_segment_distance_of_crossing_and_parallel_segments():
    a = np.array([[[0.0, 0, 0], [1, 0, 0]]])
    crossing = np.array([[[0.5, 1, 2], [0.5, -1, 2]]])
    parallel = np.array([[[2.0, 1, 0], [3, 1, 0]]])
    assert segment_distance(a, crossing)[0][0] == pytest.approx(2)
    assert segment_distance(a, parallel)[0][0] == pytest.approx(np.sqrt(2))
