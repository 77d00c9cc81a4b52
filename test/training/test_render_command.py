"""``hand_pose_ros render`` as a user meets it: what is missing is said in one line, and the exit status tells."""

from __future__ import annotations

import pytest

from hand_pose_ros.cli import main
from hand_pose_ros.training.renderer.makehuman import FOLDER_VARIABLE


@pytest.mark.parametrize("action", ["clip", "poses", "crops", "frames", "speed"])
def test_without_the_files_it_says_how_to_get_them(action, tmp_path, capsys, monkeypatch):
    monkeypatch.delenv(FOLDER_VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)
    assert main(["render", action]) == 1
    assert f"--makehuman DIR or set {FOLDER_VARIABLE}" in capsys.readouterr().err
    assert main(["render", action, "--makehuman", str(tmp_path)]) == 1
    assert "makehumancommunity/makehuman" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_senseless_count_is_refused(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["render", "crops", "--count", "0"])
    assert stopped.value.code == 2
    assert "give a number from 1" in capsys.readouterr().err
