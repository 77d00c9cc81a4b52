"""The command ``hand_pose_ros``: every module of ``hand_pose_ros/commands`` is a subcommand."""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import signal
import sys

from hand_pose_ros import commands
from hand_pose_ros.version import VERSION


def command_names() -> list[str]:
    """The subcommands: the modules of ``commands`` whose names do not begin with an underscore."""
    return sorted(item.name for item in pkgutil.iter_modules(commands.__path__) if not item.name.startswith("_"))


def load(name: str):
    """Import one subcommand's module: ``add_parser(subparsers)`` and ``main(args) -> int``."""
    return importlib.import_module(f"{commands.__name__}.{name}")


def build_parser(arguments: list[str]) -> argparse.ArgumentParser:
    """The parser for ``arguments``. Imports only the subcommand that they name: ``--version`` must not load torch."""
    parser = argparse.ArgumentParser(prog="hand_pose_ros", description="Metric 3D hands from any calibrated camera.")
    parser.add_argument("--version", action="version", version=VERSION)
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="command")
    names = command_names()
    named = [name for name in arguments[:1] if name in names]
    for name in named or names:
        load(name).add_parser(subparsers)
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run one subcommand; return its exit status (0 success, 1 failure, 2 wrong arguments)."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments == ["--version"]:
        print(VERSION)
        return 0
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C while modules are loaded needs no traceback
    args = build_parser(arguments).parse_args(arguments)
    command = load(args.command)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return command.main(args) or 0
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
