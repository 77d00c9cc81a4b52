"""``pip install .``: the estimator, ``hand_pose_ros predict`` and the training code, without ROS.

A ROS 2 workspace uses CMakeLists.txt instead, which also generates the messages and installs the nodes.
"""

from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent
VERSION = (HERE / "hand_pose_ros" / "version.py").read_text().split('VERSION = "')[1].split('"')[0]
MODELS = sorted(str(path.relative_to(HERE)) for path in (HERE / "models").glob("*") if path.is_file())
DEMO = sorted(str(path.relative_to(HERE)) for path in (HERE / "demo").glob("*") if path.is_file())

setup(
    name="hand_pose_ros",
    version=VERSION,
    description="Any calibrated RGB camera in, metric 3D hands out",
    license="Apache-2.0",
    python_requires=">=3.10",
    packages=find_packages(include=["hand_pose_ros", "hand_pose_ros.*"]),
    # The folder where an ament install has them too: <prefix>/share/hand_pose_ros/models.
    data_files=[("share/hand_pose_ros/models", MODELS), ("share/hand_pose_ros/demo", DEMO)],
    entry_points={"console_scripts": ["hand_pose_ros = hand_pose_ros.cli:main"]},
    install_requires=[
        "flatbuffers>=2.0",
        "numpy>=1.26",
        "onnx>=1.15",  # once, by `models fetch`: it prepares the networks for onnxruntime, which runs them
        "onnxruntime>=1.17",
        "opencv-python-headless>=4.8",
        "PyYAML>=6.0",
        "rich>=12.0",
        "safetensors>=0.4",
        "torch>=2.1",
    ],
    extras_require={
        "train": ["matplotlib>=3.8", "moderngl>=5.8", "scipy>=1.11"],
        "test": ["hypothesis>=6.90", "psutil>=5.9", "pytest>=7.4", "scipy>=1.11"],
    },
)
