"""The hand that agrees best with its pixels, with the network's pose and with how long a hand's bones are.

A network's 3D pose is right in its shape but off in what makes depth: its orientation errs by some 10 degrees, it shows
the palm too short or too long, its relief is flattened. The pixels are precise, and the bones of people are alike. The
21 joints X_i, in hand scales, are therefore the maximum a posteriori of three independent Gaussian terms:

    sum_i |x_i(X_i) - x_i|^2 / s_i^2                       pixels, as points on the plane z = 1 (Cauchy's loss)
  + sum_i |X_i - t - exp(k) R n_i|^2 / (a^2, a^2, c^2)     the network's pose n, free in t, nearly known in R and k
  + sum_b (|X_p - X_q| - l_b)^2 / (e_b l_b)^2              lengths of bones and of the palm's diagonals

solved by a damped Newton method in a frame that looks along the ray to the hand. R, k and t are eliminated: they only
widen the covariance of the second term. The inverse of the final matrix is the covariance of the joints.
"""

from __future__ import annotations

import numpy as np

from hand_pose_ros.hand import BONES
from hand_pose_ros.kinematics import bone_lengths

# Mean lengths in hand scales, over MediaPipe's world landmarks of 660 photographs of some 25 people (no labels used):
# the 20 bones, then knuckle to knuckle, index to little knuckle, thumb CMC to index knuckle.
PAIRS = BONES + ((5, 9), (9, 13), (13, 17), (5, 17), (1, 5))
LENGTHS = np.array([
    0.406, 0.338, 0.367, 0.312, 1.038, 0.301, 0.221, 0.285, 1.000, 0.370, 0.286, 0.282, 0.970, 0.315, 0.264, 0.252,
    0.857, 0.236, 0.222, 0.201, 0.238, 0.216, 0.256, 0.651, 0.734,
])  # fmt: skip
# People differ by 6 to 12 % in each bone (Buryanov and Kotiuk 2010, table I), most of it their size.
_PALM = {0, 5, 9, 13, 17}
LENGTH_STDDEV = np.array([0.05 if {p, q} <= _PALM else 0.08 for p, q in PAIRS]) * LENGTHS

# The network's pose. Along x and y it comes from the same pixels as the keypoints and must not count twice: loose;
# along z by the difference between MediaPipe's two 3D outputs on those photographs; turn and size likewise.
POSE_STDDEV = np.array([0.2, 0.2, 0.15])
TURN_STDDEV = np.deg2rad([10.0, 10.0, 3.0])
SIZE_STDDEV = 0.1
CAUCHY = 3.0  # deviations from which on a keypoint pulls less the farther off it is

_STEPS = 30
_ENOUGH = 1e-2  # what a last step may still gain, of a chi-square of some 60 degrees of freedom
_SMALLEST_DEPTH = 0.5  # hand scales; nearer, the hand would surround the camera

_FROM, _TO = np.array(PAIRS).T
_STIFFNESS = LENGTH_STDDEV**-2
_INCIDENCE = np.zeros((len(PAIRS), 21))
_INCIDENCE[np.arange(len(PAIRS)), _FROM] = 1.0
_INCIDENCE[np.arange(len(PAIRS)), _TO] = -1.0
_JOINTS = np.arange(21)


def fit_skeleton(pose: np.ndarray, start: np.ndarray, points: np.ndarray, stddev: np.ndarray):
    """Joints (21, 3) in hand scales and their covariance (63, 63), in a frame whose z axis points at the hand.

    ``pose`` (21, 3): the network's normalised joints; ``start`` (3,): a first root; ``points`` (21, 2): keypoints on
    the plane z = 1; ``stddev`` (21,): their deviations there, infinite for those that are missing. All joints of
    ``pose`` + ``start`` must lie farther than half a hand scale; those of the result do.
    """
    terms = pose + start, pose_precision(pose), points, 1.0 / stddev**2
    joints, damping = terms[0], 1e-3
    cost, gradient, normal = _linearize(joints, *terms)
    for _ in range(_STEPS):
        step = np.linalg.solve(normal + np.diag(damping * normal.diagonal()), gradient)
        trial = joints - step.reshape(21, 3)
        if trial[:, 2].min() > _SMALLEST_DEPTH:
            if gradient @ step < _ENOUGH:
                return trial, np.linalg.inv(normal)
            new_cost, new_gradient, new_normal = _linearize(trial, *terms)
            if new_cost <= cost:
                joints, cost, gradient, normal = trial, new_cost, new_gradient, new_normal
                damping *= 0.2
                continue
        damping = max(damping * 5.0, 1e-2)
    return joints, np.linalg.inv(normal)  # slow to settle, but better than the start at every step


