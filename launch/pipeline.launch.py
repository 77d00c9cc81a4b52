"""The main job in one command: a source or an existing image topic -> hands and TF -> pictures, RViz and a recording.

Wiring only. An argument left empty is not passed on, so that the parameter file or the node's own default decides.
``ros2 launch hand_pose_ros pipeline.launch.py --show-args`` explains every argument.
"""

from __future__ import annotations

from launch import LaunchDescription
from launch.actions import (
    DeclareLaunchArgument,
    EmitEvent,
    OpaqueFunction,
    PopLaunchConfigurations,
    PushLaunchConfigurations,
    RegisterEventHandler,
    Shutdown,
    UnregisterEventHandler,
)
from launch.events import matches_action
from launch.substitutions import EnvironmentVariable, LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import LifecycleNode, Node
from launch_ros.event_handlers import OnStateTransition
from launch_ros.events.lifecycle import ChangeState, StateTransition
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare
from lifecycle_msgs.msg import Transition

PACKAGE = "hand_pose_ros"
BOOLEAN = ["true", "false"]
LEVELS = ["debug", "info", "warn", "error", "fatal"]

# name, default, description, allowed values
ARGUMENTS = (
    ("source", "", "What camera_node plays: a video file, a folder of images or the number of a webcam; one for each"
     " camera, separated by commas. Empty: no camera_node, a driver or a bag sends the images.", None),
    ("loop", "false", "Play the source again and again. If false, the launch ends when the source does.", BOOLEAN),
    ("cameras", "", "Names of several cameras, separated by commas: one hand_pose_node batches them all, and every"
     " topic is <name>/<topic>. Empty: one camera.", None),
    ("image_topic", "image", "Image topic (with several cameras: relative to <name>/).", None),
    ("camera_info_topic", "camera_info", "Calibration topic (with several cameras: relative to <name>/).", None),
    ("image_transport", "", "How hand_pose_node receives images; auto: compressed if nobody sends raw ones.",
     ["", "auto", "raw", "compressed"]),
    ("mirrored", "false", "The images are mirrored (selfie view); undeclared, left and right hands swap.", BOOLEAN),
    ("frame_id", "", "Optical frame of the source's images (with several cameras: <name>_<frame_id>), and RViz's fixed"
     " frame. Empty: camera_optical_frame.", None),
    ("fov", "", "Horizontal field of view of the source in degrees, if it has no calibration file.", None),
    ("camera_info_url", "", "Calibration of the source: a YAML file as camera_calibration writes it.", None),
    ("namespace", "", "Namespace of all nodes and topics.", None),
    ("model", "", "Name of the model; `hand_pose_ros models list` prints them.", None),
    ("device", "", "Device of the networks: auto, cpu, cuda, cuda:1, ...", None),
    ("hand_scale", "", "The user's wrist-to-middle-MCP length, metres, 0.02 to 0.2. Empty: population mean.", None),
    ("params_file", "", "ROS parameter file for all nodes. Arguments given on the command line win over it.", None),
    ("visualization", "true", "Start visualization_node: markers and overlay image.", BOOLEAN),
    ("rviz", "false", "Start RViz: overlay, markers, TF (of the first camera).", BOOLEAN),
    ("record", "false", "Start recorder_node: a bag of the results, an annotated video, summary.json.", BOOLEAN),
    ("output", "", "Folder that recorder_node writes to.", None),
    ("use_sim_time", "false", "Take the time from /clock; with a source, camera_node publishes that clock.", BOOLEAN),
    ("autostart", "true", "Configure and activate hand_pose_node. If false, `ros2 lifecycle set` does.", BOOLEAN),
    ("log_level", "info", "Log level of all nodes.", LEVELS),
)  # fmt: skip

# argument: the parameter it sets and its type; passed on if the argument is neither empty nor false
PERCEPTION = {"model": ("model", str), "device": ("device", str), "hand_scale": ("hand_scale_m", float),
              "image_transport": ("image_transport", str), "mirrored": ("mirrored", bool)}  # fmt: skip
CAMERA = {"loop": ("loop", bool), "fov": ("fov", float), "camera_info_url": ("camera_info_url", str)}
RECORDER = {"output": ("output", str)}
EVERY_NODE = {"use_sim_time": ("use_sim_time", bool)}

# names of the variable up to Jazzy and since Kilted
FASTDDS_PROFILES = ("FASTRTPS_DEFAULT_PROFILES_FILE", "FASTDDS_DEFAULT_PROFILES_FILE")


