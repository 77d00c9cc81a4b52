"""visualization_node over real DDS: markers, overlay, laziness; pairing by stamp."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("rclpy")
from builtin_interfaces.msg import Time
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header
from visualization_msgs.msg import Marker, MarkerArray

from hand_pose_ros.camera import CameraModel
from hand_pose_ros.hand import BONES, LEFT, PREDICTED, RIGHT
from hand_pose_ros.msg import HandPoseArray
from hand_pose_ros.nodes.conversions import compressed_message, hand_array_message, image_message, rgb_from_image
from hand_pose_ros.nodes.markers import HandMarkers
from hand_pose_ros.nodes.stamp_pairs import StampPairs
from hand_pose_ros.nodes.visualization_node import FrameRate, VisualizationNode

pytestmark = pytest.mark.ros
WIDTH, HEIGHT = 160, 120
CAMERA = CameraModel.from_fov(WIDTH, HEIGHT, 60.0)


def header(number=1) -> Header:
    return Header(stamp=Time(sec=100, nanosec=number), frame_id="eye")


def hands_message(hands, number=1) -> HandPoseArray:
    return hand_array_message(hands, header(number), WIDTH, HEIGHT, True)


def grey_image(number=1) -> Image:
    return image_message(np.full((HEIGHT, WIDTH, 3), 90, np.uint8), header(number))


class Stage:
    """The node, with publishers of what it reads."""

    def __init__(self, desk, wait, *topics, transport="raw"):
        self.wait, self.desk = wait, desk
        self.node = desk.make(VisualizationNode, namespace="stage", image_transport=transport)
        kind, topic = (Image, "image") if transport == "raw" else (CompressedImage, "image/compressed")
        self.image = desk.probe.create_publisher(kind, f"/stage/{topic}", 10)
        self.hands = desk.probe.create_publisher(HandPoseArray, "/stage/hands", 10)
        kinds = {"overlay": Image, "markers": MarkerArray}
        for topic in topics:
            setattr(self, topic, desk.listen(kinds[topic], f"/stage/{topic}"))
        if topics:
            wait(lambda: self.hands.get_subscription_count() > 0)
        if "overlay" in topics:
            wait(lambda: self.image.get_subscription_count() > 0)


def test_markers_show_bones_joints_and_label_of_each_metric_hand(desk, wait, hand):
    stage = Stage(desk, wait, "markers")
    hands = [hand(CAMERA, id=4), hand(CAMERA, LEFT, id=7), hand(None, id=9)]
    stage.hands.publish(hands_message(hands))
    wait(lambda: stage.markers)
    markers = stage.markers[0].markers
    assert {(marker.ns, marker.type) for marker in markers} == {
        (name, kind)
        for name in ("right_hand_4", "left_hand_7")
        for kind in (Marker.LINE_LIST, Marker.SPHERE_LIST, Marker.TEXT_VIEW_FACING)
    }
    for marker in markers:
        assert marker.header == header()
        assert marker.action == Marker.ADD
        assert (marker.lifetime.sec, marker.lifetime.nanosec) == (0, 500_000_000)
        assert marker.pose.orientation.w == 1.0
        assert marker.color.a == 1.0
    bones, joints, label = (next(m for m in markers if m.ns == "right_hand_4" and m.id == n) for n in range(3))
    expected = hands[0].joints_m[[index for bone in BONES for index in bone]]
    assert [(p.x, p.y, p.z) for p in bones.points] == [tuple(row) for row in expected]
    assert [(p.x, p.y, p.z) for p in joints.points] == [tuple(row) for row in hands[0].joints_m]
    assert len(joints.colors) == 21
    assert label.text.split() == ["4", "right", f"{hands[0].joints_m[0, 2]:.2f}", "m"]
    assert label.pose.position.y < hands[0].joints_m[:, 1].min()
    left = next(marker for marker in markers if marker.ns == "left_hand_7" and marker.id == 0)
    assert left.color != bones.color


def test_markers_of_hands_that_went_are_deleted_once(desk, wait, hand):
    stage = Stage(desk, wait, "markers")
    for number, hands in enumerate([[hand(CAMERA, id=1), hand(CAMERA, LEFT, id=2)], [hand(CAMERA, id=1)], []], 1):
        stage.hands.publish(hands_message(hands, number))
    wait(lambda: len(stage.markers) == 3)
    gone = [[m.ns for m in message.markers if m.action == Marker.DELETE] for message in stage.markers]
    assert gone == [[], ["left_hand_2"] * 3, ["right_hand_1"] * 3]
    stage.hands.publish(hands_message([], 4))
    stage.hands.publish(hands_message([hand(CAMERA, id=3)], 5))
    wait(lambda: len(stage.markers) == 4)
    assert all(marker.action == Marker.ADD for marker in stage.markers[3].markers)


def test_hands_in_pixels_only_make_no_markers(hand):
    assert HandMarkers().update(hands_message([hand(None)]), 0.5).markers == []


def test_held_hands_are_grey(hand):
    seen, held = (
        HandMarkers().update(hands_message([hand(CAMERA, status=status)]), 0.5).markers
        for status in ("tracked", PREDICTED)
    )
    assert seen[0].color != held[0].color
    assert len({(c.r, c.g, c.b) for c in held[1].colors}) == 1


@pytest.mark.parametrize("hands_first", [False, True])
def test_the_overlay_has_the_image_of_its_stamp_with_the_hand_on_it(desk, wait, hand, hands_first):
    stage = Stage(desk, wait, "overlay")
    seen = hand(CAMERA, RIGHT)
    messages = [(stage.image, grey_image(2)), (stage.hands, hands_message([seen], 2))]
    stage.image.publish(grey_image(1))  # the perception dropped this one
    for publisher, message in reversed(messages) if hands_first else messages:
        publisher.publish(message)
    wait(lambda: stage.overlay)
    drawn = stage.overlay[0]
    assert drawn.header == header(2)
    assert (drawn.width, drawn.height, drawn.encoding) == (WIDTH, HEIGHT, "rgb8")
    changed = (rgb_from_image(drawn) != 90).any(axis=-1)
    for x, y in np.rint(seen.keypoints_px).astype(int):
        assert changed[y, x]
    assert not changed[-20:, -40:].any()
    assert len(stage.overlay) == 1


def test_the_overlay_of_compressed_images(desk, wait):
    stage = Stage(desk, wait, "overlay", transport="compressed")
    stage.image.publish(compressed_message(rgb_from_image(grey_image(5)), header(5)))
    stage.hands.publish(hands_message([], 5))
    wait(lambda: stage.overlay)
    assert stage.overlay[0].header == header(5)
    assert rgb_from_image(stage.overlay[0])[-10:, -10:].mean() == pytest.approx(90, abs=2)


def test_the_overlay_is_sent_without_hands_too(desk, wait):
    stage = Stage(desk, wait, "overlay")
    stage.image.publish(grey_image())
    stage.hands.publish(hands_message([]))
    wait(lambda: stage.overlay)


def test_it_works_only_while_somebody_looks(desk, wait):
    stage = Stage(desk, wait)
    assert not desk.probe.count_subscribers("/stage/hands")
    markers = desk.probe.create_subscription(MarkerArray, "/stage/markers", lambda message: None, 10)
    wait(lambda: stage.hands.get_subscription_count() == 1)
    assert stage.image.get_subscription_count() == 0
    overlay = desk.probe.create_subscription(Image, "/stage/overlay", lambda message: None, 10)
    wait(lambda: stage.image.get_subscription_count() == 1)
    desk.probe.destroy_subscription(overlay)
    wait(lambda: stage.image.get_subscription_count() == 0)
    desk.probe.destroy_subscription(markers)
    wait(lambda: stage.hands.get_subscription_count() == 0)


def test_an_image_that_cannot_be_drawn_on_is_refused_and_the_next_is_drawn(desk, wait):
    stage = Stage(desk, wait, "overlay")
    bad = grey_image(1)
    bad.encoding = "32FC1"
    for image, number in ((bad, 1), (grey_image(2), 2)):
        stage.image.publish(image)
        stage.hands.publish(hands_message([], number))
    wait(lambda: stage.overlay)
    assert stage.overlay[0].header == header(2)


def test_parameters(desk):
    from rclpy.parameter import Parameter

    node = desk.make(VisualizationNode)
    assert node.set_parameters([Parameter("marker_lifetime", value=2.0)])[0].successful
    assert node.settings.marker_lifetime == 2.0
    assert not node.set_parameters([Parameter("marker_lifetime", value=-1.0)])[0].successful
    assert "inactive" in node.set_parameters([Parameter("image_transport", value="compressed")])[0].reason


def test_pairs_keep_no_more_than_they_must():
    pairs = StampPairs(3)
    for number in range(1, 8):
        assert pairs.image(grey_image(number)) is None
    assert pairs.hands(hands_message([], 2)) is None  # forgotten by now
    image, hands = pairs.hands(hands_message([], 6))
    assert image.header == hands.header == header(6)
    assert [key[1] for key in pairs._images] == [7]
    assert not pairs._hands


def test_frame_rate(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("hand_pose_ros.nodes.visualization_node.time.monotonic", lambda: now[0])
    rate = FrameRate()
    assert rate.hertz() == 0.0
    for _ in range(40):
        now[0] += 0.05
        rate.tick()
    assert rate.hertz() == pytest.approx(20.0)


def test_rviz_shows_topics_that_are_sent():
    yaml = pytest.importorskip("yaml")
    config = Path(__file__).resolve().parents[2] / "config" / "hand_pose.rviz"
    displays = yaml.safe_load(config.read_text())["Visualization Manager"]["Displays"]
    topics = {entry["Topic"]["Value"]: entry["Class"].split("/")[1] for entry in displays if "Topic" in entry}
    assert topics == {"overlay": "Image", "image": "Image", "markers": "MarkerArray"}
    assert {"Grid", "TF"} <= {entry["Class"].split("/")[1] for entry in displays}
