"""The nodes of ``hand_pose_ros run`` as processes, over real DDS, with what each of them costs."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.frame_file import peak_mb
from hand_pose_ros.commands._processes import NodeProcess, stop
from hand_pose_ros.commands._ros_environment import ros_environment
from hand_pose_ros.commands._run_plan import RunPlan, share_folder

CAMERA, PERCEPTION, RECORDER = "camera_node", "hand_pose_node", "recorder_node"
_POLL_S, _PATIENCE_S = 0.005, 30.0


@dataclass(frozen=True)
class Sample:
    """The chain at one moment. Of each process: CPU seconds so far (user + system), resident memory in MB."""

    time_s: float
    progress: dict
    """What the recorder counts: frames, frames_with_hand, source_frames, fps, ..."""
    cpu_s: dict[str, float]
    rss_mb: dict[str, float]


class NodeChain:
    """Starts a process per node of ``parameters``; a context. ``commands`` replaces the command lines of some nodes.

    The recorder must be among them: its reports, twice a second, are the moments at which samples are taken.
    """

    def __init__(self, folder: Path, parameters: dict[str, dict], commands: dict | None = None):
        parameters[RECORDER] = {"output": str(folder), "print_progress": True, **parameters.get(RECORDER, {})}
        self._plan = RunPlan("", folder, share_folder(), parameters, {})
        self._commands, self._processes, self._text = commands or {}, {}, b""

    def __enter__(self) -> NodeChain:
        self._plan.write()
        environment = ros_environment(self._plan.share)
        for node in self._plan.nodes:
            log = self._plan.output / "log" / f"{node}.log"
            self._processes[node] = NodeProcess(node, self._command(node), log, environment)
        return self

    def _command(self, node):
        return [*self._commands.get(node, self._plan.command(node)[:3]), *self._plan.command(node)[3:]]

    def __exit__(self, *error) -> None:
        recorder = [self._processes[RECORDER]]
        others = [process for process in self._processes.values() if process not in recorder]
        stop([others, recorder], [_PATIENCE_S, _PATIENCE_S])
        for process in self._processes.values():
            process.close()

    def sample(self, patience_s: float = 120.0) -> Sample | None:
        """Wait for the recorder's next report and measure; None once the camera has ended. RuntimeError on a crash."""
        deadline_s, recorder = time.monotonic() + patience_s, self._processes[RECORDER]
        while time.monotonic() < deadline_s:
            *lines, self._text = (self._text + (recorder.stdout.read() or b"")).split(b"\n")
            self._check()
            if lines:
                return self._measure(json.loads(lines[-1]))
            if self._processes[CAMERA].returncode is not None:
                return None
            time.sleep(_POLL_S)
        raise RuntimeError(f"the recorder was silent for {patience_s:g} s: see {self._plan.output / 'log'}")

    def _check(self):
        for name, process in self._processes.items():
            if process.returncode is not None and not (name == CAMERA and process.returncode == 0):
                raise RuntimeError(f"{name} ended with status {process.returncode}: {process.last_words()}")

    def _measure(self, progress) -> Sample:
        cpu, rss, now = {}, {}, time.monotonic()
        for name, process in self._processes.items():
            if process.returncode is None:
                running = psutil.Process(process.pid)
                times = running.cpu_times()
                cpu[name], rss[name] = times.user + times.system, running.memory_info().rss / 2**20
        return Sample(now, progress, cpu, rss)

    def peak_mb(self, node: str) -> float:
        """Largest resident memory of a running node so far."""
        return peak_mb(self._processes[node].pid)

    def summary(self) -> dict:
        """The recorder's numbers of the whole run; after the context has ended."""
        return json.loads((self._plan.output / "summary.json").read_text(encoding="utf-8"))


def script(path: Path) -> list[str]:
    """The command line of a Python script that takes a node's place."""
    return [sys.executable, str(path)]
