"""Another crop of the same picture: shift, scale, rotation and mirroring, labels moved along exactly.

As in ``hand_pose_ros.crop``, in fractions of the stored crop:

    stored = centre + side * R(angle) @ ((u, v) - 0.5),   R(a) = [[cos a, -sin a], [sin a, cos a]]

with (u, v) in the new crop, u read from the right where it is mirrored. Turning the crop turns the camera about its
optical axis, so joints turn by R(-angle) about z, and what is left of the change goes into K:

    K' = T K Rz(angle),   T: stored -> new fractions,   joints' = Rz(-angle) joints

which projects the new joints onto the new keypoints whatever K is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch.nn import functional

from hand_pose_ros.training.augmentation.draws import Draws
from hand_pose_ros.training.augmentation.settings import REFLECTION, AugmentationSettings
from hand_pose_ros.training.hand_batch import HandBatch


@dataclass(frozen=True)
class CropChange:
    """N new crops."""

    centre: torch.Tensor
    """(N, 2) fractions of the stored crop."""
    side: torch.Tensor
    """(N,) of the stored crop's side."""
    angle: torch.Tensor
    """(N,) radians, clockwise in the image."""
    mirrored: torch.Tensor
    """(N,) bool."""

    @classmethod
    def none(cls, count: int, device, side: float = 1.0) -> CropChange:
        """The crop as it is, or ``side`` of it about its middle."""
        ones = torch.ones(count, device=device)
        return cls(0.5 * ones[:, None].repeat(1, 2), side * ones, 0 * ones, torch.zeros_like(ones, dtype=torch.bool))

    @classmethod
    def random(cls, count: int, settings: AugmentationSettings, draws: Draws) -> CropChange:
        """As the settings say."""
        side = settings.side * draws.factor(count, most=settings.scale)
        centre = 0.5 + settings.shift * side[:, None] * draws.normal(count, 2).clamp(-2.0, 2.0)
        angle = draws.uniform(count, low=-1.0, high=1.0) * torch.pi / 180 * settings.rotation_deg
        return cls(centre, side, angle, draws.uniform(count) < settings.mirror)

    def linear(self) -> torch.Tensor:
        """(N, 2, 2) of the map from new to stored fractions."""
        cosine, sine = self.angle.cos(), self.angle.sin()
        flip = torch.where(self.mirrored, -1.0, 1.0)
        columns = torch.stack([torch.stack([cosine * flip, -sine], 1), torch.stack([sine * flip, cosine], 1)], 1)
        return columns * self.side[:, None, None]


def changed(batch: HandBatch, change: CropChange, size: int, border: str = REFLECTION) -> HandBatch:
    """The new crops of ``size`` pixels. Joints that leave the crop become hidden; where they are stays known."""
    keypoints = _stored_to_new(batch.keypoints, change)
    labelled = batch.keypoint_weight[..., None] > 0
    inside = ((keypoints >= 0) & (keypoints <= 1)).all(dim=2)
    turn, grid = rotation_about_z(change), _grid(change, size)
    return replace(
        batch,
        images=resampled(_halved(batch.images, change, size), grid, border),
        segments=resampled_segments(batch.segments, grid),
        keypoints=torch.where(labelled, keypoints, torch.zeros_like(keypoints)),
        visible=torch.where(inside | batch.visible.isnan(), batch.visible, torch.zeros_like(batch.visible)),
        joints=batch.joints @ turn.transpose(1, 2),
        root=(turn @ batch.root[..., None])[..., 0],
        camera=_camera(batch.camera, change, turn),
        right=torch.where(change.mirrored, 1 - batch.right, batch.right),
    )


def _stored_to_new(points: torch.Tensor, change: CropChange) -> torch.Tensor:
    """Fractions (N, K, 2) of the stored crop in the new one."""
    return (points - change.centre[:, None]) @ torch.linalg.inv(change.linear()).transpose(1, 2) + 0.5


def rotation_about_z(change: CropChange) -> torch.Tensor:
    """(N, 3, 3) that carries joints from the stored crop's camera to the new one's; a reflection where mirrored."""
    turn = torch.zeros(len(change.side), 3, 3, device=change.side.device)
    turn[:, :2, :2] = torch.linalg.inv(change.linear() / change.side[:, None, None])
    turn[:, 2, 2] = 1.0
    return turn


def _camera(camera: torch.Tensor, change: CropChange, turn: torch.Tensor) -> torch.Tensor:
    """K (N, 3, 3) of the new crops; the sign of a mirrored x is taken by the joints."""
    inverse = torch.linalg.inv(change.linear())
    to_new = torch.zeros_like(turn)
    to_new[:, :2, :2] = inverse
    to_new[:, :2, 2] = 0.5 - (inverse @ change.centre[..., None])[..., 0]
    to_new[:, 2, 2] = 1.0
    return to_new @ camera @ torch.linalg.inv(turn)


def _halved(images: torch.Tensor, change: CropChange, size: int) -> torch.Tensor:
    """The images, at half their size where bilinear reading would skip pixels."""
    return functional.avg_pool2d(images, 2) if images.shape[-1] * float(change.side.mean()) >= 1.9 * size else images


def resampled(images: torch.Tensor, grid: torch.Tensor, border: str) -> torch.Tensor:
    """Bilinear (N, C, s, s) of images (N, C, S, S) at ``grid`` (N, s, s, 2), -1 to 1."""
    return functional.grid_sample(images, grid, padding_mode=border, align_corners=False)


def resampled_segments(segments: torch.Tensor, grid: torch.Tensor) -> torch.Tensor:
    """Nearest (N, s, s) uint8 of segments (N, S, S) at ``grid`` (N, s, s, 2); 0, no hand, beyond the stored crop."""
    values = segments[:, None].float()
    return functional.grid_sample(values, grid, mode="nearest", align_corners=False)[:, 0].to(torch.uint8)


def _grid(change: CropChange, size: int) -> torch.Tensor:
    """(N, size, size, 2) where new pixels are read, in grid_sample's -1 to 1."""
    linear, middle = change.linear(), 2 * change.centre - 1
    axis = (2 * torch.arange(size, device=middle.device) + 1) / size - 1
    # Outer sums: affine_grid's matrix product with as many rows as pixels takes several times as long.
    along = linear[:, :, :1] * axis + middle[..., None]
    down = linear[:, :, 1:] * axis
    return torch.stack([along[:, k, None] + down[:, k, :, None] for k in (0, 1)], dim=-1)
