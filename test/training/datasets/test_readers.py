"""Each reader on a tiny dataset in its published format, written here from a hand whose every joint is known."""

from __future__ import annotations

import json
import pickle

import cv2
import numpy as np
import pytest

pytest.importorskip("scipy", reason="STB's labels are MATLAB files (make venv installs scipy)")

from scipy.io import savemat

from hand_pose_ros.camera import CameraModel
from hand_pose_ros.hand import FINGERTIPS, KEYPOINT_NAMES
from hand_pose_ros.training.datasets import dexter_object, egodexter, ganerated, lsmv, stb, synthhands
from hand_pose_ros.training.datasets.array_pickle import read_pickle
from hand_pose_ros.training.datasets.formats import FORMATS, read_dataset

# Keypoint k lies at x = k cm, so that a wrong order shows.
JOINTS = np.stack([0.01 * np.arange(21) - 0.1, 0.002 * np.arange(21) ** 1.3 - 0.05, 0.6 + 0.001 * np.arange(21)], 1)
OTHER = JOINTS * (-1, 1, 1) + (0.0, 0.02, 0.1)
INDEX = {name: number for number, name in enumerate(KEYPOINT_NAMES)}
FINGERS = ("thumb", "index", "middle", "ring", "little")
JOINT_NAMES = {finger: [name for name in KEYPOINT_NAMES if name.startswith(finger)] for finger in FINGERS}


def rows(names) -> list[int]:
    return [INDEX[name] for name in names]


def picture(path, width, height):
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full((height, width, 3), 90, np.uint8))


def text(path, values):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(",".join(f"{value:.6f}" for value in np.ravel(values)))


def check(sample, joints=JOINTS, known=range(21), side=None, tolerance=1e-5):
    """The first hand is ``joints`` where ``known``, nothing elsewhere; pixels are where the camera sees them."""
    [hand, *_] = sample.hands
    unknown = [k for k in range(21) if k not in set(known)]
    np.testing.assert_allclose(hand.joints_m[list(known)], joints[list(known)], atol=tolerance)
    assert np.isnan(hand.joints_m[unknown]).all()
    assert np.isnan(hand.keypoints_px[unknown]).all()
    seen = sample.camera.project(joints[list(known)])
    np.testing.assert_allclose(hand.keypoints_px[list(known)], seen, atol=0.05)
    assert hand.handedness == side
    assert sample.image().shape == (sample.height, sample.width, 3)


def rhd(folder):
    order = ["wrist", *(name for finger in FINGERS for name in reversed(JOINT_NAMES[finger]))]
    matrix = np.array([[300.0, 0, 160], [0, 300, 160], [0, 0, 1]])
    camera = CameraModel(320, 320, matrix)
    xyz = np.concatenate([JOINTS[rows(order)], OTHER[rows(order)]])
    uv_vis = np.column_stack([camera.project(xyz), np.r_[np.ones(21), np.zeros(21)]])
    (folder / "evaluation").mkdir(parents=True)
    with (folder / "evaluation" / "anno_evaluation.pickle").open("wb") as file:
        pickle.dump({0: {"uv_vis": uv_vis, "xyz": xyz, "K": matrix}}, file, protocol=2)
    picture(folder / "evaluation" / "color" / "00000.png", 320, 320)


def test_rhd(tmp_path):
    rhd(tmp_path)
    [sample] = read_dataset(f"rhd:{tmp_path}:evaluation")
    check(sample, side="left")
    assert len(sample.hands) == 1  # nothing of the right hand is visible
    assert sample.exhaustive


def test_a_pickle_that_wants_to_run_something_is_refused(tmp_path):
    path = tmp_path / "evil.pickle"
    path.write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    with pytest.raises(ValueError, match=r"os\.system"):
        read_pickle(path)
    path.write_bytes(b"\x80\x02}q")
    with pytest.raises(ValueError, match="cannot be read"):
        read_pickle(path)


