"""Hands as RViz markers: bones, joints and a label for each, in a namespace of their own."""

from __future__ import annotations

from builtin_interfaces.msg import Duration
from geometry_msgs.msg import Point, Vector3
from std_msgs.msg import ColorRGBA
from visualization_msgs.msg import Marker, MarkerArray

from hand_pose_ros.hand import BONES, WRIST
from hand_pose_ros.msg import HandPose, HandPoseArray
from hand_pose_ros.overlay import HELD_COLOUR, SIDE_COLOURS, finger_colour

BONE_WIDTH_M, JOINT_DIAMETER_M, LABEL_HEIGHT_M, LABEL_OFFSET_M = 0.005, 0.010, 0.025, 0.03
_BONES_ID, _JOINTS_ID, _LABEL_ID = 0, 1, 2
_SIDES = {HandPose.HANDEDNESS_LEFT: "left", HandPose.HANDEDNESS_RIGHT: "right"}


class HandMarkers:
    """Turns messages into markers, and deletes those of hands that went away. ``lifetime_s`` 0: until deleted."""

    def __init__(self):
        self._shown: set[str] = set()

    def update(self, message: HandPoseArray, lifetime_s: float) -> MarkerArray:
        """The markers for one message. Hands without metres have no place in space and get none."""
        hands = [hand for hand in message.hands if hand.metric]
        markers = [marker for hand in hands for marker in hand_markers(hand, lifetime_s)]
        shown = {namespace(hand) for hand in hands}
        gone = [deletion(message.header, name, number) for name in sorted(self._shown - shown) for number in range(3)]
        self._shown = shown
        return MarkerArray(markers=gone + markers)


def namespace(hand: HandPose) -> str:
    """One namespace for each hand, such as ``right_hand_2``: RViz can hide and show them one by one."""
    return f"{_SIDES.get(hand.handedness, 'unknown')}_hand_{hand.id}"


def hand_markers(hand: HandPose, lifetime_s: float) -> list[Marker]:
    """Bones, joints and label of one metric hand, in the frame and at the stamp of its header."""
    return [bones(hand, lifetime_s), joints(hand, lifetime_s), label(hand, lifetime_s)]


def bones(hand: HandPose, lifetime_s: float) -> Marker:
    """20 lines in the colour of the side."""
    marker = _marker(hand, _BONES_ID, Marker.LINE_LIST, lifetime_s)
    marker.scale = Vector3(x=BONE_WIDTH_M)
    marker.points = [hand.joints[index] for bone in BONES for index in bone]
    return marker


def joints(hand: HandPose, lifetime_s: float) -> Marker:
    """21 balls in the colours of the fingers, as on the overlay."""
    marker = _marker(hand, _JOINTS_ID, Marker.SPHERE_LIST, lifetime_s)
    marker.scale = Vector3(x=JOINT_DIAMETER_M, y=JOINT_DIAMETER_M, z=JOINT_DIAMETER_M)
    marker.points = list(hand.joints)
    held = hand.status == HandPose.STATUS_PREDICTED
    marker.colors = [colour(HELD_COLOUR if held else finger_colour(index)) for index in range(len(hand.joints))]
    return marker


def label(hand: HandPose, lifetime_s: float) -> Marker:
    """Id, side and distance above the highest joint (y points down)."""
    marker = _marker(hand, _LABEL_ID, Marker.TEXT_VIEW_FACING, lifetime_s)
    marker.scale = Vector3(z=LABEL_HEIGHT_M)
    top, wrist = min(hand.joints, key=lambda joint: joint.y), hand.joints[WRIST]
    marker.pose.position = Point(x=top.x, y=top.y - LABEL_OFFSET_M, z=top.z)
    marker.text = f"{hand.id} {_SIDES.get(hand.handedness, '?')} {wrist.z:.2f} m"
    return marker


def deletion(header, name: str, number: int) -> Marker:
    """Takes one marker away."""
    return Marker(header=header, ns=name, id=number, action=Marker.DELETE)


def colour(rgb: tuple[int, int, int], alpha: float = 1.0) -> ColorRGBA:
    """RGB 0 to 255 as a message."""
    red, green, blue = (value / 255.0 for value in rgb)
    return ColorRGBA(r=red, g=green, b=blue, a=alpha)


def _marker(hand, number, kind, lifetime_s) -> Marker:
    marker = Marker(header=hand.header, ns=namespace(hand), id=number, type=kind, action=Marker.ADD)
    marker.pose.orientation.w = 1.0
    held = hand.status == HandPose.STATUS_PREDICTED
    marker.color = colour(HELD_COLOUR if held else SIDE_COLOURS.get(_SIDES.get(hand.handedness), HELD_COLOUR))
    whole = int(lifetime_s)
    marker.lifetime = Duration(sec=whole, nanosec=round((lifetime_s - whole) * 1e9))
    return marker
