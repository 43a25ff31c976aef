#!/usr/bin/env python3
"""Listing as many images as ImageNet has: time and peak memory of `compdd data inspect`, at full size and at a tenth.

    python3 benchmarks/perf/listing.py SCRATCH [--compdd PATH]

Makes, below the folder SCRATCH, an ImageFolder and the original archives with 1000 classes of 1281 training and 50 validation
images each (the files are empty of pictures: nothing is decoded), and a tenth of it. Needs about 3 GB; removes what it made.
Memory is constant if the two sizes need the same. A cold first reading is included in the time.
"""

import argparse
import io
import os
import shutil
import subprocess
import tarfile
import time
from pathlib import Path

CLASSES, TRAIN, VAL = 1000, 1281, 50
PICTURE = b"\xff\xd8" + bytes(400)


def synsets() -> list[str]:
    table = Path(__file__).resolve().parents[2] / "subsets" / "imagenet1k_classes.csv"
    return [line.split(",")[1] for line in table.read_text().splitlines()[1:]]


SYNSETS = synsets()


def folder(root: Path, train: int, val: int) -> None:
    """An ImageFolder whose files are links to a few empty pictures."""
    seeds = []
    for split, count in (("train", train), ("val", val)):
        for number, synset in enumerate(SYNSETS):
            place = root / split / synset
            place.mkdir(parents=True)
            for i in range(count):
                if (number * count + i) % 30_000 == 0:
                    seeds.append(root / f".seed-{split}-{len(seeds)}")
                    seeds[-1].write_bytes(PICTURE)
                os.link(seeds[-1], place / f"{synset}_{i}.JPEG")


def add(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(data)
    archive.addfile(member, io.BytesIO(data))


def archives(root: Path, train: int, val: int) -> None:
    """The two archives as they are distributed, and a list of the synsets of the validation images."""
    root.mkdir(parents=True)
    with tarfile.open(root / "ILSVRC2012_img_train.tar", "w") as outer:
        for synset in SYNSETS:
            inner = io.BytesIO()
            with tarfile.open(fileobj=inner, mode="w") as archive:
                for i in range(train):
                    add(archive, f"{synset}_{i}.JPEG", PICTURE)
            add(outer, f"{synset}.tar", inner.getvalue())
    lines = []
    with tarfile.open(root / "ILSVRC2012_img_val.tar", "w") as archive:
        for i in range(CLASSES * val):
            name = f"ILSVRC2012_val_{i + 1:08}.JPEG"
            add(archive, name, PICTURE)
            lines.append(f"{name} {SYNSETS[i % CLASSES]}")
    (root / "val_synsets.txt").write_text("\n".join(lines) + "\n")


def measured(compdd: str, root: Path) -> tuple[float, float, str]:
    begin = time.perf_counter()
    child = subprocess.Popen([compdd, "data", "inspect", str(root)], stdout=subprocess.PIPE, text=True)
    shown = child.stdout.read()
    _, _, usage = os.wait4(child.pid, 0)
    return time.perf_counter() - begin, usage.ru_maxrss / 1024, shown.splitlines()[0].split(": ", 1)[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scratch", type=Path)
    parser.add_argument("--compdd", default="compdd")
    args = parser.parse_args()
    print("| layout | images | seconds | peak MiB |\n|---|---|---|---|")
    for name, make in (("ImageFolder", folder), ("archives", archives)):
        for share in (10, 1):
            root = args.scratch / f"listing-{name}-{share}"
            try:
                make(root, TRAIN // share, VAL // share)
                seconds, peak, shown = measured(args.compdd, root)
                print(f"| {name} | {shown} | {seconds:.2f} | {peak:.0f} |", flush=True)
            finally:
                shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    main()