def generate_launch_description() -> LaunchDescription:
    """Declare the arguments, then start the nodes they ask for."""
    declared = [
        DeclareLaunchArgument(name, default_value=default, description=description, choices=choices)
        for name, default, description, choices in ARGUMENTS
    ]
    return LaunchDescription([*declared, OpaqueFunction(function=nodes)])


def nodes(context) -> list:
    """The nodes and event handlers for the arguments as given."""
    given = {name: LaunchConfiguration(name).perform(context) for name, *_ in ARGUMENTS}
    check_readable(given["params_file"])
    cameras = names(given["cameras"])
    perception = perception_node(given, cameras)
    sources = later(camera_nodes(given, cameras), context)
    actions = [*bring_up(perception, sources, given["autostart"] == "true"), perception]
    if given["visualization"] == "true":
        actions += [visualization_node(given, camera) for camera in cameras or [""]]
    if given["record"] == "true":
        actions += [recorder_node(given, cameras)]
    return [*actions, rviz(given, cameras[0] if cameras else "")] if given["rviz"] == "true" else actions


def check_readable(params_file: str):
    """Refuse a parameter file that is not there: launch_ros would only warn, and start all nodes without parameters."""
    try:
        open(params_file or "/dev/null").close()  # noqa: PTH123 - launch files import launch alone
    except OSError as error:
        raise RuntimeError(
            f"params_file {params_file!r} cannot be read ({error.strerror}): give a ROS parameter file, "
            "such as config/pipeline.yaml"
        ) from error


def perception_node(given: dict, cameras: list[str]) -> LifecycleNode:
    """Images and calibration in, hands and TF out, for all cameras."""
    return LifecycleNode(
        **process(given, "hand_pose_node"), namespace=given["namespace"],
        parameters=parameters(given, PERCEPTION, {"cameras": cameras} if cameras else {}),
        remappings=remappings(given, cameras), on_exit=end,
    )  # fmt: skip


def camera_nodes(given: dict, cameras: list[str]) -> list[Node]:
    """One camera_node for each source."""
    sources = names(given["source"]) if cameras else [given["source"]] * bool(given["source"])
    if sources and len(sources) != len(cameras or [""]):
        raise RuntimeError(f"source names {len(sources)} sources for {len(cameras)} cameras: give one each")
    clocks = [given["use_sim_time"] == "true", *[False] * len(sources)]
    return [camera_node(given, *each) for each in zip(sources, cameras or [""], clocks, strict=False)]


def camera_node(given: dict, source: str, camera: str, is_clock: bool) -> Node:
    """The source as image + camera_info. Its end is the end of the launch."""
    fixed = {"source": ParameterValue(source, value_type=str), "wait_for_subscribers": 1, "start_delay": 1.0}
    if is_clock:
        fixed["publish_clock"] = True
    if frame(given, camera):
        fixed["frame_id"] = frame(given, camera)
    return Node(
        **process(given, "camera_node"), namespace=inside(given, camera), parameters=parameters(given, CAMERA, fixed),
        remappings=remappings(given, []), additional_env=room_for_images(), on_exit=end,
    )  # fmt: skip


def visualization_node(given: dict, camera: str) -> Node:
    """Markers and the overlay image of one camera."""
    types = {"image_transport": ("image_transport", str)} if given["image_transport"] != "auto" else {}
    return Node(
        **process(given, "visualization_node"), namespace=inside(given, camera), remappings=remappings(given, []),
        parameters=parameters(given, types, {}), additional_env=room_for_images(),
    )  # fmt: skip


def recorder_node(given: dict, cameras: list[str]) -> Node:
    """The results in a folder. It needs a moment at the end to close its files."""
    return Node(
        **process(given, "recorder_node"), namespace=given["namespace"], parameters=parameters(given, RECORDER, {}),
        remappings=remappings(given, cameras), sigterm_timeout="20",
    )  # fmt: skip


def room_for_images() -> dict:
    """Environment of a node that sends images: Fast DDS with shared memory that holds them, unless the user chose."""
    profiles = PathJoinSubstitution([FindPackageShare(PACKAGE), "config", "fastdds.xml"])
    return {name: EnvironmentVariable(name, default_value=profiles) for name in FASTDDS_PROFILES}