@pytest.mark.parametrize("kind", ["BB", "SK"])
def test_stb(tmp_path, kind):
    order = [name for finger in reversed(FINGERS) for name in JOINT_NAMES[finger]]
    joints_mm = 1e3 * JOINTS[rows(order)]
    if kind == "SK":  # labelled in the depth camera's frame
        turn = cv2.Rodrigues(np.array(stb.SK_ROTATION))[0]
        joints_mm = joints_mm @ turn.T + stb.SK_TRANSLATION_MM
    palm = np.zeros((1, 3))
    for name in ("B1Counting", "B1Random"):
        (tmp_path / "labels").mkdir(exist_ok=True)
        para = np.stack([np.concatenate([palm, joints_mm]).T] * 2, axis=2)
        savemat(tmp_path / "labels" / f"{name}_{kind}.mat", {"handPara": para})
        for number in range(2):
            picture(tmp_path / "images" / name / f"{stb.IMAGE[kind]}_{number}.png", 640, 480)
    samples = stb.read_stb(tmp_path, "evaluation", kind)
    assert len(samples) == 4
    check(samples[1], known=range(1, 21), side="left")


@pytest.mark.parametrize(("split", "images", "expected"), [("evaluation", 1, 1), ("training", 3, 2)])
def test_freihand(tmp_path, split, images, expected):
    matrix = [[220.0, 0, 112], [0, 220, 112], [0, 0, 1]]
    (tmp_path / f"{split}_K.json").write_text(json.dumps([matrix]))
    (tmp_path / f"{split}_xyz.json").write_text(json.dumps([JOINTS.tolist()]))
    for number in range(0, images, 2):  # training: the first version and the third
        picture(tmp_path / split / "rgb" / f"{number:08d}.jpg", 224, 224)
    samples = read_dataset(f"freihand:{tmp_path}:{split}")
    assert len(samples) == expected
    for sample in samples:
        check(sample, side="right")


def ganerated_files(folder, shift=0.0):
    enlargement, left, top = 1.6, 235.0, 170.0
    fx, fy, cx, cy = ganerated.INTRINSICS
    k = (fx * enlargement, fy * enlargement, (cx - left) * enlargement, (cy - top) * enlargement)
    pixels = CameraModel.from_intrinsics(256, 256, k).project(JOINTS) + shift
    part = folder / "data" / "noObject" / "0001"
    text(part / "0001_joint2D.txt", pixels)
    text(part / "0001_joint_pos_global.txt", 1e3 * JOINTS)
    text(part / "0001_crop_params.txt", (left, top, enlargement))
    picture(part / "0001_color_composed.png", 256, 256)


def test_ganerated(tmp_path):
    ganerated_files(tmp_path)
    [sample] = read_dataset(f"ganerated:{tmp_path}:noObject")
    check(sample, side="left")


def test_ganerated_without_a_camera_that_fits(tmp_path):
    ganerated_files(tmp_path, shift=20.0)
    [sample] = read_dataset(f"ganerated:{tmp_path}")
    assert sample.camera is None
    np.testing.assert_allclose(sample.hands[0].joints_m, JOINTS, atol=1e-6)


def test_synthhands(tmp_path):
    part = tmp_path / "male_object" / "seq02" / "cam03" / "01"
    text(part / "00000007_joint_pos.txt", 1e3 * JOINTS)
    picture(part / "00000007_color_on_depth.png", 640, 480)
    [sample] = read_dataset(f"synthhands:{tmp_path}:male_object")
    check(sample, side="left")
    assert sample.metadata["sequence"] == "seq02"
    with pytest.raises(ValueError, match="no <group>"):
        synthhands.read_synthhands(tmp_path, "female_object")


def to_depth(joints_m, to_colour) -> np.ndarray:
    return (1e3 * joints_m - to_colour[:, 3]) @ np.linalg.inv(to_colour[:, :3]).T


def line_of(points) -> str:
    return "; ".join(", ".join(f"{value:.4f}" for value in point) for point in points) + ";"


