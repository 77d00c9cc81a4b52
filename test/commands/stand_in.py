"""``hand_pose_ros run`` with a perception that needs no weights: the real command, the other nodes real.

stand_in.py run ARGUMENTS...        the command
stand_in.py node --ros-args ...     the stand-in for hand_pose_node; $STAND_IN says how it behaves
"""

from __future__ import annotations

import os
import signal
import sys
import time


def command(arguments) -> int:
    from hand_pose_ros import cli
    from hand_pose_ros.commands._run_plan import RunPlan

    real = RunPlan.command

    def replaced(plan, node):
        given = real(plan, node)
        return [sys.executable, __file__, "node", *given[3:]] if node == "hand_pose_node" else given

    RunPlan.command = replaced
    return cli.main(["run", *arguments])


def node(arguments) -> int:
    from rclpy.node import Node
    from rclpy.qos import DurabilityPolicy, QoSProfile, qos_profile_sensor_data
    from sensor_msgs.msg import Image

    from hand_pose_ros.msg import HandPoseArray, HandPoseInfo
    from hand_pose_ros.nodes.conversions import info_message
    from hand_pose_ros.nodes.executable import run_node

    behaviour = os.environ.get("STAND_IN", "")

    class StandIn(Node):
        def __init__(self):
            super().__init__("hand_pose_node")
            self.seen = 0
            self.hands = self.create_publisher(HandPoseArray, "hands", 10)
            latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
            self.info = self.create_publisher(HandPoseInfo, "hand_pose_info", latched)
            self.info.publish(info_message(Image().header, "stand_in", "cpu", "0"))
            if behaviour == "refuses":
                raise RuntimeError("the weights are not there")
            self.create_subscription(Image, "image", self.work, qos_profile_sensor_data)

        def work(self, image):
            self.seen += 1
            if behaviour == "dies" and self.seen > 5:
                raise SystemExit(3)
            if behaviour != "silent":
                message = HandPoseArray(header=image.header, image_width=image.width, image_height=image.height)
                message.hands = [one_hand(image.header)] if self.seen > 1 else []
                self.hands.publish(message)

    if behaviour == "stubborn":
        run = run_node(StandIn, arguments)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        time.sleep(600.0)
        return run
    return run_node(StandIn, arguments)


def one_hand(header):
    from hand_pose_ros.msg import HandPose, Pixel

    hand = HandPose(header=header, id=4, handedness=HandPose.HANDEDNESS_LEFT, score=0.9, status=2)
    hand.keypoints = [Pixel(x=20.0 + 2.0 * number, y=40.0) for number in range(21)]
    hand.box.center, hand.box.width, hand.box.height = Pixel(x=40.0, y=40.0), 50.0, 30.0
    return hand


if __name__ == "__main__":
    sys.exit(command(sys.argv[2:]) if sys.argv[1] == "run" else node(sys.argv[1:]))