def rviz(given: dict, camera: str) -> Node:
    """RViz with this package's view of one camera; the topics in it are relative."""
    view = PathJoinSubstitution([FindPackageShare(PACKAGE), "config", "hand_pose.rviz"])
    fixed_frame = ["-f", frame(given, camera)] if frame(given, camera) else []
    return Node(
        package="rviz2", executable="rviz2", namespace=inside(given, camera), output="log",
        arguments=["-d", view, *fixed_frame], remappings=remappings(given, []), parameters=parameters(given, {}, {}),
    )  # fmt: skip


def later(entities: list, context) -> list:
    """Entities that an event starts, in the scope of now: an including group takes its namespace and arguments away."""
    scope = dict(context.launch_configurations)
    enter = OpaqueFunction(function=lambda context: context.launch_configurations.update(scope))
    return [PushLaunchConfigurations(), enter, *entities, PopLaunchConfigurations()]


def bring_up(perception: LifecycleNode, sources: list, autostart: bool) -> list:
    """Configure, activate, and only then play the sources: no frame is lost. Later transitions are the user's."""
    failure = OnStateTransition(
        matcher=lambda event: failed(event, perception), entities=[OpaqueFunction(function=not_started)]
    )
    if not autostart:
        return [once(perception, "active", sources)]
    return [
        RegisterEventHandler(failure),
        once(perception, "inactive", [request(perception, Transition.TRANSITION_ACTIVATE)]),
        once(perception, "active", [UnregisterEventHandler(failure), *sources]),
        request(perception, Transition.TRANSITION_CONFIGURE),
    ]


def once(node: LifecycleNode, state: str, entities: list) -> RegisterEventHandler:
    """Do something the first time that a node is in a state."""
    handler = OnStateTransition(target_lifecycle_node=node, goal_state=state, entities=entities, handle_once=True)
    return RegisterEventHandler(handler)


def request(node: LifecycleNode, transition: int) -> EmitEvent:
    """Ask a node for a transition."""
    return EmitEvent(event=ChangeState(lifecycle_node_matcher=matches_action(node), transition_id=transition))


def failed(event, node: LifecycleNode) -> bool:
    """True if a node went back instead of becoming active."""
    if not isinstance(event, StateTransition) or event.action is not node:
        return False
    return event.goal_state in ("unconfigured", "finalized") or (event.start_state, event.goal_state) == (
        "activating", "inactive"
    )  # fmt: skip


def not_started(context):
    """End the launch with an error; the node has said why."""
    raise RuntimeError("hand_pose_node could not be started, see its message above")


def end(event, context) -> list | None:
    """End the launch with a process that it cannot do without, with an error if that process had one."""
    if context.is_shutdown:
        return None
    if event.returncode:
        raise RuntimeError(f"{event.process_name} ended with code {event.returncode}")
    return [Shutdown(reason=f"{event.process_name} has ended")]


def process(given: dict, executable: str) -> dict:
    """What every process of this package is started with."""
    return {
        "package": PACKAGE, "executable": executable, "name": executable, "output": "screen",
        "ros_arguments": ["--log-level", given["log_level"]],
    }  # fmt: skip


def parameters(given: dict, types: dict, fixed: dict) -> list:
    """The parameter file, then what the arguments say, then ``fixed``."""
    chosen = {
        name: ParameterValue(LaunchConfiguration(argument), value_type=kind)
        for argument, (name, kind) in {**types, **EVERY_NODE}.items()
        if given[argument] not in ("", "false")
    }
    return [source for source in (given["params_file"], {**chosen, **fixed}) if source]


def remappings(given: dict, cameras: list[str]) -> list[tuple[str, str]]:
    """Image and calibration topics, below every camera's name if there are several."""
    image, calibration = given["image_topic"], given["camera_info_topic"]
    pairs = [("image", image), ("image/compressed", f"{image}/compressed"), ("camera_info", calibration)]
    prefixes = [f"{camera}/" for camera in cameras] or [""]
    return [(prefix + name, prefix + topic) for prefix in prefixes for name, topic in pairs if name != topic]


def inside(given: dict, camera: str) -> str:
    """Namespace of a camera's own nodes."""
    return "/".join(part for part in (given["namespace"], camera) if part)


def frame(given: dict, camera: str) -> str:
    """Optical frame of a camera; empty where the nodes' own default does."""
    return f"{camera}_{given['frame_id'] or 'camera_optical_frame'}" if camera else given["frame_id"]


def names(text: str) -> list[str]:
    """``"left, right"`` as a list."""
    return [name.strip() for name in text.split(",") if name.strip()]
