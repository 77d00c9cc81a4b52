"""Pictures of what ``benchmarks.ablations`` and ``benchmarks.lifting_table`` compared, on the same held-back hands.

    python -m benchmarks.ablation_sheets --ablations DIR --lifting DIR --stores STORES --output docs

papers_COMPARISON.jpg  a row per variant: its keypoints in colour over the labels in white, on the first held-back hands
papers_maps.jpg        direct and latent heatmaps of the same crops: brightest over all keypoints, and one fingertip
papers_lifting.jpg     lifted hands from the side, the true ones in grey, columns as the crops in the first row
papers_curves.png      PCK@0.1 by step of every variant
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import torch

from benchmarks.ablation_variants import COMPARISONS, VARIANTS
from benchmarks.ablations import held_back_crops, load
from hand_pose_ros.hand import BONES, FINGERTIPS
from hand_pose_ros.training.hand_batch import HandBatch
from hand_pose_ros.training.image.pose_pictures import FINGER_COLOURS, contact_sheet
from hand_pose_ros.training.sources.rendered_store import RenderedStore

COLUMNS, TILE, MARGIN = 8, 128, 100
GREY, BLACK = (170, 170, 170), (0, 0, 0)


def titled(row: np.ndarray, title: str) -> np.ndarray:
    """A row of tiles (H, W, 3) with a margin that says what it is."""
    margin = np.full((row.shape[0], MARGIN, 3), 255, np.uint8)
    for line, word in enumerate(title.split("_")):
        cv2.putText(margin, word, (4, 60 + 18 * line), cv2.FONT_HERSHEY_SIMPLEX, 0.45, BLACK, 1, cv2.LINE_AA)
    return np.hstack([margin, row])


def hands(store: Path, name: str, count: int = COLUMNS) -> HandBatch:
    """The first held-back crops of a variant that show a hand."""
    batch = HandBatch.joined(held_back_crops(store, VARIANTS[name])[:2])
    return batch.rows((batch.present > 0.5).nonzero()[:count, 0])


def comparison_sheet(comparison: str, folder: Path, seed: int) -> np.ndarray:
    """Rows of the variants, predictions over labels."""
    rows = []
    for name in COMPARISONS[comparison]:
        batch = hands(folder / "held_back", name)
        with torch.no_grad():
            output = dict(network(folder, name, seed)(batch.images))
        output["presence"] = torch.ones(len(batch))
        rows.append(titled(contact_sheet(batch, output, COLUMNS, TILE), name))
    return np.vstack(rows)


def network(folder: Path, name: str, seed: int):
    """A trained variant."""
    return load(name, seed, SimpleNamespace(output=folder, share=1.0, precision="auto"))


def heatmaps(found, images: torch.Tensor) -> torch.Tensor:
    """Heatmaps (N, 21, S, S) of Chernytska's network, which it returns in training only."""
    kept = []
    handle = found.heatmap_block.register_forward_pre_hook(lambda module, inputs: kept.append(inputs[0]))
    with torch.no_grad():
        found(images)
    handle.remove()
    return kept[0].float()


def map_sheet(folder: Path, seed: int) -> np.ndarray:
    """Crops, then two rows for each kind of heatmap, each map divided by its peak."""
    batch = hands(folder / "held_back", "direct")
    rows = [titled(np.hstack([tile(image.permute(1, 2, 0).numpy()) for image in batch.images]), "crop")]
    for name in COMPARISONS["heatmaps"]:
        maps = heatmaps(network(folder, name, seed), batch.images)
        maps = maps / maps.amax(dim=(2, 3), keepdim=True).clamp_min(1e-9)
        rows.append(titled(np.hstack([glow(one) for one in maps.amax(1)]), f"{name}_all"))
        rows.append(titled(np.hstack([glow(one) for one in maps[:, FINGERTIPS[1]]]), f"{name}_index tip"))
    return np.vstack(rows)


def tile(image: np.ndarray) -> np.ndarray:
    """(S, S, 3) 0 to 1 as a tile of bytes."""
    return cv2.resize((image * 255).clip(0, 255).astype(np.uint8), (TILE, TILE), interpolation=cv2.INTER_NEAREST)


