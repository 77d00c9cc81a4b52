"""The thread that works on the newest images while the executor stays free to receive the next ones."""

from __future__ import annotations

import threading
from collections.abc import Callable

from hand_pose_ros.nodes.latest_slot import LatestSlots

_LONGEST_FRAME_S = 30.0  # a frame takes milliseconds; a device that hangs must not hang the node's shutdown with it


class FrameWorker:
    """Takes images from its slots and hands them to ``work``; exceptions go to ``failed``, the thread goes on."""

    def __init__(self, work: Callable[[dict], None], failed: Callable[[Exception], None]):
        self.slots = LatestSlots()
        self._work, self._failed = work, failed
        self._thread = threading.Thread(target=self._run, name="hand_pose", daemon=True)

    def start(self) -> FrameWorker:
        """Start the thread."""
        self._thread.start()
        return self

    def stop(self) -> bool:
        """Finish the image at hand and end the thread; False if it hangs. Then ``work`` is not called any more."""
        self.slots.close()
        self._thread.join(_LONGEST_FRAME_S)
        return not self._thread.is_alive()

    def _run(self):
        while (images := self.slots.take()) is not None:
            try:
                self._work(images)
            except Exception as error:
                self._failed(error)
