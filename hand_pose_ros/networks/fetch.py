"""Set-up time: take weights out of the wheels that the cards name, which the user's own pip downloads."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

from hand_pose_ros.networks.model_card import ModelCard
from hand_pose_ros.networks.model_files import check_sha256, find_weights, writable_folder
from hand_pose_ros.networks.tflite import ModelFileError

# The members are data: any Python's wheel of any platform holds the same. One combination that exists is named, so
# that this works from every Python and platform.
PIP_OPTIONS = (
    "--no-deps", "--only-binary=:all:", "--python-version=3.11", "--implementation=cp", "--abi=cp311",
    "--platform=manylinux_2_28_x86_64",
)  # fmt: skip


def fetch_weights(
    cards: Iterable[ModelCard], wheel: Path | None = None, report: Callable[[str], None] = print
) -> list[Path]:
    """Put the weights that the cards take from wheels into the first writable weights folder; return their paths.

    Files that are there with the right sha256 are left alone. ``wheel`` names a file to take instead of a download.
    Raises ModelFileError.
    """
    parts = [(card, stage["weights"]) for card in cards for stage in card.stages().values() if stage.get("weights")]
    fetched = {weights["file"]: (card, weights) for card, weights in parts if "wheel" in weights}
    missing = [weights for card, weights in fetched.values() if not _is_there(card, weights)]
    for requirement in sorted({weights["wheel"] for weights in missing}):
        wanted = [weights for weights in missing if weights["wheel"] == requirement]
        with tempfile.TemporaryDirectory() as scratch:
            _extract(wheel or _download(requirement, Path(scratch), report), wanted, writable_folder())
    paths = [find_weights(weights["file"], card.folder) for card, weights in fetched.values()]
    for path in paths:
        report(f"{path} ({path.stat().st_size / 1e6:.1f} MB)")
    return paths


def _is_there(card: ModelCard, weights: dict) -> bool:
    try:
        return bool(check_sha256(find_weights(weights["file"], card.folder), weights["sha256"]))
    except ModelFileError:
        return False


def _download(requirement: str, folder: Path, report: Callable[[str], None]) -> Path:
    pip = [sys.executable, "-m", "pip", "download", "-q", "-d", str(folder)]
    command = [*pip, *PIP_OPTIONS, requirement]
    report(" ".join(command))
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    wheels = list(folder.glob("*.whl"))
    if found.returncode or not wheels:
        reason = (found.stderr.strip() or found.stdout.strip()).splitlines()[-1:] or ["no wheel came"]
        advice = "download the wheel yourself and run: hand_pose_ros models fetch --wheel FILE"
        raise ModelFileError(f"pip could not download {requirement} ({reason[0]}); {advice}")
    return wheels[0]


def _extract(wheel: Path, wanted: list[dict], folder: Path) -> None:
    try:
        with zipfile.ZipFile(wheel) as archive:
            for weights in wanted:
                _write(archive.read(weights["member"]), weights, wheel, folder / weights["file"])
    except (OSError, zipfile.BadZipFile, KeyError) as error:
        raise ModelFileError(f"{wheel}: not the wheel {wanted[0]['wheel']}, or damaged ({error})") from error


def _write(content: bytes, weights: dict, wheel: Path, target: Path) -> None:
    found = hashlib.sha256(content).hexdigest()
    if found != weights["sha256"]:
        raise ModelFileError(f"{wheel}: {weights['member']} has sha256 {found}, the card says {weights['sha256']}")
    aside = target.with_suffix(f".{os.getpid()}.tmp")
    aside.write_bytes(content)
    aside.replace(target)
