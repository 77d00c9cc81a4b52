"""What ``benchmarks.ablations`` compares: the small versions of the papers' networks, smaller still."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Variant:
    """One side of a comparison."""

    config: str
    """config/training/CONFIG_small.yaml."""
    network: dict = field(default_factory=dict)
    task: dict = field(default_factory=dict)
    steps: int = 500
    size: int = 32
    both_sides: bool = False
    """Half of the held-back crops are mirrored."""


WIDER = {"sigma": 6.0}
"""Gaussians of 2.5 or 3 px of 128 are narrower than a cell here, and their maps stay empty for long."""
SMALL = {"size": 32}
HE = {"input_size": 64}
VARIANTS = {
    "direct": Variant("chernytska", SMALL, WIDER),
    "latent": Variant("chernytska_latent", SMALL, WIDER),
    "tree": Variant("chernytska_tree", SMALL, WIDER),
    "single_scale": Variant("kourbane_single_scale", SMALL, WIDER, steps=300),
    "single_narrow": Variant("kourbane_single_scale", SMALL | {"width": 0.094}, WIDER, steps=300),
    "multi_scale": Variant("kourbane_multi_scale", SMALL, WIDER, steps=300),
    "skeleton": Variant("kourbane", SMALL, WIDER, steps=300),
    "bones": Variant("he_bones", HE, steps=400, size=64),
    "cos1": Variant("he_cos1", HE, steps=400, size=64),
    "cos2": Variant("he_cos2", HE, steps=400, size=64),
    "asm": Variant("he", HE, steps=400, size=64),
    "augmentation": Variant("shin", SMALL, both_sides=True),
    "classifier": Variant("shin_classifier", SMALL, both_sides=True),
}
COMPARISONS = {
    "heatmaps": ("direct", "latent"), "pose": ("direct", "tree"),
    "scales": ("single_scale", "single_narrow", "multi_scale", "skeleton"), "losses": ("bones", "cos1", "cos2", "asm"),
    "sides": ("augmentation", "classifier"),
}  # fmt: skip
