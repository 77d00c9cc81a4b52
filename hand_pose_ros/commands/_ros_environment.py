"""Environment variables of a ROS 2 of our own: a free domain on this machine only, and room for images in Fast DDS."""

from __future__ import annotations

import os
import shutil
import socket
from pathlib import Path

_FIRST_DOMAIN, _DOMAINS = 50, 50  # 0 to 101 are safe with Linux's ephemeral ports; people use the low ones
_ROOM_BYTES = 160 * 2**20  # four processes with 32 MB each, and some


def ros_environment(share: Path) -> dict[str, str]:
    """The environment for the nodes; what the user has set stays as it is. ``share`` holds ``config/fastdds.xml``."""
    environment = dict(os.environ)
    environment.setdefault("ROS_DOMAIN_ID", str(free_domain()))
    environment.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    if environment.get("ROS_DISTRO") == "humble":
        environment.setdefault("ROS_LOCALHOST_ONLY", "1")  # its name for the same; later ones warn of it
    environment["RCUTILS_COLORIZED_OUTPUT"] = "0"
    profiles = share / "config" / "fastdds.xml"
    if profiles.is_file() and has_room():
        environment.setdefault(profiles_variable(environment), str(profiles))
    return environment


def profiles_variable(environment: dict[str, str]) -> str:
    """The name under which Fast DDS looks for its profiles: it was renamed in version 3 (Kilted), with its package."""
    prefixes = environment.get("AMENT_PREFIX_PATH", "").split(os.pathsep)
    renamed = any((Path(prefix) / "share" / "fastdds").is_dir() for prefix in prefixes if prefix)
    return "FASTDDS_DEFAULT_PROFILES_FILE" if renamed else "FASTRTPS_DEFAULT_PROFILES_FILE"


def has_room() -> bool:
    """True if shared memory has room for images. Docker gives 64 MB unless told otherwise."""
    try:
        return shutil.disk_usage("/dev/shm").free >= _ROOM_BYTES
    except OSError:
        return False


def free_domain() -> int:
    """A ROS domain from 50 to 99 in which nobody on this machine listens."""
    start = os.getpid() % _DOMAINS
    domains = [_FIRST_DOMAIN + (start + step) % _DOMAINS for step in range(_DOMAINS)]
    return next((domain for domain in domains if _is_silent(domain)), domains[0])


def _is_silent(domain) -> bool:
    # DDS participants of a domain share its discovery port 7400 + 250 * domain (RTPS 2.5, 9.6.2.4).
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("", 7400 + 250 * domain))
        except OSError:
            return False
    return True
