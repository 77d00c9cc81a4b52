from dataclasses import replace

import numpy as np
import pytest

from hand_pose_ros.camera import CameraModel
from hand_pose_ros.camera_axes import rotation_onto
from hand_pose_ros.estimator import EstimatorSettings, HandEstimator, distinct
from hand_pose_ros.hand import HandScale
from hand_pose_ros.hand_scale import HandScales
from hand_pose_ros.still_looks import StillSettings

ONE_LOOK = StillSettings(refinements=0, mirrored=False)
CAMERA = CameraModel.from_fov(640, 480, 60.0)


def picture(drawn, angle=0.0, centre=(320, 240), length=70.0, side="right"):
    """An image with one hand turned clockwise by ``angle``, and its keypoints."""
    image = drawn.blank()
    up = np.array([np.sin(angle), -np.cos(angle)]) * length
    return image, drawn.hand(image, np.array(centre) - up / 2, np.array(centre) + up / 2, side)


@pytest.mark.parametrize("angle", np.linspace(-3.1, 3.1, 7))
@pytest.mark.parametrize("side", ["left", "right"])
def test_keypoints_are_found_whatever_the_turn(drawn, angle, side):
    image, keypoints = picture(drawn, angle, side=side)
    [hand] = HandEstimator(drawn.model())(image)
    assert np.abs(hand.keypoints_px - keypoints).max() < 2.0
    assert hand.handedness == side
    assert hand.handedness_score > 0.9
    assert hand.score == pytest.approx(0.97)


@pytest.mark.parametrize("sampling", ["centre", "corner"])
def test_pixel_conventions_have_no_bias(drawn, sampling):
    model, gaps = drawn.model(localiser={"sampling": sampling}, pose={"sampling": sampling}), []
    for shift in np.linspace(0, 9, 10):
        image, keypoints = picture(drawn, 0.3 * shift, (300 + shift * 1.1, 230 + shift * 0.7))
        [hand] = HandEstimator(model)(image)
        gaps.append(hand.keypoints_px - keypoints)
    # Half a crop pixel is 0.7 px here: a wrong convention shows.
    assert np.abs(np.mean(gaps, axis=(0, 1))).max() < 0.25


def test_a_network_that_sees_right_hands_is_shown_left_ones_mirrored(drawn):
    image, keypoints = picture(drawn, 0.5, side="left")
    estimator = HandEstimator(drawn.model(pose={"sees": "right"}))
    boxes = [[detection.box for detection in estimator.detect([image])[0]]]
    [[hand]] = estimator.observe([image], boxes, [None], [["left"]])
    assert np.abs(hand.keypoints_px - keypoints).max() < 2.0
    # Its joints come from the mirrored template, and are turned back with the keypoints.
    wanted = keypoints - keypoints[9]
    wanted = wanted / np.linalg.norm(np.append(wanted[0], drawn.template[0, 2] - drawn.template[9, 2]))
    assert np.abs(hand.normalized_joints[:, :2] - wanted).max() < 0.15


def test_a_one_sided_network_looks_again_at_hands_of_unknown_side(drawn):
    image = drawn.blank()
    left = drawn.hand(image, (150, 300), (170, 230), "left")
    right = drawn.hand(image, (480, 300), (470, 230), "right")
    model = drawn.model(pose={"sees": "right"})
    stills = StillSettings(refinements=1, mirrored=False)
    found = {hand.handedness: hand for hand in HandEstimator(model, stills=stills)(image)}
    assert model.pose.network.batches == [2, 1, 2]  # both, the left one again; then their sides are known
    assert np.abs(found["left"].keypoints_px - left).max() < 2.0
    assert np.abs(found["right"].keypoints_px - right).max() < 2.0


def test_metres_lie_on_the_rays_of_the_keypoints(drawn):
    image, _ = picture(drawn, 0.4, (420, 180))
    scale = HandScale(0.095, 0.0, "user")
    [hand] = HandEstimator(drawn.model())(image, CAMERA, HandScales().with_scale(scale))
    assert np.abs(CAMERA.project(hand.joints_m) - hand.keypoints_px).max() < 6
    assert np.linalg.norm(hand.joints_m[9] - hand.joints_m[0]) == pytest.approx(0.095, rel=0.03)
    assert hand.hand_scale == scale
    # 70 px wide at a focal length of 554 px: 0.095 * 554 / 70.
    assert hand.joints_m[0, 2] == pytest.approx(0.095 * CAMERA.matrix[0, 0] / 70, rel=0.06)
    assert (hand.joint_stddev_m > 0).all()


