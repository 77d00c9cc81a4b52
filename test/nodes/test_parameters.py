"""Settings dataclasses as parameters: types, ranges, nesting, refusals; the node that takes them is a bare one."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count

import pytest

pytest.importorskip("rclpy")
from rcl_interfaces.msg import ParameterType
from rclpy.node import Node
from rclpy.parameter import Parameter

from hand_pose_ros.nodes import parameters
from hand_pose_ros.nodes.node_settings import NodeSettings
from hand_pose_ros.nodes.parameters import ParameterRefusedError
from hand_pose_ros.pipeline import PipelineSettings
from hand_pose_ros.settings import setting

NUMBERS = count()


@dataclass(frozen=True)
class Inner:
    threshold: float = setting(0.5, "A threshold.", minimum=0.0, maximum=1.0)


@dataclass(frozen=True)
class Outer:
    limit: int = setting(3, "A limit.", minimum=1)
    speed: float = setting(1.0, "A speed.", minimum=0.0)
    kind: str = setting("a", "A kind.", choices=("a", "b"), runtime=False)
    names: tuple[str, ...] = setting((), "Names.")
    wanted: bool = setting(True, "Wanted.")
    inner: Inner = field(default=Inner())

    def __post_init__(self):
        if self.limit == 13:
            raise ValueError(f"limit is {self.limit}: give a lucky number")


@pytest.fixture
def node(ros):
    made = []

    def make(**overrides):
        given = [Parameter(name.replace("__", "."), value=value) for name, value in overrides.items()]
        made.append(Node(f"bare_{next(NUMBERS)}", context=ros, parameter_overrides=given))
        return made[-1]

    yield make
    for each in made:
        each.destroy_node()


def changed(**values):
    return [Parameter(name.replace("__", "."), value=value) for name, value in values.items()]


def test_overrides_reach_the_settings(node):
    got = parameters.declare(node(limit=7, names=["x", "y"], inner__threshold=0.25, speed=2), Outer())
    assert got == Outer(limit=7, names=("x", "y"), inner=Inner(0.25), speed=2.0)


def test_without_overrides_the_defaults_stay(node):
    assert parameters.declare(node(), Outer()) == Outer()
    assert parameters.declare(node(), NodeSettings()) == NodeSettings()
    assert parameters.declare(node(), PipelineSettings()) == PipelineSettings()


def test_an_empty_list_of_names_is_the_default(node):
    assert parameters.declare(node(names=[""]), Outer()).names == ()
    assert parameters.declare(node(names=[]), Outer()).names == ()


def test_descriptors_carry_meaning_ranges_and_choices(node):
    bare = node()
    parameters.declare(bare, Outer())
    limit, kind = bare.describe_parameter("limit"), bare.describe_parameter("kind")
    assert limit.description == "A limit."
    assert limit.type == ParameterType.PARAMETER_INTEGER
    assert (limit.integer_range[0].from_value, limit.integer_range[0].to_value) == (1, 2**31 - 1)
    assert bare.describe_parameter("inner.threshold").floating_point_range[0].to_value == 1.0
    assert "a, b" in kind.additional_constraints
    assert "not active" in kind.additional_constraints
    assert bare.describe_parameter("wanted").type == ParameterType.PARAMETER_BOOL


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ({"limit": 0}, ["limit", "0"]),
        ({"limit": "many"}, ["limit", "many"]),
        ({"limit": 2.5}, ["limit", "2.5"]),
        ({"speed": -1.0}, ["speed", "-1.0"]),
        ({"speed": "fast"}, ["speed", "fast"]),
        ({"speed": True}, ["speed", "True"]),
        ({"speed": float("inf")}, ["speed", "inf"]),
        ({"kind": "c"}, ["kind", "'c'", "a, b"]),
        ({"names": [1, 2]}, ["names", "[1, 2]"]),
        ({"names": "x"}, ["names", "'x'"]),
        ({"inner__threshold": 1.5}, ["inner.threshold", "1.5"]),
        ({"wanted": 1}, ["wanted", "1"]),
        ({"limit": 13}, ["13", "lucky"]),
    ],
)
def test_wrong_overrides_are_refused_with_their_name_and_value(node, overrides, words):
    with pytest.raises(ParameterRefusedError) as refused:
        parameters.declare(node(**overrides), Outer())
    for word in words:
        assert word in str(refused.value)


def test_updates_change_only_what_is_named():
    got = parameters.updated(Outer(limit=5), changed(inner__threshold=0.75, somebody_else=3))
    assert got == Outer(limit=5, inner=Inner(0.75))


def test_what_may_not_change_while_active_is_refused_unless_it_stays():
    with pytest.raises(ParameterRefusedError, match=r"kind = 'b'.*inactive"):
        parameters.updated(Outer(), changed(kind="b"), active=True)
    assert parameters.updated(Outer(), changed(kind="a"), active=True) == Outer()
    assert parameters.updated(Outer(), changed(kind="b")).kind == "b"


def test_a_deleted_parameter_is_refused():
    for name in ("limit", "speed", "kind", "wanted"):
        with pytest.raises(ParameterRefusedError, match=name):
            parameters.updated(Outer(), [Parameter(name, Parameter.Type.NOT_SET)])


def test_rules_over_several_fields_are_kept():
    with pytest.raises(ParameterRefusedError, match="lucky"):
        parameters.updated(Outer(), changed(limit=13))
    with pytest.raises(ParameterRefusedError, match="wrist"):
        parameters.updated(NodeSettings(cameras=("front",)), changed(mirrored_cameras=["wrist"]))
    with pytest.raises(ParameterRefusedError, match="once"):
        parameters.updated(NodeSettings(), changed(cameras=["front", "front"]))


def test_names_are_those_that_are_declared(node):
    bare = node()
    parameters.declare(bare, Outer())
    assert all(bare.has_parameter(name) for name in parameters.names(Outer()))
    assert parameters.names(Outer())[-1] == "inner.threshold"


def test_misspelt_overrides_are_found(node):
    bare = node(limmit=4, **{"qos_overrides./image.subscription.depth": 3})
    parameters.declare(bare, Outer())
    [text] = parameters.misspelt(bare, parameters.names(Outer()))
    assert "limmit" in text
    assert "did you mean limit" in text
