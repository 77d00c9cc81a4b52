"""Run at every start of the venv's Python (by the .pth file beside it): ROS 2 works there without sourcing anything.

Names the workspace and the venv in AMENT_PREFIX_PATH, CMAKE_PREFIX_PATH and LD_LIBRARY_PATH; the checkout's modules and
the generated messages in sys.path. What the caller names already (a sourced install/setup.bash) stays in front.
``workspace/build.py`` copies this file into the venv's site-packages.

The dynamic linker reads LD_LIBRARY_PATH only when a process starts, so the process has to start once more: that does
``ros_wheels_bootstrapper``, which pip installs with rclpy, and whose .pth file runs after ours.
"""

import os
import sys

CHECKOUT = f"{sys.prefix}/workspace/python"
INSTALL = f"{sys.prefix}/workspace/install"
GENERATED = f"{INSTALL}/lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"


def add(variable, *folders):
    """Append to a path variable the folders it lacks; return True if any was lacking."""
    present = [folder for folder in os.environ.get(variable, "").split(os.pathsep) if folder]
    lacking = [folder for folder in folders if folder not in present]
    os.environ[variable] = os.pathsep.join(present + lacking)
    return bool(lacking)


add("AMENT_PREFIX_PATH", INSTALL, sys.prefix)
add("CMAKE_PREFIX_PATH", INSTALL, sys.prefix)
if add("LD_LIBRARY_PATH", f"{INSTALL}/lib", f"{sys.prefix}/lib"):
    # The guard may be inherited from a process of another venv: have this process started again for our libraries.
    os.environ.pop("_ROS_WHEELS_BOOTSTRAP_COMPLETE", None)
sys.path += [folder for folder in (CHECKOUT, GENERATED) if folder not in sys.path]
