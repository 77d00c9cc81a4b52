#!/bin/sh
# Create the virtual environment and install the pinned packages: workspace/venv.sh <folder> <jazzy|kilted> <torch requirement>
# Safe to repeat. Environment: PYTHON, the interpreter to use instead of the first of 3.10 to 3.13 that is found.
set -eu
venv=$1 distro=$2 torch=$3
here=$(dirname "$0")

usable() { command -v "$1" >/dev/null 2>&1 && "$1" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))'; }

find_python() {
  for candidate in ${PYTHON:-python3.11 python3.12 python3.13 python3.10 python3}; do
    if usable "$candidate"; then echo "$candidate"; return; fi
  done
}

has_library() { /sbin/ldconfig -p 2>/dev/null | grep -q "$1"; }

# Debian packages that are lacking. The last two draw the tests' pictures of hands without a screen.
missing_packages() {
  c++ --version >/dev/null 2>&1 && make --version >/dev/null 2>&1 || echo build-essential
  if [ -z "$python" ]; then echo python3 python3-venv python3-dev; return; fi
  version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
  "$python" -c 'import venv, ensurepip' 2>/dev/null || echo "python$version-venv"
  "$python" -c 'import pathlib, sys, sysconfig; sys.exit(not pathlib.Path(sysconfig.get_path("include"), "Python.h").exists())' ||
    echo "python$version-dev"
  has_library libEGL.so.1 || echo libegl1
  has_library libEGL_mesa.so.0 || echo libegl-mesa0 libgl1-mesa-dri
}

retry() {
  for pause in 5 20 0; do
    if "$@"; then return 0; fi
    [ "$pause" -eq 0 ] || { echo "failed: trying again in $pause s" >&2; sleep "$pause"; }
  done
  return 1
}

case $distro in jazzy | kilted) ;; *)
  echo "ROS_DISTRO=$distro: PyPI has jazzy and kilted. For other distributions install ROS 2 (README, Install)." >&2; exit 2 ;;
esac
if [ "$(uname -sm)" != "Linux x86_64" ]; then
  echo "$(uname -sm): the ROS 2 wheels on PyPI are for Linux on x86-64. Install ROS 2 itself (README, Install)." >&2; exit 2
fi
for other in "$venv"/.ros-*; do
  if [ -e "$other" ] && [ "$other" != "$venv/.ros-$distro" ]; then
    echo "$venv holds ROS 2 ${other##*.ros-}: give another folder, for instance VENV=.venv-$distro" >&2; exit 2
  fi
done

python=$(find_python)
if [ -n "${PYTHON:-}" ] && [ -z "$python" ]; then
  echo "PYTHON=$PYTHON is not a Python from 3.10 to 3.13" >&2; exit 2
fi
packages=$(missing_packages | tr '\n' ' ')
if [ -n "$packages" ]; then
  if [ "$(id -u)" -ne 0 ]; then
    printf 'Packages are missing. Run this, then make again:\n  sudo apt-get install -y %s\n' "$packages" >&2; exit 1
  fi
  echo "installing with apt-get: $packages"
  apt-get update -qq || true
  DEBIAN_FRONTEND=noninteractive retry apt-get install -y -qq --no-install-recommends $packages
  python=$(find_python)
fi
if [ -z "$python" ]; then
  echo "No Python from 3.10 to 3.13 found: install one, or name it: make PYTHON=/path/to/python3.12" >&2; exit 1
fi

[ -x "$venv/bin/pip" ] || "$python" -m venv "$venv"
pip() { retry "$venv/bin/python" -m pip --disable-pip-version-check --retries 5 --timeout 60 "$@"; }
# $torch unquoted: it may carry options (--index-url).
pip install -q $torch -r "$here/requirements.txt" -r "$here/requirements-dev.txt" -r "$here/$distro.txt"
touch "$venv/.ros-$distro"
