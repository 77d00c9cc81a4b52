"""Run at every start of the venv's Python (by the .pth file beside it): ROS 2 works there without sourcing anything.

Names the workspace and the venv in AMENT_PREFIX_PATH, CMAKE_PREFIX_PATH and LD_LIBRARY_PATH; the checkout's modules and
the generated messages in sys.path. What the caller names already (a sourced install/setup.bash) stays in front.
``workspace/build.py`` copies this file into the venv's site-packages.

The dynamic linker reads LD_LIBRARY_PATH only when a process starts, so the process starts once more. rclpy's wheel
brings ``ros_wheels_bootstrapper`` for that, but it orders the folders by chance, and a sourced workspace has libraries
of the same names as this one. So it is told that its work is done.
"""

import os
import sys
from pathlib import Path

CHECKOUT = f"{sys.prefix}/workspace/python"
INSTALL = f"{sys.prefix}/workspace/install"
PYTHON = f"lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"
RESTARTED = "HAND_POSE_ROS_RESTARTED"


def add(variable, *folders):
    """Append to a path variable the folders that it lacks; return True if it lacked any."""
    present = [folder for folder in os.environ.get(variable, "").split(os.pathsep) if folder]
    lacking = [folder for folder in folders if folder not in present]
    os.environ[variable] = os.pathsep.join(present + lacking)
    return bool(lacking)


add("AMENT_PREFIX_PATH", INSTALL, sys.prefix)
add("CMAKE_PREFIX_PATH", INSTALL, sys.prefix)
sys.path += [folder for folder in (CHECKOUT, f"{INSTALL}/{PYTHON}") if folder not in sys.path]

os.environ["_ROS_WHEELS_BOOTSTRAP_COMPLETE"] = "1"
libraries = [f"{INSTALL}/lib", f"{sys.prefix}/lib", *sorted(map(str, Path(sys.prefix, PYTHON).glob("ros_*.libs")))]
# Never twice: whoever takes LD_LIBRARY_PATH away from its children must not keep them from starting.
if add("LD_LIBRARY_PATH", *libraries) and os.environ.get(RESTARTED) != str(os.getpid()):
    os.environ[RESTARTED] = str(os.getpid())
    os.execve(sys.executable, sys.orig_argv, os.environ)
