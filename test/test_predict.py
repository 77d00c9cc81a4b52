import json

import cv2
import numpy as np
import pytest

from hand_pose_ros import cli, prediction_run
from hand_pose_ros.networks.model_card import DEFAULT_MODEL

NUMBERS = {"type": "array", "items": "number"}


@pytest.fixture
def run(drawn, monkeypatch, tmp_path):
    """Calls the command with drawn hands' networks; returns its status and lines."""
    monkeypatch.setattr(prediction_run, "load_model", lambda *_: drawn.model())

    def call(*arguments):
        output = tmp_path / "out.jsonl"
        status = cli.main(["predict", *map(str, arguments), "--output", str(output)])
        return status, [json.loads(line) for line in output.read_text().splitlines()] if output.exists() else []

    return call


@pytest.fixture
def stills(drawn, tmp_path):
    folder = tmp_path / "stills"
    folder.mkdir()
    for n in range(3):
        image = drawn.blank()
        for k in range(n):  # 0, 1, 2 hands
            drawn.hand(image, (150 + 300 * k, 300), (150 + 300 * k, 230), "left" if k else "right")
        cv2.imwrite(str(folder / f"{n}.png"), image[:, :, ::-1])
    return folder


@pytest.fixture
def clip(drawn, tmp_path):
    path = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 30.0, (640, 480))
    for n in range(12):
        image = drawn.blank()
        drawn.hand(image, (200 + 5 * n, 300), (200 + 5 * n, 230))
        writer.write(np.ascontiguousarray(image[:, :, ::-1]))
    writer.release()
    return path


def check_shape(value, *shape):
    array = np.array(value, dtype=np.float64)
    assert array.shape == shape
    assert np.isfinite(array).all()
    return array


def check_schema(line, metric):
    """docs/predict.md, line by line."""
    assert {"image", "width", "height", "K", "model", "hands"} <= line.keys()
    assert isinstance(line["width"], int)
    assert (line["K"] is not None) == metric
    if metric:
        check_shape(line["K"], 4)
    for hand in line["hands"]:
        assert isinstance(hand["id"], int)
        assert hand["id"] >= 1
        assert hand["handedness"] in ("left", "right")
        assert 0.5 <= hand["handedness_score"] <= 1
        assert 0 <= hand["score"] <= 1
        assert hand["status"] in ("detected", "tracked", "predicted")
        check_shape(hand["box"]["centre_px"], 2)
        assert (check_shape(hand["box"]["size_px"], 2) > 0).all()
        assert -np.pi <= hand["box"]["angle_rad"] <= np.pi
        check_shape(hand["keypoints_px"], 21, 2)
        check_shape(hand["keypoint_scores"], 21)
        check_shape(hand["keypoint_stddev_px"], 21)
        check_shape(hand["normalized_joints"], 21, 3)
        if metric:
            check_shape(hand["joints_m"], 21, 3)
            assert (check_shape(hand["joint_stddev_m"], 21, 2) > 0).all()
            assert hand["hand_scale_m"] > 0
            assert hand["hand_scale_source"] in ("prior", "user", "calibrated", "depth")
        else:
            names = ("joints_m", "joint_stddev_m", "hand_scale_m", "hand_scale_stddev_m", "hand_scale_source")
            assert [hand[name] for name in names] == [None] * 5


def test_a_folder_without_a_camera(run, stills):
    status, lines = run(stills)
    assert status == 0
    assert [line["image"] for line in lines] == [str(stills / f"{n}.png") for n in range(3)]
    assert [len(line["hands"]) for line in lines] == [0, 1, 2]
    assert [hand["id"] for hand in lines[2]["hands"]] == [1, 2]
    for line in lines:
        check_schema(line, metric=False)
    assert (lines[0]["width"], lines[0]["height"], lines[0]["model"]) == (640, 480, DEFAULT_MODEL)


def test_metres_from_a_field_of_view_and_a_hand_scale(run, stills):
    status, lines = run(stills, "--fov", 60, "--hand-scale", 0.1)
    assert status == 0
    for line in lines:
        check_schema(line, metric=True)
    hand = lines[1]["hands"][0]
    assert (hand["hand_scale_m"], hand["hand_scale_source"]) == (0.1, "user")
    joints = np.array(hand["joints_m"])
    assert np.linalg.norm(joints[9] - joints[0]) == pytest.approx(0.1, rel=0.03)
    _, plain = run(stills, "--fov", 60)
    assert plain[1]["hands"][0]["hand_scale_source"] == "prior"


