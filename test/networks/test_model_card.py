"""Model cards: what is read, and what is refused with the reason."""

import pytest
import yaml

from hand_pose_ros.networks.model_card import ModelCardError, available_models, find_card, read_card
from hand_pose_ros.networks.model_files import cards_folder


@pytest.mark.parametrize("path", sorted(cards_folder().glob("*.yaml")), ids=lambda path: path.stem)
def test_the_packages_cards_are_valid_and_say_where_weights_come_from(path):
    card = read_card(path)
    assert card.source
    assert card.licence
    assert card.data, "a card lists what its weights were trained on"
    assert 0 < card.pose["keypoint_stddev"] < 0.1
    assert set(card.stages()) >= {"localiser", "pose"}


def test_a_card_is_read(toys):
    folder = toys(metrics={"error": 0.5}, data=["drawn"], lifter=None)
    card = find_card("toy", folder)
    assert (card.name, card.licence, card.metrics, card.lifter) == ("toy", "Apache-2.0", {"error": 0.5}, None)
    assert card.folder == folder
    assert list(card.stages()) == ["localiser", "pose"]
    assert list(available_models(folder)) == ["toy"]


def test_an_unknown_model_lists_those_there_are(toys):
    with pytest.raises(ModelCardError, match=r"model 'mediapipe' is not in .*there are: toy"):
        find_card("mediapipe", toys())
    with pytest.raises(ModelCardError, match="is not in"):
        find_card("../cards/toy", toys())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "other"}, "name is 'other'.*'toy'"),
        ({"licence": ...}, "card lacks licence"),
        ({"licnece": "MIT"}, "card has unknown keys licnece"),
        ({"metrics": "fast"}, "metrics is 'fast': give a dict"),
        ({"data": {"a": 1}}, "data is .*: give a list"),
        ({"pose": 3}, "pose is 3: give a dict"),
        ({"pose__network": "no.such.Network"}, "pose.network is 'no.such.Network'"),
        ({"pose__network": "os"}, "pose.network is 'os'"),
        ({"pose__network": ...}, "pose lacks network"),
        ({"pose__stride": 2}, "pose has unknown keys stride"),
        ({"pose__input_size": ...}, "pose.input_size is None: give pixels"),
        ({"pose__input_size": "224"}, "pose.input_size is '224'"),
        ({"pose__sees": "left"}, "pose.sees is 'left': give one of both, right"),
        ({"pose__keypoint_stddev": 2}, "pose.keypoint_stddev is 2: give a number above 0, at most 0.5"),
        ({"pose__depth_gain": "1"}, "pose.depth_gain is '1': give a number"),
        ({"localiser__box_scale": -1}, "localiser.box_scale is -1"),
        ({"localiser__iou": True}, "localiser.iou is True"),
        ({"pose__arguments": [1]}, r"pose.arguments is \[1\]"),
        ({"localiser__suppression": "soft"}, "localiser.suppression is 'soft'"),
        ({"localiser__weights": "palm.tflite"}, "localiser.weights is 'palm.tflite': give file and sha256"),
        ({"localiser__weights": {"file": "palm.tflite"}}, "localiser.weights lacks sha256"),
        ({"pose__weights__file": "../../etc/passwd"}, "bare .tflite or .safetensors"),
        ({"pose__weights__file": "weights.pth"}, "bare .tflite or .safetensors"),
        ({"pose__weights__sha256": "abc"}, "64 hexadecimal digits"),
        ({"pose__weights__wheel": "mediapipe==0.10.21"}, "wheel and member together"),
        (
            {"pose__weights": {"file": "a.tflite", "train": "make it", "wheel": "a==1", "member": "a"}},
            "pose.weights lacks sha256",
        ),
        ({"localiser__upright": "yes"}, "localiser.upright is 'yes': give one of True, False"),
        ({"localiser__mask_threshold": 1.5}, "localiser.mask_threshold is 1.5: give a number above 0, at most 1"),
    ],
)
def test_a_wrong_card_is_refused_with_file_and_key(toys, change, message):
    with pytest.raises(ModelCardError, match=message) as caught:
        find_card("toy", toys(**change))
    assert "toy.yaml" in str(caught.value)


NO_CARDS = [
    b"", b"- a\n- b\n", b"a: [", b"\xff\xfe\x00", yaml.safe_dump("text").encode(), bytes(100), bytes(range(256)),
    b"a: 1\n---\nb: 2\n", b"[" * 20_000, b"!!python/object/apply:os.system ['true']", b"5",
]  # fmt: skip


@pytest.mark.parametrize("content", NO_CARDS, ids=range(len(NO_CARDS)))
def test_what_is_no_card_is_refused(tmp_path, content):
    path = tmp_path / "toy.yaml"
    path.write_bytes(content)
    with pytest.raises(ModelCardError, match=r"toy\.yaml") as error:
        read_card(path)
    assert "docs/adding_a_model.md" in str(error.value)
