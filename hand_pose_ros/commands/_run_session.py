"""One run: starts the nodes of a plan, watches them, stops them in order, and tells how it went."""

from __future__ import annotations

import importlib.util
import json
import select
import sys
import time

from rich.console import Console

from hand_pose_ros.commands._clip_error import NoTruthError, clip_error, has_truth
from hand_pose_ros.commands._interrupt import Interrupt
from hand_pose_ros.commands._processes import NodeProcess, stop
from hand_pose_ros.commands._ros_environment import has_room, ros_environment
from hand_pose_ros.commands._run_plan import RunPlan
from hand_pose_ros.commands._run_report import Progress, print_summary, progress_text

CAMERA, RECORDER = "camera_node", "recorder_node"
_WATCH_S = 0.1
_SETTLED_S, _LONGEST_SETTLING_S = 1.0, 10.0
_PATIENCE_S, _RECORDER_PATIENCE_S = 5.0, 60.0
# The perception goes first: pictures of its results must not slow it down. recorder_node lowers its encoder by itself.
_NICENESS = {"visualization_node": 5}


class RunSession:
    """``run()`` does it all."""

    def __init__(self, plan: RunPlan, args, interrupt: Interrupt):
        self.plan, self._args, self._interrupt = plan, args, interrupt
        self._console = Console(stderr=True)
        self._processes: list[NodeProcess] = []
        self._state: dict = {}
        self._text = b""
        self._started_s = time.monotonic()
        self._first_s = self._end_s = self._moved_s = None

    def run(self) -> int:
        """Start, watch, stop, report; return the exit status."""
        missing = [name for name in ("rclpy", "hand_pose_ros.msg") if importlib.util.find_spec(name) is None]
        if missing:
            self._console.print(
                f"run: {missing[0]} is missing; `make workspace` builds it, or source your ROS 2 workspace"
            )
            return 1
        progress = Progress(self._console)
        try:
            self._start()
            ended, status = self._watch(progress)
            progress.show("finishing")
        finally:
            stubborn = self._stop()
            progress.stop()
        return self._report(ended, status, stubborn)

    def _start(self):
        environment = ros_environment(self.plan.share)
        domain = environment["ROS_DOMAIN_ID"]
        self._console.print(
            f"results: {self.plan.output}; to look on: export ROS_DOMAIN_ID={domain}", highlight=False, soft_wrap=True
        )
        if not has_room():
            self._console.print("warning: /dev/shm is too small for images (Docker: --shm-size=512m); expect drops")
        for node in self.plan.nodes:
            if self._interrupt.number:
                return
            log = self.plan.output / "log" / f"{node}.log"
            command = self.plan.command(node)
            self._processes.append(NodeProcess(node, command, log, environment, _NICENESS.get(node, 0)))

    def _watch(self, progress: Progress) -> tuple[str, int]:
        """Until the run is over: how it ended, in words and as exit status."""
        while True:
            self._read_progress()
            self._print_news()
            if self._interrupt.number:
                return f"stopped by {self._interrupt.name}", self._interrupt.status
            if failure := self._failure():
                return failure, 1
            if over := self._over():
                return over, 0
            progress.show(progress_text(self._state))

    def _failure(self) -> str:
        for process in self._processes:
            if process.returncode is not None and not (process.name == CAMERA and process.returncode == 0):
                code = process.returncode
                return f"{process.name} ended with status {code}: {process.last_words()}"
        waited = time.monotonic() - self._started_s
        if self._first_s is None and waited > self._args.start_timeout:
            return f"nothing was published within {waited:.0f} s: see {self.plan.output / 'log'}"
        return ""

    def _over(self) -> str:
        now = time.monotonic()
        duration = self._args.duration
        if duration is not None and self._first_s is not None and now - self._first_s >= duration:
            return f"{duration:g} s are over"
        camera = next(process for process in self._processes if process.name == CAMERA)
        if camera.returncode is None:
            return ""
        # The last images may still be on their way.
        self._end_s = self._end_s or now
        quiet = now - max(self._moved_s or 0.0, self._end_s)
        return "end of the source" if quiet > _SETTLED_S or now - self._end_s > _LONGEST_SETTLING_S else ""

    def _read_progress(self):
        recorder = next((process for process in self._processes if process.name == RECORDER), None)
        if recorder is None or recorder.returncode is not None:
            time.sleep(_WATCH_S)
            return
        ready, _, _ = select.select([recorder.stdout], [], [], _WATCH_S)
        self._text += (recorder.stdout.read() or b"") if ready else b""
        *lines, self._text = self._text.split(b"\n")
        for line in lines:
            self._take(line)

    def _take(self, line):
        try:
            state = json.loads(line)
        except ValueError:
            return
        if state["frames"] != self._state.get("frames", 0):
            self._moved_s = time.monotonic()
            self._first_s = self._first_s or self._moved_s
        self._state = state

    def _print_news(self):
        for process in self._processes:
            for line in process.news():
                if any(level in line for level in ("[WARN]", "[ERROR]", "[FATAL]")):
                    self._console.print(f"{process.name}: {line}", highlight=False, markup=False, soft_wrap=True)

    def _stop(self) -> list[str]:
        recorder = [process for process in self._processes if process.name == RECORDER]
        others = [process for process in self._processes if process.name != RECORDER]
        stubborn = stop([others, recorder], [_PATIENCE_S, _RECORDER_PATIENCE_S], lambda: self._interrupt.hurry)
        self._print_news()
        for process in self._processes:
            process.close()
        return stubborn

    def _measured(self) -> dict:
        """The error of the run, where the truth about its source is known."""
        if not has_truth(self.plan.source):
            return {}
        try:
            return {"error": clip_error(self.plan.source, self.plan.output / "bag")}
        except NoTruthError as error:
            return {"error_not_measured": str(error)}

    def _report(self, ended: str, status: int, stubborn: list[str]) -> int:
        path = self.plan.output / "summary.json"
        try:
            summary = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            self._console.print(f"run: {ended}; there is no summary", highlight=False, markup=False, soft_wrap=True)
            return status or 1
        if status == 0 and not summary["frames"]:
            ended, status = "nothing was published: no hands message came", 1
        if stubborn:
            summary["problems"].append(f"killed, because they did not end when asked: {', '.join(stubborn)}")
        summary["pace"] = "every frame" if self.plan.parameters[CAMERA]["wait_for_hands"] else "real time"
        summary |= {
            "source": self.plan.source,
            "camera": self.plan.view,
            "output": str(self.plan.output),
            "ended": ended,
        }
        summary |= self._measured()
        path.write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
        print_summary(Console(file=sys.stdout), summary)
        if status:
            self._console.print(f"run: {ended}", highlight=False, markup=False, soft_wrap=True)
        return status
