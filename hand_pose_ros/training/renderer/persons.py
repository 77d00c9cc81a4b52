"""Random persons to whom hands belong: bodies on the GPU, clothes and hair, the other arm."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hand_pose_ros.hand import opposite
from hand_pose_ros.training.poses.skeleton import BONE
from hand_pose_ros.training.renderer.appearance import NOWHERE, Appearance, Sleeve
from hand_pose_ros.training.renderer.body_pose import (
    arm_in_space,
    body_matrices,
    hanging,
    other_shoulder,
    standing,
)  # fmt: skip
from hand_pose_ros.training.renderer.body_template import BodyTemplate
from hand_pose_ros.training.renderer.hand_template import HandTemplate
from hand_pose_ros.training.renderer.looks import random_cloths
from hand_pose_ros.training.renderer.painter import Painter
from hand_pose_ros.training.renderer.people import Person
from hand_pose_ros.training.renderer.placed_hand import PlacedBody, PlacedHand
from hand_pose_ros.training.renderer.scene import SceneBody, SceneHand, mirror_of
from hand_pose_ros.training.renderer.shape import random_shape

COUNT, BALD, LONG_HAIR = 5, 0.15, 0.4
HAIR = ((0.01, 0.008, 0.007), (0.03, 0.018, 0.011), (0.09, 0.05, 0.025), (0.30, 0.20, 0.09), (0.25, 0.24, 0.23))


class Persons:
    """A few bodies, dressed anew for every picture."""

    def __init__(self, generator: np.random.Generator, bodies: BodyTemplate, hands: HandTemplate, painter: Painter):
        self._random, self._axes = generator, hands.trunk_axes()
        meshes = [bodies.shaped(random_shape(generator)) for _ in range(COUNT)]
        self._meshes = {painter.upload_body(mesh): mesh for mesh in meshes}

    def behind(self, hand: SceneHand, placed: PlacedHand, number: int) -> SceneBody | None:
        """A person on hand ``number`` of a scene, or None if none could stand there."""
        mesh_id = int(self._random.choice(list(self._meshes)))
        mesh, arm = self._meshes[mesh_id], arm_in_space(hand, placed.matrices)
        turn = standing(self._random, arm, mesh)
        if turn is None:
            return None
        matrices, trunk = body_matrices(self._random, arm, mesh, turn, self._axes)
        skin, cloths = self.dressed(hand.appearance)
        return SceneBody(PlacedBody(mesh_id, matrices, skin, cloths, arm.left), number, trunk)

    def alone(self, look: Appearance, matrix: np.ndarray, pieces) -> PlacedBody:
        """Pieces of a person under one ``matrix`` (3, 4), for pictures of faces and feet."""
        mesh_id = int(self._random.choice(list(self._meshes)))
        skin, cloths = self.dressed(look)
        cloths = {name: cloth for name, cloth in cloths.items() if name in pieces}
        return PlacedBody(mesh_id, np.tile(matrix, (5, 1, 1)), skin, cloths, False)

    def mesh(self, body: PlacedBody):
        """The body's mesh."""
        return self._meshes[body.mesh_id]

    def dressed(self, look: Appearance) -> tuple[Appearance, dict[str, Sleeve | None]]:
        """Skin without what hands wear, and the pieces' cloths: the sleeve's for the trunk."""
        shirt, trousers = random_cloths(self._random, 2)
        hair = Sleeve(colour=HAIR[self._random.integers(len(HAIR))], thickness_m=0.0, folds=0.9)
        cloths = {
            "head": None,
            "trunk": unlike_skin(look.sleeve or shirt),
            "legs": unlike_skin(trousers),
            "feet": None,
            "scalp": None,
        }
        if self._random.random() > BALD:
            cloths["scalp"] = hair
            if self._random.random() < LONG_HAIR:
                cloths["hair"] = hair
        bare = {"sleeve": None, "tattoo": None, "bracelet": NOWHERE, "glove": (0.0,) * 4, "ring": (-1.0,) * 4}
        return replace(look, **bare), cloths

    def other_hand(self, hand: SceneHand, body: SceneBody, person: Person) -> SceneHand:
        """The person's other hand in the pose of ``person``, its arm hanging more or less."""
        mesh, matrices, side = self.mesh(body.placed), body.placed.matrices, opposite(hand.handedness)
        posed, upper = person.posed, BONE["arm_upper"]
        elbow = posed.heads[0, upper]
        shoulder = posed.rotations[0, upper] @ (person.rest.shoulder[0] - posed.rest_heads[0, upper]) + elbow
        elbow, shoulder = elbow * mirror_of(side), shoulder * mirror_of(side)
        trunk = matrices[0, :, :3] / np.linalg.norm(matrices[0, :, 0])
        rotation = hanging(self._random, shoulder, elbow, -trunk[:, 1], trunk[:, 2])
        wrist = other_shoulder(mesh, matrices) - rotation @ shoulder
        return SceneHand(person.mesh_id, person.rest, person.angles, side, rotation, wrist, hand.appearance, posed)


def unlike_skin(cloth: Sleeve) -> Sleeve:
    """The cloth with red and blue exchanged where it has the hue of skin: nobody is to look undressed."""
    red, green, blue = cloth.colour
    return replace(cloth, colour=(blue, green, red)) if red > green > blue else cloth
