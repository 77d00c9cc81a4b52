"""What ``hand_pose_ros run`` starts: which node, with which parameters, in which folder."""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ASSUMED_FOV = 60.0  # degrees; webcams have 55 to 80
NO_SOURCE = (
    "no SOURCE given, and this installation lacks the rendered demonstration clip (demo/hand_demo.mp4). Give a video "
    "file, a folder of images or the number of a webcam: hand_pose_ros run video.mp4, or make run SOURCE=video.mp4"
)


class PlanError(ValueError):
    """Arguments that cannot be used; the text says what to do."""


@dataclass(frozen=True)
class RunPlan:
    """Everything that is decided before the first process starts."""

    source: str
    output: Path
    share: Path
    parameters: dict[str, dict]
    """Node name -> parameter -> value."""
    view: dict
    """How the camera's field of view is known; part of the summary."""

    @property
    def nodes(self) -> list[str]:
        """Names of the nodes, in the order of their start."""
        return list(self.parameters)

    def command(self, node: str) -> list[str]:
        """The command line of a node."""
        file = str(self.parameter_file)
        return [sys.executable, "-m", f"hand_pose_ros.nodes.{node}", "--ros-args", "--params-file", file]

    @property
    def parameter_file(self) -> Path:
        """All parameters of the run, kept beside its results."""
        return self.output / "parameters.yaml"

    def write(self) -> None:
        """Make the output folder with the parameter file and the folder of logs in it."""
        (self.output / "log").mkdir(parents=True)
        lines = []
        for node, values in self.parameters.items():
            if not values:  # rcl refuses an empty list of parameters
                continue
            lines += [f"/**/{node}:", "  ros__parameters:"]
            # JSON's scalars and lists are YAML's, quotes included: a webcam "0" stays a string.
            lines += [f"    {name}: {json.dumps(value)}" for name, value in values.items()]
        self.parameter_file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def make_plan(args: argparse.Namespace) -> RunPlan:
    """The plan for the command line's arguments; PlanError if they do not go together."""
    share = share_folder()
    source, demo_calibration = find_source(args.source or args.source_option, share)
    calibration = args.camera_info or (demo_calibration if args.fov is None else None)
    view = field_of_view(args.fov, calibration)
    output = new_folder(args.output)
    live = source.isdecimal() or source.startswith("/dev/")
    camera = {
        "source": source, "loop": args.loop, "rate": args.rate, "exit_at_end": True, "start_delay": 1.0,
        "wait_for_subscribers": 2 if args.video else 1, "wait_for_hands": not (live or args.real_time),
        **({"camera_info_url": str(calibration)} if calibration else {"fov": view["fov_deg"]}),
    }  # fmt: skip
    perception = {"autostart": True, **chosen(args, "model", "device", "threads"), **extra(args.param)}
    if args.hand_scale is not None:
        perception["hand_scale_m"] = args.hand_scale
    if camera["wait_for_hands"]:
        perception.setdefault("max_age_s", 0.0)  # no image is too old when the next one waits for it
    if args.max_hands is not None:
        perception["estimator.max_hands"] = args.max_hands
    if args.mirrored:
        perception["mirrored"] = True
    recorder = {"output": str(output), "record_video": args.video, "print_progress": True}
    parameters = {
        "recorder_node": recorder,
        "visualization_node": {},
        "hand_pose_node": perception,
        "camera_node": camera,
    }
    if not args.video:
        del parameters["visualization_node"]
    return RunPlan(source, output, share, parameters, view)


def share_folder() -> Path:
    """The folder that holds config/ and demo/: the source checkout, else ``share/hand_pose_ros`` of the install."""
    here = Path(__file__).resolve()
    installed = [parent / "share/hand_pose_ros" for parent in [*here.parents, Path(sys.prefix)]]
    return next(
        (folder for folder in [here.parents[2], *installed] if (folder / "config/fastdds.xml").is_file()),
        here.parents[2],
    )


def find_source(source: str | None, share: Path) -> tuple[str, Path | None]:
    """The source as given, or the demonstration clip with its calibration; PlanError if there is none."""
    demo = share / "demo" / "hand_demo.mp4"
    if source is None and not demo.is_file():
        raise PlanError(NO_SOURCE)
    if source is None:
        calibration = demo.with_name("calibration.yaml")
        return str(demo), calibration if calibration.is_file() else None
    if source.isdecimal() or source.startswith("/dev/"):
        return source, None
    path = Path(source).expanduser()
    if not path.exists():
        raise PlanError(f"source {source!r} does not exist: give a video file, a folder of images or a webcam's number")
    return str(path.resolve()), None


def field_of_view(fov: float | None, calibration: Path | None) -> dict:
    """How metres come about, for the summary. Nothing is assumed silently."""
    if calibration:
        if fov is not None:
            raise PlanError(f"--fov {fov:g} and --camera-info {calibration} exclude each other: give one")
        if not calibration.is_file():
            raise PlanError(f"calibration file {str(calibration)!r} does not exist")
        return {"calibration": str(calibration), "fov_deg": None, "assumed": False}
    if fov is not None and not 0.0 <= fov <= 175.0:
        raise PlanError(f"--fov {fov:g}: give the horizontal field of view, above 0 up to 175 degrees; 0 for 2D only")
    return {"calibration": None, "fov_deg": ASSUMED_FOV if fov is None else fov, "assumed": fov is None}


def new_folder(wanted: Path | None) -> Path:
    """The folder for the results, which must be new or empty."""
    folder = (wanted or Path("output") / time.strftime("%Y%m%d-%H%M%S")).expanduser().absolute()
    if wanted is None:
        number = 1
        while folder.exists():
            number += 1
            folder = folder.with_name(f"{folder.name.split('_')[0]}_{number}")
    elif folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise PlanError(f"--output {wanted} exists and is not empty: give another folder")
    return folder


def chosen(args: argparse.Namespace, *names: str) -> dict:
    """Those options that were given; the node has the defaults of the others."""
    return {name: getattr(args, name) for name in names if getattr(args, name) is not None}


def extra(pairs: list[str]) -> dict:
    """``name=value`` options as parameters; values are JSON where they can be (true, 0.5), else text."""
    parameters = {}
    for pair in pairs:
        name, separator, value = pair.partition("=")
        if not (name and separator):
            raise PlanError(f"--param {pair!r}: give name=value")
        try:
            parameters[name] = json.loads(value)
        except ValueError:
            parameters[name] = value
    return parameters
