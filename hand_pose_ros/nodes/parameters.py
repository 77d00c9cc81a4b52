"""Settings dataclasses as ROS parameters: declared with descriptors and ranges, changed at run time, or refused.

Nested dataclasses become dotted names (``tracking.min_score``). A field made with ``setting(..., runtime=False)`` can
change only while the node is not active. ROS cannot tell the type of an empty list, so an empty tuple of strings
travels as ``[""]``.
"""

from __future__ import annotations

import difflib
from dataclasses import Field, fields, is_dataclass, replace

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.exceptions import InvalidParameterTypeException, InvalidParameterValueException

from hand_pose_ros.settings import check_value

_LARGEST_INTEGER, _LARGEST_FLOAT = 2**31 - 1, 1e9  # ROS ranges need both ends


class ParameterRefusedError(ValueError):
    """A parameter's value that cannot be used; the text names it and says what to do."""


def declare(node, settings, prefix: str = ""):
    """Declare every field of ``settings`` as a parameter of ``node``; return the settings with the given overrides."""
    values = {}
    for item in fields(settings):
        name, default = prefix + item.name, getattr(settings, item.name)
        if is_dataclass(default):
            values[item.name] = declare(node, default, f"{name}.")
        else:
            values[item.name] = _checked(name, item, _declare(node, name, item, default), default)
    return _replaced(settings, values)


def updated(settings, parameters, prefix: str = "", active: bool = False):
    """``settings`` with the changed rclpy ``parameters``; ParameterRefusedError with a reason if one is not allowed.

    Parameters of other owners (``use_sim_time``, QoS overrides) are left alone.
    """
    given = {parameter.name: parameter.value for parameter in parameters}
    values = {}
    for item in fields(settings):
        name, current = prefix + item.name, getattr(settings, item.name)
        if is_dataclass(current):
            values[item.name] = updated(current, parameters, f"{name}.", active)
        elif name in given:
            values[item.name] = _checked(name, item, given[name], current)
            if active and not item.metadata.get("runtime", True) and values[item.name] != current:
                raise ParameterRefusedError(
                    f"{name} = {given[name]!r} refused: it changes only while the node is inactive; deactivate it first"
                )
    return _replaced(settings, values)


def names(settings, prefix: str = "") -> list[str]:
    """Names of all parameters that ``settings`` stands for."""
    found = []
    for item in fields(settings):
        value = getattr(settings, item.name)
        found += names(value, f"{prefix}{item.name}.") if is_dataclass(value) else [prefix + item.name]
    return found


def misspelt(node, known) -> list[str]:
    """Overrides given to the node (file, command line) that no parameter takes, each as a sentence."""
    given = getattr(node, "_parameter_overrides", {})
    strange = [name for name in given if not node.has_parameter(name) and not name.startswith("qos_overrides.")]
    return [f"parameter {name} is not one of this node's and has no effect{_meant(name, known)}" for name in strange]


def describe(item: Field, default) -> ParameterDescriptor:
    """The descriptor of one settings field."""
    meta = item.metadata
    descriptor = ParameterDescriptor(description=meta.get("description", ""))
    descriptor.additional_constraints = _constraints(meta)
    low, high = meta.get("minimum"), meta.get("maximum")
    if isinstance(default, float):
        # YAML's "1" is an integer to ROS; refusing it for a length in metres would help nobody.
        descriptor.dynamic_typing = True
        if low is not None or high is not None:
            ends = (-_LARGEST_FLOAT if low is None else float(low), _LARGEST_FLOAT if high is None else float(high))
            descriptor.floating_point_range = [FloatingPointRange(from_value=ends[0], to_value=ends[1])]
    elif isinstance(default, int) and not isinstance(default, bool) and (low is not None or high is not None):
        ends = (-_LARGEST_INTEGER if low is None else low, _LARGEST_INTEGER if high is None else high)
        descriptor.integer_range = [IntegerRange(from_value=ends[0], to_value=ends[1], step=1)]
    elif isinstance(default, tuple):
        descriptor.dynamic_typing = True
    return descriptor


def _constraints(meta) -> str:
    texts = [] if meta.get("runtime", True) else ["Changes only while the node is not active."]
    if meta.get("choices"):
        texts.append(f"One of: {', '.join(map(str, meta['choices']))}.")
    return " ".join(texts)


def _declare(node, name, item, default):
    try:
        return node.declare_parameter(name, _to_ros(default), describe(item, default)).value
    except (InvalidParameterTypeException, InvalidParameterValueException) as error:
        raise ParameterRefusedError(f"parameter {name}: {error} ({item.metadata.get('description', '')})") from error


def _checked(name, item, value, current):
    """``value`` as the settings field wants it; ParameterRefusedError if it breaks type or limits."""
    if isinstance(current, tuple):
        value = _strings(name, value) if not current or isinstance(current[0], str) else tuple(value or ())
    elif isinstance(current, float) and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    elif isinstance(current, float) and not isinstance(value, float):
        raise ParameterRefusedError(f"{name} is {value!r}: give a number ({item.metadata.get('description', '')})")
    try:
        check_value(item, value)
    except ValueError as error:
        raise ParameterRefusedError(str(error).replace(item.name, name, 1)) from error
    return value


def _strings(name, value) -> tuple[str, ...]:
    # rclpy hands over lists of strings as lists, other lists as arrays, and an empty one as None or bytes.
    given = () if value is None else value
    if isinstance(given, (str, int, float)) or not all(isinstance(text, str) for text in given):
        raise ParameterRefusedError(f"{name} is {value!r}: give a list of strings, for example ['front', 'wrist']")
    return tuple(text for text in given if text)


def _to_ros(value):
    return (list(value) or [""]) if isinstance(value, tuple) else value


def _replaced(settings, values):
    try:
        return replace(settings, **values)
    except ValueError as error:
        raise ParameterRefusedError(str(error)) from error


def _meant(name, known) -> str:
    close = difflib.get_close_matches(name, known, 1)
    return f"; did you mean {close[0]}?" if close else ""
