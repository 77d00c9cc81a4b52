"""Tests marked ``makehuman`` draw hands: they are skipped, with the reason, where that is impossible."""

from __future__ import annotations

import functools
import importlib.util
import os

import pytest

from hand_pose_ros.training.renderer.makehuman import FOLDER_VARIABLE


@functools.cache
def what_is_missing() -> str:
    """Why nothing can be drawn here; empty if it can."""
    if not os.environ.get(FOLDER_VARIABLE):
        return f"set {FOLDER_VARIABLE} to MakeHuman's data folder"
    if importlib.util.find_spec("moderngl") is None:
        return "pip install moderngl"
    from hand_pose_ros.training.renderer.context import NoContextError, context

    try:
        context()
    except NoContextError as error:
        return str(error)
    return ""


def pytest_runtest_setup(item):
    if item.get_closest_marker("makehuman") and (reason := what_is_missing()):
        pytest.skip(reason)
