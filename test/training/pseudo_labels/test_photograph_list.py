"""Sources of photographs and what is held back of them."""

from __future__ import annotations

import pytest

from hand_pose_ros.training.pseudo_labels.photograph_list import photographs


@pytest.fixture
def folder(tmp_path):
    for number in range(10):
        for source in ("letters/A", "letters/B", "photos/ann", "photos/bob"):
            path = tmp_path / source / f"IMG_{number + 90}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
    for source in ("letters", "photos/ann", "photos/bob"):
        (tmp_path / source / "LICENSE").touch()
    (tmp_path / "photos" / "ann" / "SOURCE.txt").touch()
    return tmp_path


def test_sources_are_the_folders_that_have_a_licence(folder):
    listed = photographs([folder / "letters", folder / "photos"])
    assert {photograph.source for photograph in listed} == {"letters", "ann", "bob"}
    assert len(listed) == 40
    assert not any(photograph.held_back for photograph in listed)


def test_whole_sources_and_the_end_of_others_are_held_back(folder):
    listed = photographs([folder / "letters", folder / "photos"], ["bob", "letters:0.2"])
    held_back = [photograph for photograph in listed if photograph.held_back]
    assert sum(photograph.source == "bob" for photograph in held_back) == 10
    # By number, not by name: 99 comes before 100 would.
    letters = sorted(photograph.path.name for photograph in held_back if photograph.source == "letters")
    assert letters == ["IMG_98.jpg", "IMG_98.jpg", "IMG_99.jpg", "IMG_99.jpg"]


def test_wrong_names_shares_and_empty_folders_are_refused(folder, tmp_path):
    with pytest.raises(ValueError, match="no source carl to hold back: there are ann, bob"):
        photographs([folder / "photos"], ["carl"])
    for wrong in ("ann:0", "ann:1.5", "ann:half"):
        with pytest.raises(ValueError, match="give NAME or NAME:SHARE"):
            photographs([folder / "photos"], [wrong])
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="holds no photographs"):
        photographs([tmp_path / "empty"])