@pytest.mark.parametrize("sign", [(1, 1, 1), (-1, -1, 1)])
def test_dexter_object(tmp_path, sign):
    tips = to_depth(JOINTS[list(FINGERTIPS)], dexter_object.TO_COLOUR_MM)
    cube = np.full((3, 3), 7.0)
    written = np.concatenate([tips, cube]) * sign
    written[2, 2] = 32001  # the depth sensor saw nothing there
    notes = tmp_path / "data" / "Pinch" / "annotations"
    notes.mkdir(parents=True)
    seen = np.concatenate([dexter_object.DEPTH.project(tips), cube[:, :2]])
    (notes / "Pinch2D.txt").write_text(line_of(seen) + "\n")
    (notes / "Pinch3D.txt").write_text(line_of(written) + "\n")
    picture(tmp_path / "data" / "Pinch" / "color" / "image_00000.png", 640, 480)
    [sample] = read_dataset(f"dexter_object:{tmp_path}")
    check(sample, known=[tip for tip in FINGERTIPS if tip != FINGERTIPS[2]], side="left")


def egodexter_files(folder, pixels):
    tips = to_depth(JOINTS[list(FINGERTIPS)], egodexter.TO_COLOUR_MM)
    desk = folder / "data" / "Desk"
    desk.mkdir(parents=True)
    unseen_px, unseen_mm = np.full((5, 2), -1.0), np.zeros((5, 3))
    (desk / "annotation.txt").write_text(line_of(pixels(tips)) + "\n" + line_of(unseen_px) + "\n")
    (desk / "annotation.txt_3D.txt").write_text(line_of(tips) + "\n" + line_of(unseen_mm) + "\n")
    for number in range(2):
        picture(desk / "color" / f"image_{number:05d}_color.png", 640, 480)


def test_egodexter(tmp_path):
    egodexter_files(tmp_path, egodexter.DEPTH.project)
    [sample] = read_dataset(f"egodexter:{tmp_path}:Desk")  # an image without fingertips is left out
    check(sample, known=FINGERTIPS, side="left")
    with pytest.raises(ValueError, match="there are: Desk"):
        egodexter.read_egodexter(tmp_path, "Kitchen")


def test_fingertips_whose_annotations_disagree_are_refused(tmp_path):
    egodexter_files(tmp_path, lambda tips: egodexter.DEPTH.project(tips) + 100)
    with pytest.raises(ValueError, match="px from those of annotation"):
        egodexter.read_egodexter(tmp_path)


def test_lsmv(tmp_path):
    rotation, translation = np.array([0.1, -0.2, 0.3]), np.array([10.0, -20.0, 400.0])
    device_mm = (1e3 * JOINTS - translation) @ cv2.Rodrigues(rotation)[0]
    lines = [f"{name} {' '.join(map(str, device_mm[k]))}" for name, k in lsmv.KEYPOINTS.items()]
    frames = tmp_path / "annotated_frames" / "data_1"
    picture(frames / "12_webcam_3.jpg", 640, 480)
    (frames / "12_joints.txt").write_text("\n".join([*lines, "PALM_POSITION 0 0 0", "PALM_NORMAL 0 1 0"]))
    calibration = tmp_path / "calibrations" / "data_1" / "webcam_3"
    calibration.mkdir(parents=True)
    for name, value in (("rvec", rotation), ("tvec", translation)):
        (calibration / f"{name}.pkl").write_bytes(pickle.dumps(value.reshape(3, 1), protocol=2))
    [sample] = read_dataset(f"lsmv:{tmp_path}:data_1")
    check(sample, known=range(1, 21), side=None)
    assert lsmv.KEYPOINTS["F4_KNU1_B"] == INDEX["index_mcp"]
    assert lsmv.KEYPOINTS["F1_KNU3_A"] == INDEX["little_tip"]


