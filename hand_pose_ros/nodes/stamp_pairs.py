"""Images and hands of the same stamp, whichever comes first."""

from __future__ import annotations

from collections import OrderedDict


class StampPairs:
    """Keeps the newest ``size`` images and hands until their partner comes.

    Images without hands (frames that the perception dropped) are forgotten with the next pair, or when ``size`` newer
    ones have come.
    """

    def __init__(self, size: int):
        self._size = size
        self._images: OrderedDict[tuple, object] = OrderedDict()
        self._hands: OrderedDict[tuple, object] = OrderedDict()

    def image(self, message):
        """Take an image; return the (image, hands) that it completes, or None."""
        return self._meet(message, self._images, self._hands)

    def hands(self, message):
        """Take hands; return the (image, hands) that they complete, or None."""
        pair = self._meet(message, self._hands, self._images)
        return pair and (pair[1], pair[0])

    def clear(self) -> None:
        """Forget everything."""
        self._images.clear()
        self._hands.clear()

    def _meet(self, message, own, others):
        key = (message.header.stamp.sec, message.header.stamp.nanosec)
        other = others.pop(key, None)
        if other is not None:
            _forget_until(own, key)
            _forget_until(others, key)
            return message, other
        own[key] = message
        while len(own) > self._size:
            own.popitem(last=False)
        return None


def _forget_until(kept: OrderedDict, key: tuple) -> None:
    for older in [stamp for stamp in kept if stamp < key]:
        del kept[older]
