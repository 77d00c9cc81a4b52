"""Build the ROS 2 workspace inside the venv whose Python runs this: ``.venv/bin/python workspace/build.py``.

Three steps, each safe to repeat: mend the CMake files of the ROS 2 wheels, colcon-build tf2_msgs and this package into
<venv>/workspace/install, and have the venv's Python find them without sourcing anything.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
PREFIX = Path(sys.prefix)
WORKSPACE = PREFIX / "workspace"

# The wheels name the folders of the machine that they were built on. Group 1 tells numpy's headers from Python's.
FOREIGN_INCLUDE = re.compile(
    r"/opt/python/cp3\d+-cp3\d+/(?:lib/python3\.\d+/site-packages/(numpy)/\w+/include|include/python3\.\d+)"
)


SCRIPT = """\
#!{python}
import sys

from hand_pose_ros.cli import main

if __name__ == "__main__":  # processes that `render` and `train` start import this file again
    sys.exit(main())
"""


def link(path: Path, target: Path) -> None:
    """Make ``path`` a symbolic link to ``target``, whatever it was a link to."""
    if path.is_symlink() and path.readlink() == target:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.symlink_to(target, target_is_directory=True)


def local_include(foreign: re.Match) -> str:
    """The include folder on this machine that one of the build machine stands for."""
    if foreign.group(1):
        import numpy

        return numpy.get_include()
    return sysconfig.get_path("include")


def mend_wheels() -> int:
    """Rewrite the build machine's include folders in the wheels' CMake files to ours; return the number of files."""
    changed = 0
    for path in (PREFIX / "share").glob("*/cmake/*.cmake"):
        text = path.read_text()
        mended = FOREIGN_INCLUDE.sub(local_include, text)
        if mended != text:
            path.write_text(mended)
            changed += 1
    return changed


def install_hook() -> None:
    """Have the venv find ROS, the messages and the checkout at every start, and give it the command ``hand_pose_ros``.

    Links to the checkout, no copies: who edits the checkout installs nothing again. Python runs .pth files in the order
    of their names, so this one comes before ros_wheels_bootstrapper.pth.
    """
    site_packages = Path(sysconfig.get_path("purelib"))
    shutil.copy(REPOSITORY / "workspace" / "environment.py", site_packages / "hand_pose_ros_environment.py")
    (site_packages / "hand_pose_ros_environment.pth").write_text("import hand_pose_ros_environment\n")
    link(WORKSPACE / "python" / "hand_pose_ros", REPOSITORY / "hand_pose_ros")
    script = PREFIX / "bin" / "hand_pose_ros"
    script.write_text(SCRIPT.format(python=PREFIX / "bin" / "python"))
    script.chmod(0o755)


def link_sources() -> Path:
    """Return the workspace's src folder, holding links to the checkout and to tf2_msgs.

    CMake refuses to install targets whose include folders (numpy's, in the venv) lie inside the source folder, and the
    venv usually lies in the checkout. Seen through the link it does not.
    """
    sources = WORKSPACE / "src"
    link(sources / "hand_pose_ros", REPOSITORY)
    link(sources / "tf2_msgs", REPOSITORY / "workspace" / "tf2_msgs")
    return sources


def colcon_build() -> None:
    """Build into the venv. Symbolic links, so that launch, config and models files too are those of the checkout."""
    sources = link_sources()
    (WORKSPACE / "install").mkdir(parents=True, exist_ok=True)
    command = [
        PREFIX / "bin" / "colcon", "--log-level", "error", "--log-base", WORKSPACE / "log", "build",
        "--merge-install", "--symlink-install",
        "--base-paths", sources / "hand_pose_ros", sources / "tf2_msgs",
        "--build-base", WORKSPACE / "build",
        "--install-base", WORKSPACE / "install",
        "--cmake-args", "-DBUILD_TESTING=OFF", f"-DPython3_EXECUTABLE={sys.executable}",
    ]  # fmt: skip
    path = os.pathsep.join([str(PREFIX / "bin"), os.environ.get("PATH", "")])
    environment = {**os.environ, "PATH": path}
    subprocess.run([str(part) for part in command], check=True, env=environment, cwd=WORKSPACE)


def main() -> int:
    """Run the three steps."""
    print(f"mended {mend_wheels()} CMake files of the ROS 2 wheels", flush=True)
    install_hook()
    colcon_build()
    return 0


if __name__ == "__main__":
    sys.exit(main())
