"""Searches where named poses should start to settle (``training/poses/starts.py``): not deep, in contact, near.

    python -m benchmarks.pose_starts letter_n letter_d [--starts 48] [--hands 8] [--seed 0] [--lines 1]

Candidates: the pose as ``named.py`` has it, its present start, and ``--starts`` disturbed versions of both, settled on
the standard hand and rounded to whole degrees. Each then goes the prior's own way, standard hand first, to ``--hands``
random hands, whose meshes are measured. With another ``--seed`` other hands and other disturbances.

depth  deepest place of the worst hand, mm, as `hand_pose_ros render contacts --depths` or, of two fingers that should
       touch, as `render contacts` measures it
gap    widest distance between the skins of two fingers that should touch, of the worst hand, mm
off    how far apart the two places of a contact lie: fingers may touch at the wrong ones, mm, worst hand
way    root mean square of the turns from the pose as written, thumb and fingers, degrees
loss   depth and gap beyond 2 mm each, a quarter of what is off, 1 mm for 20 degrees of the way: the ranking

Prints the best of each pose as lines for ``starts.py``; look at them (`render poses`) before you keep one.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hand_pose_ros.training.poses.contact import gap
from hand_pose_ros.training.poses.leverage import FINGER_ANGLES
from hand_pose_ros.training.poses.limits import clip
from hand_pose_ros.training.poses.named import ALL_POSES, NamedPose
from hand_pose_ros.training.poses.prior import SOLVING_STEPS, PosePrior, contacts_of
from hand_pose_ros.training.poses.settling import PULL_SCALE, settle
from hand_pose_ros.training.poses.skeleton import pose
from hand_pose_ros.training.poses.standard_hand import standard_hand
from hand_pose_ros.training.renderer.contact_check import surface_gap
from hand_pose_ros.training.renderer.flesh_check import SOFT_M, FleshCheck
from hand_pose_ros.training.renderer.hand_template import HandTemplate, RestMesh
from hand_pose_ros.training.renderer.makehuman import MakeHumanFolder
from hand_pose_ros.training.renderer.posed_mesh import posed_vertices
from hand_pose_ros.training.renderer.shape import random_shape
from hand_pose_ros.training.renderer.surface_coordinates import dominant_segment

NEAR_M, OFF_SHARE, WAY_M_PER_DEGREE, SHOWN = 0.002, 0.25, 0.00005, 5
AS_WRITTEN, PRESENT = "as written", "present"
_COLUMNS = list(FINGER_ANGLES)
# Deviations of disturbed starts, in what an angle gives way by (25 degrees thumb, 15 bends, 7 spreads): the thumb has
# to find its way round the fingers, which make the pose what it is.
DISTURBED = PULL_SCALE * np.where(np.arange(len(_COLUMNS)) < 6, 0.7, 0.4)


@dataclass(frozen=True)
class Measured:
    """S candidates of one pose on H hands."""

    names: list[str]
    angles: np.ndarray
    """(S, 28) radians, whole degrees."""
    depths: np.ndarray
    """(S, H) metres, of the deepest place."""
    gaps: np.ndarray
    """(S, H) metres, of the widest contact; 0 where all skins touch."""
    off: np.ndarray
    """(S, H) metres between the places of the contact that misses most."""
    ways: np.ndarray
    """(S,) degrees from the pose as written."""

    @property
    def losses(self) -> np.ndarray:
        """(S,) metres: what is too deep and too far apart on the worst hand, and a little for the way."""
        deep, apart, off = (values.max(axis=1) for values in (self.depths, self.gaps, self.off))
        close = np.maximum(deep - SOFT_M, 0) + np.maximum(apart - NEAR_M, 0)
        return close + OFF_SHARE * off + WAY_M_PER_DEGREE * self.ways

    @property
    def order(self) -> np.ndarray:
        """(S,) best first; of equals the earlier one."""
        return np.argsort(self.losses, kind="stable")


class Bench:
    """Random hands, their meshes, and what is measured on them."""

    def __init__(self, makehuman: Path | None, hands: int, seed: int):
        self.template, generator = HandTemplate(MakeHumanFolder(makehuman), 1), np.random.default_rng(seed)
        self.meshes = [self.template.shaped(random_shape(generator)) for _ in range(hands)]
        self.check, self.segments = FleshCheck(self.template), dominant_segment(self.template.weights)

    def measured(self, named: NamedPose, names: list[str], angles: np.ndarray) -> Measured:
        """``angles`` (S, 28) as starts of ``named``."""
        solved = settle(standard_hand(), angles, contacts_of([named.name] * len(angles)), SOLVING_STEPS)
        depths, gaps, off = np.array([self._on(mesh, named, solved) for mesh in self.meshes]).transpose(1, 2, 0)
        return Measured(names, angles, depths, gaps, off, ways(angles, named.written))

    def _on(self, mesh: RestMesh, named: NamedPose, solved: np.ndarray) -> np.ndarray:
        """(3, S) depths, gaps and what is off, of S poses on one hand."""
        settled = PosePrior.settled(mesh.hand, solved, [named.name] * len(solved))
        vertices, posed = posed_vertices(self.template, mesh, settled), pose(mesh.hand, settled)
        off = np.max([gap(posed, contact) for contact in named.contacts] or [np.zeros(len(settled))], axis=0)
        gaps = np.array([self._gaps(each, named) for each in vertices])
        depths = np.maximum([self.check(each).metres for each in vertices], -gaps.min(axis=1))
        return np.array([depths, gaps.max(axis=1), off])

    def _gaps(self, vertices: np.ndarray, named: NamedPose) -> list[float]:
        faces = self.template.faces
        return [surface_gap(vertices, faces, self.segments, each) for each in named.contacts] or [0.0]


def ways(angles: np.ndarray, written: np.ndarray) -> np.ndarray:
    """(S,) root mean square turn of the 22 angles of thumb and fingers of ``angles`` (S, 28), degrees."""
    return np.degrees(np.sqrt(((angles - written)[:, _COLUMNS] ** 2).mean(axis=1)))


def candidates(named: NamedPose, count: int, generator: np.random.Generator) -> tuple[list[str], np.ndarray]:
    """Names and angles (1 or 2 + count, 28): as written, the present start if it is another, both in turn disturbed,
    settled on the standard hand, in whole degrees."""
    known = {AS_WRITTEN: named.written, PRESENT: named.angles}
    if np.array_equal(named.written, named.angles):
        del known[PRESENT]
    kept = np.stack(list(known.values()))
    disturbed = kept[np.arange(count) % len(kept)]
    disturbed[:, _COLUMNS] += DISTURBED * generator.normal(size=(count, len(_COLUMNS)))
    settled = settle(standard_hand(), clip(disturbed), contacts_of([named.name] * count), SOLVING_STEPS)
    settled[:, _COLUMNS] = np.radians(np.round(np.degrees(settled[:, _COLUMNS])))
    return [*known, *(str(k) for k in range(count))], np.concatenate([kept, settled])


def ranking(found: Measured, shown: int = SHOWN) -> str:
    """Lines of the best and, wherever they rank, of the pose as written and its present start."""
    order = found.order.tolist()
    lines = [f"{'start':>12}{'loss mm':>9}{'depth mm':>10}{'gap mm':>8}{'off mm':>8}{'way deg':>9}"]
    for k in [*order[:shown], *(k for k in order[shown:] if found.names[k] in (AS_WRITTEN, PRESENT))]:
        loss, deep, apart, off = (1e3 * x[k].max() for x in (found.losses, found.depths, found.gaps, found.off))
        lines.append(f"{found.names[k]:>12}{loss:9.2f}{deep:10.1f}{apart:8.1f}{off:8.1f}{found.ways[k]:9.1f}")
    return "\n".join(lines)


def start_lines(name: str, angles: np.ndarray) -> str:
    """A pose's entry in ``starts.STARTS``, from angles (28,) in radians."""
    degrees = [f"{value:.0f}".replace("-0", "0") for value in np.degrees(angles[_COLUMNS]) + 0.0]
    thumb, fingers = degrees[:6], [", ".join(degrees[k : k + 4]) for k in range(6, 22, 4)]
    return f'    "{name}": (\n        {", ".join(thumb)},\n        {",  ".join(fingers)},\n    ),'


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("poses", nargs="+", choices=ALL_POSES, metavar="POSE", help="names in training/poses/named.py")
    parser.add_argument("--starts", type=int, default=48, help="disturbed ones of each pose (default %(default)s)")
    parser.add_argument("--hands", type=int, default=8, help="random hands to measure on (default %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of hands and disturbances (default %(default)s)")
    parser.add_argument("--lines", type=int, default=1, help="of the so many best (default %(default)s)")
    parser.add_argument("--makehuman", type=Path, help="MakeHuman's data folder, else $HAND_POSE_ROS_MAKEHUMAN")
    args = parser.parse_args()
    if args.starts < 0 or args.hands < 1:
        parser.error(f"--starts {args.starts} --hands {args.hands}: give at least 0 starts and 1 hand")
    try:
        bench = Bench(args.makehuman, args.hands, args.seed)
    except OSError as error:
        parser.error(str(error))
    for name in args.poses:
        named = ALL_POSES[name]
        found = bench.measured(named, *candidates(named, args.starts, np.random.default_rng([args.seed, 1])))
        print(f"{name}, {args.hands} hands\n{ranking(found, max(SHOWN, args.lines))}")
        print("\n".join(start_lines(name, found.angles[k]) for k in found.order[: args.lines]), end="\n\n", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