def test_interhand(tmp_path):
    order = [*(name for finger in FINGERS for name in reversed(JOINT_NAMES[finger])), "wrist"]
    turn, place = cv2.Rodrigues(np.array([0.2, 0.1, -0.3]))[0], np.array([100.0, 50.0, -900.0])
    world = 1e3 * np.concatenate([JOINTS[rows(order)], OTHER[rows(order)]]) @ turn + place
    valid = np.ones((42, 1))
    valid[3] = 0  # the right thumb's CMC
    notes = tmp_path / "annotations" / "val"
    notes.mkdir(parents=True)
    image = {
        "id": 5,
        "file_name": "Capture0/a.jpg",
        "width": 512,
        "height": 334,
        "capture": 0,
        "camera": "400",
        "frame_idx": 9,
    }
    note = {"image_id": 5, "joint_valid": valid.tolist(), "hand_type": "interacting"}
    contents = {
        "data": {"images": [image], "annotations": [note]},
        "camera": {"0": {"campos": {"400": place.tolist()}, "camrot": {"400": turn.tolist()},
                         "focal": {"400": [900.0, 910.0]}, "princpt": {"400": [250.0, 160.0]}}},
        "joint_3d": {"0": {"9": {"world_coord": world.tolist(), "joint_valid": valid.tolist()}}},
    }  # fmt: skip
    for name, content in contents.items():
        (notes / f"InterHand2.6M_val_{name}.json").write_text(json.dumps(content))
    picture(tmp_path / "images" / "val" / "Capture0" / "a.jpg", 512, 334)
    [sample] = read_dataset(f"interhand:{tmp_path}")
    check(sample, known=[k for k in range(21) if k != INDEX["thumb_cmc"]], side="right")
    np.testing.assert_allclose(sample.hands[1].joints_m, OTHER, atol=1e-6)
    assert sample.hands[1].handedness == "left"


def coco(folder, **note):
    content = {
        "images": [{"id": 1, "file_name": "a.jpg", "width": 64, "height": 48}, {"id": 2, "file_name": "b.jpg"}],
        "annotations": [{"id": 7, "image_id": 1} | note],
    }
    (folder / "notes.json").write_text(json.dumps(content))
    return f"coco:{folder / 'notes.json'}:{folder / 'images'}"


def flat(points, first_flag=1):
    return np.column_stack([points, [first_flag] + [1] * 20]).ravel().tolist()


def test_coco_hands(tmp_path):
    points = np.column_stack([np.arange(21.0), 2 * np.arange(21.0)])
    [sample] = read_dataset(coco(tmp_path, keypoints=flat(points, first_flag=0)))
    assert sample.image_path == tmp_path / "images" / "a.jpg"
    assert np.isnan(sample.hands[0].keypoints_px[0]).all()
    np.testing.assert_array_equal(sample.hands[0].keypoints_px[1:], points[1:])
    assert (sample.hands[0].handedness, sample.hands[0].joints_m, sample.camera) == (None, None, None)


def test_coco_whole_body(tmp_path):
    points = np.ones((21, 2))
    [sample] = read_dataset(coco(tmp_path, lefthand_kpts=[0] * 63, righthand_kpts=flat(points)))
    assert [hand.handedness for hand in sample.hands] == ["right"]


@pytest.mark.parametrize(
    ("name", "message"),
    [("mano:/data", "format 'mano' is unknown"), ("rhd:{}:test", "split is 'test'"), ("stb:{}:test", "split 'test'"),
     ("freihand:{}:x", "FreiHAND has"), ("interhand:{}:x", "has train, val, test"), ("synthhands:{}", "no <group>"),
     ("ganerated:{}", "no data/"), ("dexter_object:{}", "no data/<sequence>"), ("egodexter:{}", "there are: none"),
     ("lsmv:{}", "no data_"), ("coco:{}/notes.json", "holds 2 numbers")],
)  # fmt: skip
def test_what_cannot_be_read_says_why(tmp_path, name, message):
    coco(tmp_path, keypoints=[1, 2])
    with pytest.raises(ValueError, match=message):
        read_dataset(name.format(tmp_path))


def test_missing_files_are_named(tmp_path):
    for name in set(FORMATS) - {"synthhands", "ganerated", "dexter_object", "egodexter", "lsmv"}:
        with pytest.raises(OSError, match=str(tmp_path)):
            read_dataset(f"{name}:{tmp_path}/nothing")


def test_wrong_numbers_of_numbers_are_named(tmp_path):
    ganerated_files(tmp_path)
    path = tmp_path / "data" / "noObject" / "0001" / "0001_joint2D.txt"
    path.write_text("1,2,3")
    with pytest.raises(ValueError, match=r"0001_joint2D.txt: holds 3 numbers, 42"):
        read_dataset(f"ganerated:{tmp_path}")
