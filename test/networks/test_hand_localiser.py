import numpy as np
import pytest
import torch

from hand_pose_ros.networks.contract import check_outputs
from hand_pose_ros.networks.hand_localiser import HandLocaliser, cell_centres
from hand_pose_ros.networks.onnx_export import export
from hand_pose_ros.networks.stage import onnx_session


@pytest.mark.parametrize("size", ["s", "b"])
def test_outputs_keep_the_contract_for_any_batch(size):
    network = HandLocaliser(size, 64).eval()
    for batch in (1, 3):
        outputs = network(torch.rand(batch, 3, 64, 64))
        check_outputs("localiser", outputs, batch)
        assert outputs["score"].shape == (batch, 64)


def test_small_enough():
    for size, megabytes in (("s", 6), ("b", 16)):
        values = sum(tensor.numel() for tensor in HandLocaliser(size).state_dict().values())
        assert 2 * values < megabytes * 1e6  # half precision


def test_wrong_sizes_are_refused():
    with pytest.raises(ValueError, match="'m'"):
        HandLocaliser("m")
    with pytest.raises(ValueError, match="100"):
        HandLocaliser("s", 100)


def test_values_of_zero_lie_at_the_cells_centres():
    found = HandLocaliser("s", 64).placed(torch.zeros(1, 64, 9))
    assert torch.allclose(found["box"][0, :, :2], cell_centres(8))
    assert found["box"][0, 10].tolist() == pytest.approx([2.5 / 8, 1.5 / 8, 0.1, 0.1])
    assert torch.allclose(found["axis"][0, :, 0], cell_centres(8))


def test_the_score_shift_moves_the_threshold_alone():
    network = HandLocaliser("s", 64).eval()
    images = torch.rand(1, 3, 64, 64)
    before = network(images)
    network.score_shift.fill_(2.0)
    after = network(images)
    assert torch.allclose(torch.logit(after["score"]), torch.logit(before["score"]) + 2.0, atol=1e-4)
    assert torch.equal(after["box"], before["box"])


def test_onnx_gives_the_same_for_other_batch_sizes(tmp_path):
    network = HandLocaliser("s", 64).eval()
    torch.nn.init.normal_(network.place[-1].weight, std=0.1)
    export(network, torch.zeros(1, 3, 64, 64), tmp_path / "localiser.onnx")
    session = onnx_session(tmp_path / "localiser.onnx", 1)
    images = torch.rand(3, 3, 64, 64)
    with torch.inference_mode():
        wanted = network(images)
    names = [output.name for output in session.get_outputs()]
    for name, values in zip(names, session.run(names, {"inputs": images.numpy()}), strict=True):
        assert np.allclose(values, wanted[name], atol=1e-4), name


def test_sides_may_be_left_out():
    network = HandLocaliser("s", 64, sides=False).eval()
    network.load_state_dict(HandLocaliser("s", 64).state_dict())
    outputs = network(torch.rand(1, 3, 64, 64))
    check_outputs("localiser", outputs, 1)
    assert "right" not in outputs