def proportioned(pose: np.ndarray) -> np.ndarray:
    """``pose`` (21, 3) resized to the mean total length of bones: steadier than the length of the palm alone."""
    total = bone_lengths(pose).sum()
    return pose * (LENGTHS[: len(BONES)].sum() / total) if total > 0.0 else pose


def pose_precision(pose: np.ndarray) -> np.ndarray:
    """Inverse covariance (63, 63) of the pose term after t, R and k are eliminated (Woodbury's identity)."""
    x, y, z = (pose - pose.mean(axis=0)).T
    modes = np.zeros((21, 3, 7))
    modes[:, 0, 0] = modes[:, 1, 1] = modes[:, 2, 2] = 1.0  # t, without any prior
    modes[:, 1, 3], modes[:, 2, 3] = -z, y  # R about x
    modes[:, 0, 4], modes[:, 2, 4] = z, -x
    modes[:, 0, 5], modes[:, 1, 5] = -y, x
    modes[:, 0, 6], modes[:, 1, 6], modes[:, 2, 6] = x, y, z  # k
    modes = modes.reshape(63, 7)
    diagonal = np.tile(POSE_STDDEV**-2, 21)
    weighted = diagonal[:, None] * modes
    inner = modes.T @ weighted
    inner[range(3, 7), range(3, 7)] += np.array([*TURN_STDDEV, SIZE_STDDEV]) ** -2
    precision = -weighted @ np.linalg.solve(inner, weighted.T)
    precision[range(63), range(63)] += diagonal
    return precision


def _linearize(joints, mean, precision, points, weight):
    """Half the sum of the three terms, its gradient (63,) and a positive definite Hessian (63, 63)."""
    off = (joints - mean).ravel()
    gradient, normal = precision @ off, precision.copy()
    cost = 0.5 * off @ gradient + _add_pixels(gradient, normal, joints, points, weight)
    return cost + _add_bones(gradient, normal, joints), gradient, normal


def _add_bones(gradient, normal, joints) -> float:
    edges = joints[_FROM] - joints[_TO]
    lengths = np.maximum(np.sqrt(np.einsum("ij,ij->i", edges, edges)), 1e-6)
    directions = edges / lengths[:, None]
    error = (lengths - LENGTHS) * _STIFFNESS
    gradient += (_INCIDENCE.T @ (error[:, None] * directions)).ravel()
    # Without the curvature across a bone that is too long, steps overshoot; of one too short it is negative: left out.
    across = np.maximum(error / lengths, 0.0)
    blocks = (_STIFFNESS - across)[:, None, None] * directions[:, :, None] * directions[:, None, :]
    blocks += across[:, None, None] * np.eye(3)
    stiffness = (_INCIDENCE.T * blocks.reshape(-1, 9).T[:, None]) @ _INCIDENCE
    normal += stiffness.reshape(3, 3, 21, 21).transpose(2, 0, 3, 1).reshape(63, 63)
    return 0.5 * error @ (lengths - LENGTHS)


def _add_pixels(gradient, normal, joints, points, weight) -> float:
    nearness = 1.0 / joints[:, 2:]
    seen = joints[:, :2] * nearness
    off = seen - points
    square = weight * np.einsum("ij,ij->i", off, off) / CAUCHY**2
    jacobian = np.zeros((21, 2, 3))
    jacobian[:, 0, :1] = jacobian[:, 1, 1:2] = nearness
    jacobian[:, :, 2] = -seen * nearness
    weighted = jacobian.transpose(0, 2, 1) * (weight / (1.0 + square))[:, None, None]
    gradient += (weighted @ off[:, :, None]).ravel()
    normal.reshape(21, 3, 21, 3)[_JOINTS, :, _JOINTS] += weighted @ jacobian
    return 0.5 * CAUCHY**2 * np.sum(np.log1p(square))
