"""The form of PReLU that is exported computes the same."""

import torch
from torch import nn

from hand_pose_ros.networks.prelu import ConvolutionalPReLU, with_convolutional_prelu


def test_slopes_of_any_sign_and_size():
    slopes = torch.tensor([-4.5, -1.0, 0.0, 0.25, 1.0, 12.0])
    x = torch.randn(2, 6, 5, 5)
    torch.testing.assert_close(ConvolutionalPReLU(slopes)(x), nn.functional.prelu(x, slopes))


def test_a_network_is_copied_and_gives_the_same():
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Sequential(nn.PReLU(4), nn.Conv2d(4, 2, 1)), nn.PReLU())
    nn.init.uniform_(network[1][0].weight, -2, 3)
    copied = with_convolutional_prelu(network)
    assert isinstance(copied[1][0], ConvolutionalPReLU)
    assert isinstance(network[1][0], nn.PReLU)
    assert isinstance(copied[2], nn.PReLU)  # one slope for all channels: their number is not known
    images = torch.randn(2, 3, 8, 8)
    torch.testing.assert_close(copied(images), network(images))


def test_a_network_may_keep_its_prelus():
    class OnVectors(nn.Sequential):
        convolutional_prelu = False

    assert isinstance(with_convolutional_prelu(OnVectors(nn.PReLU(4)))[0], nn.PReLU)
