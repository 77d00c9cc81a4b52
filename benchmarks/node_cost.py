"""What hand_pose_node costs per frame behind camera_node over DDS, with its networks and without them."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.node_chain import CAMERA, PERCEPTION, RECORDER, NodeChain, Sample, script

_WARM_UP_FRAMES, _FOV_DEG = 30, 60.0


@dataclass(frozen=True)
class NodeCost:
    """One run. ``max_hands`` 0: no networks, one fixed hand is sent for every image. ``threads`` 0: the default."""

    max_hands: int
    threads: int
    frames: int
    dropped: int
    cpu_ms: float
    camera_cpu_ms: float
    p50_ms: float
    p95_ms: float
    peak_mb: float


def node_costs(source: str, folder: Path, perception: dict, max_hands: list[int]) -> list[NodeCost]:
    """Runs with each of ``max_hands``, with one thread, without networks. ``perception``: parameters of the node."""
    kinds = [(number, 0) for number in max_hands] + [(max_hands[-1], 1), (0, 0)]
    return [_run(source, folder / f"node_{hands}_{threads}", perception, hands, threads) for hands, threads in kinds]


def _run(source: str, folder: Path, perception: dict, max_hands: int, threads: int) -> NodeCost:
    perception = {"autostart": True, **perception, "estimator.max_hands": max_hands or 1, "threads": threads}
    parameters = {
        RECORDER: {"record_video": False},
        PERCEPTION: perception,
        CAMERA: {"source": source, "fov": _FOV_DEG, "wait_for_subscribers": 1, "start_delay": 1.0},
    }
    null = {} if max_hands else {PERCEPTION: script(Path(__file__).with_name("null_node.py"))}
    samples: list[Sample] = []
    with NodeChain(folder, parameters, null) as chain:
        while (sample := chain.sample()) is not None:
            if sample.progress["frames"] >= _WARM_UP_FRAMES and CAMERA in sample.cpu_s:
                samples.append(sample)
                peak = chain.peak_mb(PERCEPTION)
    moving = [sample for sample in samples if sample.progress["frames"] < samples[-1].progress["frames"]]
    if len(moving) < 2:
        raise RuntimeError(f"{source} is too short: {len(samples)} samples; give a video of at least ten seconds")
    summary, frames = chain.summary(), moving[-1].progress["frames"] - moving[0].progress["frames"]
    cost = {node: 1e3 * (moving[-1].cpu_s[node] - moving[0].cpu_s[node]) / frames for node in (PERCEPTION, CAMERA)}
    latency = summary["latency_ms"]
    text = f"node, at most {max_hands} hands, threads {threads}: CPU {cost[PERCEPTION]:.1f} ms per frame"
    print(text, file=sys.stderr, flush=True)
    return NodeCost(
        max_hands, threads, summary["frames"], summary["dropped"], cost[PERCEPTION], cost[CAMERA],
        latency["p50"], latency["p95"], peak,
    )  # fmt: skip