def test_without_a_camera_no_metres(drawn):
    image, _ = picture(drawn)
    [hand] = HandEstimator(drawn.model())(image)
    assert (hand.joints_m, hand.joint_stddev_m, hand.hand_scale) == (None, None, None)
    assert np.linalg.norm(hand.normalized_joints[0]) == pytest.approx(1)
    assert np.abs(hand.normalized_joints[9]).max() == 0


def test_the_side_chooses_the_scale(drawn):
    image, _ = picture(drawn, side="left")
    scales = HandScales().with_scale(HandScale(0.07, 0.0, "user"), "left")
    [hand] = HandEstimator(drawn.model())(image, CAMERA, scales)
    assert hand.hand_scale.mean_m == 0.07


def test_a_batch_of_cameras_gives_what_each_gives_alone(drawn):
    model = drawn.model()
    estimator = HandEstimator(model)
    images = [picture(drawn, 0.2 * n, (250 + 20 * n, 240))[0] for n in range(3)] + [drawn.blank()]
    cameras = [CAMERA, None, CAMERA, CAMERA]
    boxes = [[found.box for found in detections] for detections in estimator.detect(images)]
    together = estimator.estimate(images, boxes, cameras, HandScales())
    assert model.pose.network.batches == [3]
    for image, camera, hands in zip(images, cameras, together, strict=True):
        alone = HandEstimator(model, stills=ONE_LOOK)(image, camera)
        assert len(alone) == len(hands)
        for one, other in zip(alone, hands, strict=True):
            assert np.allclose(one.keypoints_px, other.keypoints_px)
            assert (one.joints_m is None) == (camera is None)


def test_torch_and_onnx_runtime_agree(drawn):
    image, _ = picture(drawn, 1.0)
    [first], [second] = (HandEstimator(drawn.model(runtime))(image, CAMERA) for runtime in ("onnxruntime", "torch"))
    assert np.allclose(first.joints_m, second.joints_m, atol=1e-6)


def test_two_hands_and_the_limit(drawn):
    image = drawn.blank()
    drawn.hand(image, (150, 300), (150, 230), "left")
    drawn.hand(image, (480, 300), (480, 230), "right")
    model = drawn.model()
    assert {hand.handedness for hand in HandEstimator(model)(image)} == {"left", "right"}
    assert len(HandEstimator(model, EstimatorSettings(max_hands=1))(image)) == 1


def test_no_hand_is_an_empty_list(drawn):
    estimator = HandEstimator(drawn.model())
    assert estimator(drawn.blank()) == []
    assert estimator.detect([]) == []
    assert estimator.estimate([drawn.blank()], [[]], [None], HandScales()) == [[]]


def test_presence_decides(drawn):
    image, _ = picture(drawn)
    assert HandEstimator(drawn.model(), EstimatorSettings(min_presence=0.98))(image) == []


@pytest.mark.parametrize("output", ["keypoints", "joints"])
def test_networks_that_return_nonsense_give_no_hand(drawn, output):
    model = drawn.model()
    plain = model.pose.network.outputs
    model.pose.network.outputs = lambda images: {**plain(images), output: plain(images)[output] * np.nan}
    assert HandEstimator(model)(picture(drawn)[0]) == []


def test_noise_comes_from_the_card_unless_the_network_says(drawn):
    image, _ = picture(drawn)
    model = drawn.model(pose={"keypoint_stddev": 0.01})
    estimator = HandEstimator(model, stills=ONE_LOOK)
    [hand] = estimator(image)
    [detection] = estimator.detect([image])[0]
    assert np.allclose(hand.keypoint_stddev_px, 0.01 * detection.box.size_px[0])
    plain = model.pose.network.outputs
    model.pose.network.outputs = lambda images: {**plain(images), "keypoint_stddev": np.full((len(images), 21), 0.03)}
    [hand] = estimator(image)
    assert np.allclose(hand.keypoint_stddev_px, 0.03 * detection.box.size_px[0])


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (None, "NoneType"),
        ([[1]], "list"),
        (np.zeros((20, 30), np.uint8), r"\(20, 30\)"),
        (np.zeros((20, 30, 4), np.uint8), r"\(20, 30, 4\)"),
        (np.zeros((20, 30, 3), np.float32), "float32"),
        (np.zeros((20, 30, 3), np.uint16), "uint16"),
        (np.zeros((0, 30, 3), np.uint8), "30 x 0"),
        (np.zeros((8, 20000, 3), np.uint8), "20000 x 8"),
    ],
)
def test_images_of_no_use_are_refused(drawn, image, message):
    with pytest.raises(ValueError, match=message):
        HandEstimator(drawn.model())(image)


def test_a_camera_of_another_size_is_refused(drawn):
    with pytest.raises(ValueError, match=r"640 x 480.*320 x 240"):
        HandEstimator(drawn.model())(drawn.blank(), CAMERA.resized(320, 240))