def test_metres_from_a_list(run, stills):
    entries = [
        {"image": "1.png", "width": 640, "height": 480, "K": [500, 500, 320, 240]},
        {"image": "2.png", "width": 640, "height": 480, "K": None},
        {"image": "1.png", "width": 320, "height": 240, "K": [500, 500, 160, 120]},
    ]
    (stills / "index.json").write_text(json.dumps(entries))
    status, lines = run(stills)
    assert [line["image"] for line in lines] == ["1.png", "2.png", "1.png"]
    check_schema(lines[0], metric=True)
    check_schema(lines[1], metric=False)
    assert lines[0]["K"] == [500, 500, 320, 240]
    assert "320 x 240" in lines[2]["error"]
    assert status == 1


@pytest.mark.parametrize(("width", "height", "good"), [(640, 480, True), (1280, 960, True), (640, 360, False)])
def test_a_calibration_file(run, stills, tmp_path, width, height, good):
    path = tmp_path / "camera.yaml"
    path.write_text(
        f"image_width: {width}\nimage_height: {height}\ncamera_name: test\n"
        "camera_matrix: {rows: 3, cols: 3, data: [500, 0, 320, 0, 510, 240, 0, 0, 1]}\n"
        "distortion_model: plumb_bob\n"
        "distortion_coefficients: {rows: 1, cols: 5, data: [0.1, -0.05, 0, 0, 0]}\n"
        "rectification_matrix: {rows: 3, cols: 3, data: [1, 0, 0, 0, 1, 0, 0, 0, 1]}\n"
        "projection_matrix: {rows: 3, cols: 4, data: [500, 0, 320, 0, 0, 510, 240, 0, 0, 0, 1, 0]}\n"
    )
    status, lines = run(stills, "--camera-info", path)
    assert status == (0 if good else 1)
    if not good:
        assert "640 x 360" in lines[1]["error"]
        return
    check_schema(lines[1], metric=True)
    assert lines[1]["K"][0] == 500 * 640 / width
    assert lines[1]["distortion"][:2] == [0.1, -0.05]


def test_a_video_is_followed(run, clip):
    status, lines = run(clip)
    assert status == 0
    assert [line["frame"] for line in lines] == list(range(12))
    assert [line["stamp_s"] for line in lines] == pytest.approx([n / 30 for n in range(12)], abs=1e-4)
    assert {hand["id"] for line in lines for hand in line["hands"]} == {1}
    assert [line["hands"][0]["status"] for line in lines] == ["detected"] + ["tracked"] * 11
    for line in lines:
        check_schema(line, metric=False)


def test_bad_pictures_are_reported_and_the_rest_is_done(run, stills):
    data = (stills / "1.png").read_bytes()
    (stills / "0.png").write_bytes(data[: len(data) // 2])
    (stills / "1.png").write_bytes(b"")
    status, lines = run(stills, stills / "missing.jpg")
    assert status == 1
    assert ["error" in line for line in lines] == [True, True, False, True]
    assert lines[0]["hands"] == []
    assert (lines[0]["width"], lines[0]["K"]) == (None, None)
    assert len(lines[2]["hands"]) == 2


def test_overlays(run, stills, clip, tmp_path):
    status, _ = run(stills, stills / "1.png", clip, "--overlay", tmp_path / "drawn")
    assert status == 0
    names = sorted(path.name for path in (tmp_path / "drawn").iterdir())
    assert names == ["0.jpg", "1-2.jpg", "1.jpg", "2.jpg", "clip.mp4"]
    plain, drawn = (cv2.imread(str(path)).astype(int) for path in (stills / "1.png", tmp_path / "drawn/1.jpg"))
    assert (np.abs(plain - drawn) > 60).any()
    assert cv2.VideoCapture(str(tmp_path / "drawn/clip.mp4")).get(cv2.CAP_PROP_FRAME_COUNT) == 12


@pytest.mark.parametrize(
    "arguments", [["--fov", "200"], ["--hand-scale", "3"], ["--max-hands", "0"], ["--min-score", "2"],
                  ["--camera-info", "/no/such.yaml"], ["--overlay", "/proc/nowhere"]],
)  # fmt: skip
def test_arguments_of_no_use_are_refused(run, stills, arguments, capsys):
    status, lines = run(stills, *arguments)
    assert status == 2
    assert lines == []
    assert "predict: " in capsys.readouterr().err


def test_an_unknown_model_is_refused(stills, capsys):
    assert cli.main(["predict", str(stills), "--model", "nothing"]) == 2
    assert "nothing" in capsys.readouterr().err


def test_lines_go_to_stdout_and_words_to_stderr(drawn, monkeypatch, stills, capsys):
    monkeypatch.setattr(prediction_run, "load_model", lambda *_: drawn.model())
    assert cli.main(["predict", str(stills)]) == 0
    captured = capsys.readouterr()
    assert len([json.loads(line) for line in captured.out.splitlines()]) == 3
    assert "3 images, 3 hands, 0 errors" in captured.err
