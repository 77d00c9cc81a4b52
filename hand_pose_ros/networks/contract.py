"""What each stage of a model must return; checked once when a model is loaded."""

from __future__ import annotations

from collections.abc import Mapping

# Stage -> output -> (shape behind the batch axis, required). A is any number of candidates, M any size of a mask.
OUTPUTS = {
    "localiser": {
        "score": (("A",), True), "box": (("A", 4), True), "axis": (("A", 2, 2), True), "right": (("A",), False),
    },
    "mask": {"mask": (("M", "M"), True)},
    "pose": {
        "keypoints": ((21, 2), True), "presence": ((), True), "right": ((), True), "joints": ((21, 3), False),
        "depth": ((21,), False), "keypoint_stddev": ((21,), False), "keypoint_score": ((21,), False),
    },
    "lifter": {
        "joints": ((21, 3), True), "joint_stddev": ((21, 2), False), "keypoints": ((21, 2), False),
        "keypoint_stddev": ((21,), False), "distance": ((), False), "distance_stddev": ((), False),
    },
}  # fmt: skip


class ContractError(ValueError):
    """A network returns something else than its stage promises."""


def check_outputs(stage: str, outputs: Mapping, batch: int) -> None:
    """Raise ContractError unless ``outputs`` are those of ``stage`` for ``batch`` inputs; more outputs are allowed."""
    if not isinstance(outputs, Mapping):
        raise ContractError(f"{stage} network returned {type(outputs).__name__}: give a dict of arrays by name")
    free = _free_sizes(outputs)
    for name, (shape, required) in OUTPUTS[_kind(stage, outputs)].items():
        expected = (batch, *(free.get(size, size) for size in shape))
        if name not in outputs and required:
            raise ContractError(f"{stage} network lacks the output {name!r} of shape {expected}")
        if name in outputs and tuple(outputs[name].shape) != expected:
            found = tuple(outputs[name].shape)
            raise ContractError(f"{stage} network: output {name!r} has shape {found}, expected {expected}")


def _kind(stage: str, outputs: Mapping) -> str:
    """A localiser that returns a mask is held to that alone."""
    return "mask" if stage == "localiser" and "mask" in outputs else stage


def _free_sizes(outputs: Mapping) -> dict[str, int]:
    """The sizes that a network may choose, as it chose them."""
    first = {size: outputs[name].shape for name, size in (("score", "A"), ("mask", "M")) if name in outputs}
    return {size: shape[1] for size, shape in first.items() if len(shape) > 1}
