"""The skinned mesh in numpy, for checks; pictures are skinned by the GPU."""

from __future__ import annotations

import numpy as np

from hand_pose_ros.training.poses.skeleton import pose
from hand_pose_ros.training.renderer.hand_template import HandTemplate, RestMesh
from hand_pose_ros.training.renderer.placed_hand import bone_matrices


def posed_vertices(template: HandTemplate, mesh: RestMesh, angles: np.ndarray) -> np.ndarray:
    """Vertices (P, V, 3) of a shape in poses ``angles`` (P, 28), hand frame, metres."""
    posed = pose(mesh.hand, angles)
    still = np.tile(np.eye(3), (len(posed.joints), 1, 1)), np.zeros((len(posed.joints), 3))
    matrices = bone_matrices(posed, *still)[:, : template.weights.shape[1]]
    homogeneous = np.concatenate([mesh.vertices, np.ones((len(mesh.vertices), 1))], axis=1)
    return np.einsum("vb,nbij,vj->nvi", template.weights, matrices, homogeneous, optimize=True)