def glow(heat: torch.Tensor) -> np.ndarray:
    """One map 0 to 1 as a tile of colours."""
    colours = cv2.applyColorMap((heat.numpy() * 255).astype(np.uint8), cv2.COLORMAP_INFERNO)
    return tile(colours[..., ::-1] / 255.0)


def lifting_sheet(lifting: Path, store: Path, count: int = COLUMNS) -> np.ndarray:
    """The crops, then a row per kind of lifting: the hand seen from its right side, truth in grey."""
    with np.load(lifting / "hands.npz") as stored:
        answers = {name: stored[name] for name in stored.files}
    truth, chosen = answers.pop("truth"), np.arange(0, 40 * count, 40)
    present = np.flatnonzero(np.concatenate([np.load(path) for path in sorted(store.glob("shard_*/present.npy"))]))
    images = RenderedStore(store).rows(present[chosen]).images.permute(0, 2, 3, 1).numpy()
    rows = [titled(np.hstack([tile(image) for image in images]), "crop")]
    for name in (name for name in answers if name.endswith(" 0")):
        tiles = [side_view(truth[k], answers[name][k]) for k in chosen]
        rows.append(titled(np.hstack(tiles), name.removesuffix(" 0").replace(" ", "_")))
    return np.vstack(rows)


def side_view(truth: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Joints (21, 3) in hand scales, along the camera's x axis: depth to the right, down is down."""
    canvas = np.full((TILE, TILE, 3), 255, np.uint8)
    for joints, colours in ((truth, [GREY] * 5), (found, FINGER_COLOURS)):
        points = joints[:, [2, 1]] * TILE / 3.2 + TILE / 2
        for number, (parent, child) in enumerate(BONES):
            ends = [tuple(round(16 * float(value)) for value in points[end]) for end in (parent, child)]
            cv2.line(canvas, ends[0], ends[1], colours[number // 4], 1, cv2.LINE_AA, shift=4)
    return canvas


def save_curves(folder: Path, path: Path, comparisons) -> None:
    """PCK@0.1 by step, all seeds of a variant in one colour."""
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, len(comparisons), figsize=(3.2 * len(comparisons), 3.0), constrained_layout=True)
    for axis, comparison in zip(np.atleast_1d(axes), comparisons, strict=True):
        for number, name in enumerate(COMPARISONS[comparison]):
            for nth, file in enumerate(sorted(folder.glob(f"{name}_[0-9]/ablation.json"))):
                points = json.loads(file.read_text())["curve"]
                values = [point["pck_0.1"] for point in points]
                axis.plot([p["step"] for p in points], values, f"C{number}.-", label=name if nth == 0 else None)
        axis.set(title=comparison, xlabel="step", ylabel="PCK@0.1", ylim=(0, 1))
        axis.grid(alpha=0.3)
        axis.legend(fontsize=7)
    figure.savefig(path, dpi=80)
    pyplot.close(figure)


def save(sheet: np.ndarray, path: Path) -> None:
    """Write a JPEG and say its size."""
    cv2.imwrite(str(path), sheet[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 82])
    print(path, sheet.shape, path.stat().st_size // 1024, "KB")


def main() -> int:
    """Write the pictures of what is there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ablations", type=Path, help="folder that benchmarks.ablations wrote")
    parser.add_argument("--lifting", type=Path, help="folder that benchmarks.lifting_table wrote")
    parser.add_argument("--stores", type=Path, help="the stores that it was measured on")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    torch.set_num_threads(1)
    if args.lifting:
        save(lifting_sheet(args.lifting, args.stores / "held_back"), args.output / "papers_lifting.jpg")
    if args.ablations:
        there = [c for c, names in COMPARISONS.items() if all(done(args.ablations, n, args.seed) for n in names)]
        for comparison in there:
            sheet = comparison_sheet(comparison, args.ablations, args.seed)
            save(sheet, args.output / f"papers_{comparison}.jpg")
        if "heatmaps" in there:
            save(map_sheet(args.ablations, args.seed), args.output / "papers_maps.jpg")
        save_curves(args.ablations, args.output / "papers_curves.png", there)
    return 0


def done(folder: Path, name: str, seed: int) -> bool:
    """Whether a variant was trained."""
    return (folder / f"{name}_{seed}" / "ablation.json").exists()


if __name__ == "__main__":
    raise SystemExit(main())
