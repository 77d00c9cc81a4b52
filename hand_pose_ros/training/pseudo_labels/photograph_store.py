"""Makes stores of pseudo-labelled photographs: one to train on, one of the sources that are held back."""

from __future__ import annotations

import multiprocessing
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from hand_pose_ros.training.pseudo_labels.agreement import AgreementSettings
from hand_pose_ros.training.pseudo_labels.photograph_list import Photograph, photographs
from hand_pose_ros.training.sources.shards import PHOTOGRAPHS, write_description, write_shard

SHARD = 500


@dataclass(frozen=True)
class LabelPlan:
    """What to label, how and where to. The result depends on these values, not on the number of processes."""

    folders: tuple[Path, ...]
    output: Path
    hold_back: tuple[str, ...] = ()
    size: int = 160
    model: str = "mediapipe_lifted"
    seed: int = 0
    settings: AgreementSettings = field(default_factory=AgreementSettings)

    def description(self) -> dict:
        """store.json before the counts."""
        return {
            "format": PHOTOGRAPHS, "size": self.size, "seed": self.seed, "model": self.model,
            "settings": asdict(self.settings), "hold_back": list(self.hold_back),
        }  # fmt: skip


class Writer:
    """Collects rows and writes a shard whenever there are enough; ``files.tsv`` says where each row comes from."""

    def __init__(self, folder: Path, description: dict):
        if list(Path(folder).glob("shard_*")):
            raise ValueError(f"{folder} holds shards already: give another folder or remove it")
        self.folder, self._description = Path(folder), description
        self._rows, self._shards, self.sources = [], 0, []
        self.counts: dict[str, Counter] = defaultdict(Counter)

    def add(self, photograph: Photograph, rows: list[dict], counts: Counter):
        """Rows of one photograph."""
        self.counts[photograph.source] += counts
        if photograph.source not in self.sources:
            self.sources.append(photograph.source)
        for row in rows:
            self._rows.append({**row, "source": np.int16(self.sources.index(photograph.source))})
            self._note(photograph, row)
        while len(self._rows) >= SHARD:
            self._write(SHARD)

    def close(self):
        """Write what is left, and store.json."""
        if self._rows:
            self._write(len(self._rows))
        counts = {source: dict(counted) for source, counted in self.counts.items()}
        (self.folder / "store.json").unlink(missing_ok=True)
        write_description(self.folder, {**self._description, "sources": self.sources, "counts": counts})

    def _write(self, count: int):
        rows, self._rows = self._rows[:count], self._rows[count:]
        write_shard(self.folder, self._shards, {name: np.stack([row[name] for row in rows]) for name in rows[0]})
        self._shards += 1
        # Readable while it grows; the counts come at the end.
        (self.folder / "store.json").unlink(missing_ok=True)
        write_description(self.folder, {**self._description, "sources": self.sources})

    def _note(self, photograph: Photograph, row: dict):
        self.folder.mkdir(parents=True, exist_ok=True)
        kind = "hand" if row["present"] else "negative"
        numbers = "\t".join(f"{value:.2f}" for value in row["box"])
        with (self.folder / "files.tsv").open("a") as file:
            file.write(f"{photograph.source}\t{photograph.path.name}\t{kind}\t{numbers}\n")


def make_photograph_store(
    plan: LabelPlan, processes: int = 1, limit: int = 0, progress: Callable[[int], None] = lambda files: None
) -> dict[str, dict[str, Counter]]:
    """Label all photographs (the first ``limit`` in random order if given); counts per store folder and source."""
    listed = photographs(plan.folders, plan.hold_back)
    order = np.random.default_rng(plan.seed).permutation(len(listed))[: limit or None]
    held_back = plan.output.with_name(plan.output.name + "_held_back")
    writers = {False: Writer(plan.output, plan.description())}
    if any(photograph.held_back for photograph in listed):
        writers[True] = Writer(held_back, plan.description())
    jobs = [(int(number), listed[number]) for number in order]
    with multiprocessing.get_context("spawn").Pool(processes, _start, (plan,)) as pool:
        for photograph, labelled in pool.imap(_label, jobs, chunksize=4):
            writers[photograph.held_back].add(photograph, labelled.rows, labelled.counts)
            progress(1)
    for writer in writers.values():
        writer.close()
    return {str(writer.folder): dict(writer.counts) for writer in writers.values()}


def _start(plan: LabelPlan):
    """Load the teacher once per process."""
    import cv2

    from hand_pose_ros.networks.build import load_model
    from hand_pose_ros.training.pseudo_labels.teacher import Teacher

    global _TEACHER, _PLAN
    cv2.setNumThreads(1)
    _TEACHER, _PLAN = Teacher(load_model(plan.model, "cpu", threads=1), plan.settings), plan


def _label(job: tuple[int, Photograph]):
    import cv2

    from hand_pose_ros.training.pseudo_labels.labelled_rows import Labelled, labelled_rows

    number, photograph = job
    pixels = cv2.imread(str(photograph.path), cv2.IMREAD_COLOR)
    if pixels is None:
        return photograph, Labelled([], Counter(unreadable=1))
    generator = np.random.default_rng([_PLAN.seed, number])
    return photograph, labelled_rows(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), _TEACHER, _PLAN.size, generator)
