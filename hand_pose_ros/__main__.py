"""``python -m hand_pose_ros``: the same as the command ``hand_pose_ros``."""

import sys

from hand_pose_ros.cli import main

sys.exit(main())
