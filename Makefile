# Everything on a machine without ROS 2: the virtual environment with ROS 2 from PyPI, the tests, the demonstration.
# With ROS 2 installed use colcon instead (README, "Install").
VENV := .venv
# Not ?=: a ROS 2 set-up script that happens to be sourced sets ROS_DISTRO too.
ROS_DISTRO := jazzy
# For machines without an NVIDIA GPU, a smaller download:
#   TORCH='torch==2.13.0 --extra-index-url https://download.pytorch.org/whl/cpu'
TORCH ?= torch==2.13.0
# A folder like the developers' shared/data: enables the tests that need real pictures.
DATA ?=
# The MediaPipe package, in a venv of its own, for make bench only.
MEDIAPIPE := .venv-mediapipe
SOURCE ?=
MODEL ?=
ARGS ?=

# A sourced ROS 2 installation would mix its libraries with the venv's.
unexport PYTHONPATH PYTHONHOME AMENT_PREFIX_PATH CMAKE_PREFIX_PATH COLCON_PREFIX_PATH RMW_IMPLEMENTATION _ROS_WHEELS_BOOTSTRAP_COMPLETE
ifdef AMENT_PREFIX_PATH
unexport LD_LIBRARY_PATH
endif
export ROS_AUTOMATIC_DISCOVERY_RANGE ?= LOCALHOST

INTERFACES := $(wildcard msg/*.msg srv/*.srv workspace/tf2_msgs/msg/*.msg)
# Folders, because only a new file in them has to be installed: the others are links.
INSTALLED := hand_pose_ros/nodes config demo launch $(wildcard models/*)

.PHONY: help venv workspace models run test lint bench clean
help:
	@echo 'make run [SOURCE=video|folder|webcam index] [MODEL=name]   camera, hand pose and visualization nodes over ROS 2'
	@echo 'make test [DATA=folder]                                     all tests; DATA enables those on real pictures'
	@echo 'make bench SOURCE=video                                     speed against MediaPipe on the same frames'
	@echo 'make lint | clean                                           ruff | remove $(VENV) and everything built'
	@echo 'make venv | workspace | models                              the steps of the set-up, run by the others as needed'
	@echo 'Variables: VENV=$(VENV)  ROS_DISTRO=jazzy|kilted  PYTHON=python3.12  TORCH="$(TORCH)"  ARGS=further arguments'

venv: $(VENV)/.ros-$(ROS_DISTRO)
$(VENV)/.ros-$(ROS_DISTRO): workspace/venv.sh $(wildcard workspace/*.txt)
	workspace/venv.sh $(VENV) $(ROS_DISTRO) '$(TORCH)'

workspace: $(VENV)/.built
$(VENV)/.built: $(VENV)/.ros-$(ROS_DISTRO) workspace/build.py workspace/environment.py workspace/executable.py.in \
		CMakeLists.txt package.xml $(wildcard workspace/tf2_msgs/*.*) $(INTERFACES) $(INSTALLED)
	$(VENV)/bin/python workspace/build.py
	@touch $@

models: $(VENV)/.models
$(VENV)/.models: | $(VENV)/.built
	@if $(VENV)/bin/hand_pose_ros models fetch; then touch $@; \
	else echo 'MediaPipe networks were not fetched: models mediapipe_* are not available until "make models" succeeds.' >&2; fi

run: workspace models
	$(VENV)/bin/hand_pose_ros run $(if $(SOURCE),--source '$(SOURCE)') $(if $(MODEL),--model '$(MODEL)') $(ARGS)

test: workspace models
	$(if $(DATA),HAND_POSE_ROS_DATA='$(abspath $(DATA))') $(VENV)/bin/python -m pytest $(ARGS)
	$(VENV)/bin/ruff check .

lint: venv
	$(VENV)/bin/ruff check .

$(MEDIAPIPE)/.installed: benchmarks/mediapipe_requirements.txt $(VENV)/.ros-$(ROS_DISTRO)
	$(VENV)/bin/python -m venv $(MEDIAPIPE)
	$(MEDIAPIPE)/bin/python -m pip --disable-pip-version-check install -q --retries 5 --no-deps -r $<
	@touch $@

bench: workspace models $(MEDIAPIPE)/.installed
	$(VENV)/bin/python -m benchmarks.speed --mediapipe-python $(MEDIAPIPE)/bin/python $(if $(SOURCE),--source '$(SOURCE)') $(ARGS)

clean:
	rm -rf $(VENV) $(MEDIAPIPE) build install log dist *.egg-info .pytest_cache .ruff_cache .hypothesis
