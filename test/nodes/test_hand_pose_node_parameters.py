"""Parameters of the perception node over the parameter services: descriptors, changes at run time, refusals."""

from __future__ import annotations

import pytest

pytest.importorskip("rclpy")
from rcl_interfaces.msg import ParameterType
from rcl_interfaces.srv import DescribeParameters, GetParameters, ListParameters

from hand_pose_ros.nodes.parameters import names

pytestmark = pytest.mark.ros


def own_names(bench):
    return names(bench.node.settings) + names(bench.node.pipeline_settings)


def test_every_parameter_has_a_description_and_every_number_a_range(live):
    bench = live(state="unconfigured")
    listed = bench.call(ListParameters, "hand_pose_node/list_parameters").result.names
    own = [name for name in listed if name in own_names(bench)]
    assert set(own) == set(own_names(bench))
    assert {"model", "hand_scale_m", "estimator.max_hands", "tracking.hold_s", "filter.beta", "cameras"} < set(own)
    for each in bench.call(DescribeParameters, "hand_pose_node/describe_parameters", names=own).descriptors:
        assert len(each.description) > 20, each.name
        if each.type == ParameterType.PARAMETER_INTEGER:
            assert each.integer_range, each.name
        if each.type == ParameterType.PARAMETER_DOUBLE:
            assert each.floating_point_range, each.name
        if each.name in ("model", "device", "threads", "cameras", "image_transport"):
            assert "not active" in each.additional_constraints, each.name


def test_thresholds_filters_and_scale_change_while_it_runs(live, wait):
    bench = live()
    hands = bench.hands()
    assert bench.set(
        estimator__max_hands=1, filter__beta=2.5, filter__enabled=False, tracking__hold_s=0.4, hand_scale_m=0.1
    ).successful
    bench.calibrate()
    bench.send_image()
    wait(lambda: hands)
    used = bench.pipeline.settings
    assert (used.estimator.max_hands, used.filter.beta, used.filter.enabled) == (1, 2.5, False)
    assert used.tracking.hold_s == 0.4
    assert hands[0].hands[0].hand_scale == pytest.approx(0.1)
    assert hands[0].hands[0].hand_scale_source == hands[0].hands[0].HAND_SCALE_USER


def test_a_whole_number_will_do_for_a_length_of_time(shared):
    assert shared.set(max_age_s=1).successful
    assert shared.node.settings.max_age_s == 1.0
    assert isinstance(shared.node.settings.max_age_s, float)


@pytest.mark.parametrize(
    ("name", "value"),
    [("model", "mediapipe_lite"), ("device", "cpu"), ("threads", 2), ("cameras", ["a"]), ("image_transport", "raw")],
)
def test_what_the_networks_are_made_of_changes_only_while_inactive(live, name, value):
    bench = live()
    result = bench.set(**{name: value})
    assert not result.successful
    assert "inactive" in result.reason
    assert name in result.reason
    assert bench.set(**{name: getattr(bench.node.settings, name) or [""] if name == "cameras" else
                        getattr(bench.node.settings, name)}).successful  # fmt: skip
    assert bench.transition("deactivate")
    assert bench.set(**{name: value}).successful
    assert bench.transition("activate")


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"estimator__max_hands": 17}, "17"),
        ({"estimator__min_score": 1.5}, "1.5"),
        ({"estimator__min_score": float("nan")}, "nan"),
        ({"estimator__min_score": "high"}, "estimator.min_score"),
        ({"hand_scale_m": 0.01}, "0.02"),
        ({"hand_scale_m": -0.1}, "-0.1"),
        ({"max_age_s": 1e9}, "1000000000"),
        ({"publish_tf": 1}, "type"),
        ({"nonsense": 1}, "undeclared"),
    ],
)
def test_wrong_values_are_refused_with_a_reason_and_change_nothing(shared, values, reason):
    bench = shared
    before = bench.node.settings, bench.node.pipeline_settings
    result = bench.set(lazy=True, **values)
    assert not result.successful
    assert reason in result.reason
    assert (bench.node.settings, bench.node.pipeline_settings) == before
    assert not bench.call(GetParameters, "hand_pose_node/get_parameters", names=["lazy"]).values[0].bool_value


def test_a_choice_names_what_there_is(shared):
    result = shared.set(image_transport="h264")
    assert not result.successful
    assert "raw, compressed, auto" in result.reason


def test_a_misspelt_parameter_is_told_with_the_likely_name(live, capfd):
    live(state="unconfigured", hand_scal_m=0.09)
    assert "did you mean hand_scale_m" in capfd.readouterr().err


def test_qos_can_be_overridden_by_parameters(live, wait):
    bench = live(**{"qos_overrides./image.subscription.reliability": "reliable", "image_transport": "raw"})
    wait(lambda: bench.probe.get_subscriptions_info_by_topic("/image"))
    profile = bench.probe.get_subscriptions_info_by_topic("/image")[0].qos_profile
    assert profile.reliability.name == "RELIABLE"
    info = bench.probe.get_subscriptions_info_by_topic("/camera_info")[0].qos_profile
    assert info.reliability.name == "BEST_EFFORT"
    assert bench.transition("deactivate")  # the overrides are declared once and used again
    assert bench.transition("activate")
    wait(lambda: bench.probe.get_subscriptions_info_by_topic("/image"))
    assert bench.probe.get_subscriptions_info_by_topic("/image")[0].qos_profile.reliability.name == "RELIABLE"
