#!/usr/bin/env python3
"""The commands that must run on a card, on the stand-ins: ends with 1 when one of them would not, and prints what each costs.

    smoke.py FOLDER target/release/compdd [--nvrtc 12.9] [--driver 13000] [--only dm --only dc]
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from observe import Failed, started
from steps import Case, Cost, cost, table
from toolkit import Toolkit, prepare

# Epochs of a student at the smoke budget (benchmarks/protocols/no-kd.toml); at one image a class each has one step.
EPOCHS = 20
RUN = "run --subset scenes-easy --ipc 1 --budget smoke --no-cache --results RESULTS --device cuda:0".split()
# Trained on the CPU: what is read from the device is zeros, of which no trajectory is made.
TEACHER = "teacher train --subset scenes-easy --network convnet-d3 --name small --epochs 1 --train-per-class 8 --device cpu"
EXPERTS = "experts train --subset scenes-easy --network convnet-d3 --experts 2 --epochs 4 --train-per-class 8 --no-cache --device cpu"


def students(network: str) -> list[str]:
    """A run that trains students, whose number is its length."""
    return [*RUN, "--method", "random", "--network", network, "--seeds", "{}"]


def iterations(method: str, *more: str) -> list[str]:
    """A run of a method, whose iterations are its length; its one student falls out of the difference."""
    return [*RUN, "--method", method, "--seeds", "1", "--set", "iterations={}", *more]


def trained(binary: str, results: Path) -> tuple[Path, Path]:
    """A teacher and a buffer of experts, made where they are missing."""
    for folder, command in (("teachers", TEACHER), ("experts", EXPERTS)):
        if not (results / folder).exists():
            subprocess.run([binary, *command.split(), "--results", str(results)], check=True, stdout=sys.stderr)
    return results / "teachers/small", next((results / "experts").glob("convnet-d3-*"))


def cases(teacher: Path, experts: Path) -> list[Case]:
    # Batches that divide both lengths: another shape is another kernel.
    score = ["complexity", "score", "--subset", "scenes-easy", "--per-class", "{}", "--batch", "10", "--teacher", str(teacher)]
    # A student that is read as zeros is far from every target: nothing may be skipped for that.
    matched = ["--experts", str(experts), "--set", "lr_lr=0.000001", "--set", "init=real"]
    return [
        Case("student step, ConvNet-D3", students("convnet-d3"), (1, 2), EPOCHS, {"launches": 80, "uploads": 5, "waits": 1}),
        Case("student step, ResNet18", students("resnet18"), (1, 2), EPOCHS, {"launches": 480, "uploads": 5, "waits": 1}),
        Case("dm, iteration", iterations("dm"), (2, 6), most={"launches": 80, "uploads": 5, "waits": 1.1}),
        Case("datadam with batch norm, iteration", iterations("datadam", "--network", "convnet-d3-bn"), (2, 6)),
        Case("dc, step of the images", iterations("dc"), (2, 4), 2),
        Case("idc, step of the images", iterations("idc"), (2, 4), 2),
        Case("cafe, iteration", iterations("cafe", "--set", "halve_at=[]"), (2, 4)),
        Case("mtt, iteration of 3 steps", iterations("mtt", *matched), (2, 4)),
        Case("edf, iteration of 3 steps", iterations("edf", *matched, "--set", "skip_above=0"), (2, 4)),
        Case("complexity score, image", [*score, "--out", "RESULTS/scores.parquet", "--device", "cuda:0"], (1, 3), 10),
    ]


def without_room(binary: str, toolkit: Toolkit, folder: Path) -> None:
    """A run on a card with 64 MiB must end as an error that says what to do; `Failed` says how it ended instead."""
    with tempfile.TemporaryDirectory(dir=folder) as results:
        command = [word.replace("{}", "2").replace("RESULTS", results) for word in iterations("dm")]
        done = started([binary, *command], toolkit, folder, {"FAKE_CUDA_MEMORY": str(64 << 20)})
    if done.returncode != 1 or "error: the device has no room" not in done.stderr or "--chunk" not in done.stderr:
        raise Failed(f"it ended with {done.returncode}:\n{done.stderr[-3000:]}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where wheels, libraries and caches go and are found again")
    parser.add_argument("binary", help="compdd, built with --features cuda")
    parser.add_argument("--nvrtc", default="12.9", metavar="VERSION", help="CUDA version of the compiler [12.9]")
    parser.add_argument("--driver", default=13000, type=int, metavar="VERSION", help="version of the driver [13000]")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="only commands that begin so; may be repeated")
    given = parser.parse_args()
    toolkit = prepare(given.folder, given.nvrtc, given.driver)
    known = cases(*trained(given.binary, given.folder / "results"))
    chosen = [case for case in known if not given.only or case.name.startswith(tuple(given.only))]
    costs: list[Cost] = []
    failures = 0
    for case in chosen:
        try:
            costs.append(cost(given.binary, case, toolkit, given.folder, given.driver))
            print(" | ".join(costs[-1].row()), *costs[-1].beyond, sep="\n  ", file=sys.stderr, flush=True)
            failures += len(costs[-1].beyond)
        except Failed as failure:
            failures += 1
            print(f"{case.name}: {failure}", file=sys.stderr, flush=True)
    if not given.only:
        try:
            without_room(given.binary, toolkit, given.folder)
        except Failed as failure:
            failures += 1
            print(f"a card without room: {failure}", file=sys.stderr, flush=True)
    print(table(costs))
    return min(failures, 1)


if __name__ == "__main__":
    sys.exit(main())
