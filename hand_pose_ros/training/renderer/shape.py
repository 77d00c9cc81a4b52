"""Hand shapes: which MakeHuman targets with which weight, and the size, drawn like people."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

ANCESTRIES = ("african", "asian", "caucasian")
# Hand length (wrist crease to middle fingertip) of adults, metres: mean and standard deviation of ANSUR II, rounded.
HAND_LENGTH_M = {"male": (0.193, 0.010), "female": (0.181, 0.010)}
CHILD_LENGTH_M = (0.145, 0.014)


@dataclass(frozen=True)
class HandShape:
    """Weights of MakeHuman targets and the wanted hand length in metres (None keeps MakeHuman's own size)."""

    targets: dict[str, float]
    length_m: float | None = None


def random_shape(generator: np.random.Generator) -> HandShape:
    """One person's hand: sex, age, ancestry, weight mixed from the macro targets, fingers longer or thicker, size."""
    male = float(np.clip(generator.normal(0.5, 0.45), 0, 1))
    age = generator.choice(["child", "young", "old"], p=[0.12, 0.60, 0.28])
    ancestry = generator.dirichlet((0.6, 0.6, 0.6))
    heavy = float(np.clip(generator.normal(0, 0.5), -1, 1))
    targets = _macro(male, str(age), ancestry, heavy) | _detail(generator)
    mean, deviation = CHILD_LENGTH_M if age == "child" else _adult_length(male)
    return HandShape(targets, float(generator.normal(mean, deviation)))


def average_shape(male: float = 0.5) -> HandShape:
    """A young adult between female (0) and male (1)."""
    mean, _ = _adult_length(male)
    targets = _macro(male, "young", np.full(3, 1 / 3), 0.0) | {"armslegs/r-hand-fingers-length-incr": 0.10}
    return HandShape(targets, mean)


def _adult_length(male: float) -> tuple[float, float]:
    return tuple(male * np.array(HAND_LENGTH_M["male"]) + (1 - male) * np.array(HAND_LENGTH_M["female"]))


def _macro(male: float, age: str, ancestry: np.ndarray, heavy: float) -> dict[str, float]:
    weight = {"minweight": max(-heavy, 0.0), "averageweight": 1 - abs(heavy), "maxweight": max(heavy, 0.0)}
    targets = {}
    for sex, share in (("male", male), ("female", 1 - male)):
        for name, part in zip(ANCESTRIES, ancestry, strict=True):
            targets[f"macrodetails/{name}-{sex}-{age}"] = share * float(part)
        for name, part in weight.items():
            targets[f"macrodetails/universal-{sex}-{age}-averagemuscle-{name}"] = share * part
    return {name: value for name, value in targets.items() if value > 1e-3}


def _detail(generator: np.random.Generator) -> dict[str, float]:
    """Finger length, thickness and distance. MakeHuman's fingers are short, hence longer on average."""
    targets = {}
    for name, mean, deviation in (("length", 0.10, 0.25), ("diameter", 0.0, 0.45), ("distance", 0.0, 0.4)):
        value = float(np.clip(generator.normal(mean, deviation), -0.9, 0.9))
        targets[f"armslegs/r-hand-fingers-{name}-{'incr' if value > 0 else 'decr'}"] = abs(value)
    for name in ("fat", "muscle"):
        value = float(np.clip(generator.normal(0, 0.4), -0.9, 0.9))
        targets[f"armslegs/r-lowerarm-{name}-{'incr' if value > 0 else 'decr'}"] = abs(value)
    return targets