def test_views_that_are_not_contiguous_are_read_right(drawn):
    image, keypoints = picture(drawn, 0.3)
    flipped = np.ascontiguousarray(image[:, ::-1])[:, ::-1]
    [hand] = HandEstimator(drawn.model())(flipped)
    assert np.abs(hand.keypoints_px - keypoints).max() < 2.0


def test_readonly_images_are_left_alone(drawn):
    image, _ = picture(drawn)
    before = image.copy()
    image.setflags(write=False)
    assert len(HandEstimator(drawn.model())(image)) == 1
    assert np.array_equal(image, before)


def test_distinct_keeps_the_first_of_two_equal_hands(drawn):
    image, _ = picture(drawn)
    [hand] = HandEstimator(drawn.model())(image)
    other = replace(hand, keypoints_px=hand.keypoints_px + 5)
    apart = replace(hand, keypoints_px=hand.keypoints_px + 200)
    assert distinct([hand, other, apart], EstimatorSettings()) == [hand, apart]


@pytest.mark.parametrize("ray", [(0, 0, 1), (0.5, 0, 1), (-0.3, 0.9, 1)])
def test_rotation_onto_a_ray(ray):
    rotation = rotation_onto(np.array(ray))
    assert np.allclose(rotation @ (0, 0, 1), np.array(ray) / np.linalg.norm(ray))
    assert np.allclose(rotation @ rotation.T, np.eye(3))
    assert np.linalg.det(rotation) == pytest.approx(1)


def test_settings_refuse_nonsense():
    with pytest.raises(ValueError, match=r"min_score is 1\.5"):
        EstimatorSettings(min_score=1.5)


class Lifter:
    """A lifter that says the template, in the virtual view: a right hand, wrist below."""

    runtime, device, card = "onnxruntime", "cpu", {}

    def __init__(self, template):
        self.template, self.inputs = template, []

    def __call__(self, views):
        assert views.dtype == np.float32
        self.inputs.append(views)
        return {"joints": np.repeat(self.template[None], len(views), axis=0).astype(np.float32)}


def test_a_hand_outside_of_what_a_fisheye_lens_sees_is_still_a_hand(drawn):
    matrix = np.array([[90.0, 0, 320], [0, 90, 240], [0, 0, 1]])
    camera = CameraModel(640, 480, matrix, (0.0, 0.0, 0.0, 0.0), "equidistant")
    image, keypoints = picture(drawn, centre=(560, 60))
    [hand] = HandEstimator(drawn.model())(image, camera)
    assert np.abs(hand.keypoints_px - keypoints).max() < 2
    assert hand.joints_m is None or np.isfinite(hand.joints_m).all()


def test_a_lifter_replaces_the_joints_in_one_batch(drawn):
    model = drawn.model()
    model.lifter = Lifter(drawn.template - drawn.template[9])
    image = drawn.blank()
    drawn.hand(image, (150, 300), (180, 230), "left")
    drawn.hand(image, (480, 300), (480, 230), "right")
    hands = HandEstimator(model)(image, CAMERA)
    assert [len(views) for views in model.lifter.inputs] == [2]
    for hand in hands:
        assert np.abs(CAMERA.project(hand.joints_m) - hand.keypoints_px).max() < 6
    assert hands[0].handedness != hands[1].handedness


def test_a_lifter_without_a_camera_or_with_nonsense_changes_nothing(drawn):
    image, _ = picture(drawn)
    [plain] = HandEstimator(drawn.model())(image, CAMERA)
    model = drawn.model()
    model.lifter = Lifter(drawn.template * np.nan)
    [hand] = HandEstimator(model)(image, CAMERA)
    assert np.allclose(hand.joints_m, plain.joints_m)
    assert len(model.lifter.inputs) == 1
    assert len(HandEstimator(model)(image)) == 1
    assert len(model.lifter.inputs) == 1


@pytest.mark.parametrize("max_hands", [1, 2])
def test_a_place_that_turns_out_to_show_no_hand_costs_no_hand(drawn, max_hands):
    image = drawn.blank()
    for x in (120, 320, 520):
        drawn.hand(image, (x, 290), (x, 230), "right")
    model = drawn.model()
    plain = model.pose.network.outputs

    def outputs(crops):
        answer = plain(crops)
        return {**answer, "presence": np.where(np.arange(len(crops)) == 0, 0.0, answer["presence"])}

    model.pose.network.outputs = outputs
    settings = EstimatorSettings(max_hands=max_hands)
    assert len(HandEstimator(model, settings, stills=ONE_LOOK)(image)) == max_hands
