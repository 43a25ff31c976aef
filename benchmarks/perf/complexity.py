#!/usr/bin/env python3
"""Activation maps and complexity scores beside PyTorch, on the same images, the same weights and the same cores, in turns.

    python3 benchmarks/perf/complexity.py [FOLDER] [--cases resnet18,resnet18-layer3,convnet] [--methods grad-cam,smooth-grad-cam++]
    python3 benchmarks/perf/complexity.py --refresh 1,10 [--networks convnet,resnet18,resnet50,vgg11]

The first form makes maps of images in memory, and scores of FOLDER (an `ImageFolder`) from files to shares: compdd with `complexity::score`
(list, decode, maps, Parquet), PyTorch with a DataLoader that has as many workers as there are threads. The second form times one refresh of
EDF's gradient weights (Smooth Grad-CAM++, resized and thresholded) for ten classes of so many images each, at 128 px.

PyTorch is there twice (`complexity_peer.py`): `method`, torch-cam's as it is described, differentiating the whole network, and `lean`, with no
graph in front of the layer and channels last. Before anything is timed, all make maps of the same images under the same noise; the largest
difference is printed, and more than 1e-2 in half of the images ends the run. Every program is a process of its own with the same allocator settings; they work in
turns. Smooth Grad-CAM++ in front of layer3 is ill-conditioned (its denominator crosses zero; PyTorch in single precision is as far from itself
in double), so it is the image in the middle that counts. Printed are images a second (the median of the rounds; seconds for a refresh), compdd's factor, and the mean share of activated cells
of the folder, which both sides must find alike (Smooth Grad-CAM++ draws other noise there). Linux only; needs torch, torchvision, safetensors.
"""
import argparse
import json
import os
import pathlib
import shutil
import statistics
import sys
import tempfile

from programs import HERE, MALLOC, Program, binary, processor, warn_if_busy

# name: slug, side, classes, tap
CASES = {
    "resnet18": ("resnet18-imagenet-bn", 224, 1000, "layer4"),
    "resnet18-layer3": ("resnet18-imagenet-bn", 224, 1000, "layer3"),
    "convnet": ("convnet-d5", 128, 10, "feat4"),
}
NETWORKS = {
    "convnet": ("convnet-d5", 128, 10, "feat4"),
    "resnet18": ("resnet18-imagenet-bn", 128, 1000, "layer4"),
    "resnet50": ("resnet50-imagenet-bn", 128, 1000, "layer4"),
    "vgg11": ("vgg11-imagenet-nn", 128, 1000, "relu4"),
}
CHECKED = 8


class Bench:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        peer = [sys.executable, str(HERE / "complexity_peer.py"), "--threads", str(options.threads), "--way"]
        threads = {"RAYON_NUM_THREADS": str(options.threads)}
        self.commands = {"compdd": ([options.binary or binary("complexity")], threads)}
        self.commands |= {way: ([*peer, way], MALLOC) for way in options.ways.split(",")}

    def start(self, setting):
        """All programs with a network in place."""
        import torch
        from complexity_peer import network

        slug, side, classes, tap = setting
        weights = self.folder / f"{slug}.pth"
        torch.save(network(slug, side, classes).state_dict(), weights)
        programs = {name: Program(name, *command) for name, command in self.commands.items()}
        for program in programs.values():
            program.ask(f"load {slug} {side} {classes} {tap} {weights}")
        return programs

    def images(self, programs, side, count):
        import torch
        from complexity_peer import SAMPLES
        from safetensors.torch import save_file

        torch.manual_seed(1)
        path = self.folder / "images.safetensors"
        block = lambda: torch.randn(count, 3, side, side)
        noise = {f"noise{i}": block() for i in range(SAMPLES)} if count == CHECKED else {}
        save_file({"x": block(), **noise}, path)
        for program in programs.values():
            program.ask(f"images {path}")

    def check(self, programs, side, methods):
        """The largest difference of maps between compdd and each of the others."""
        from safetensors.torch import load_file

        self.images(programs, side, CHECKED)
        worst = {}
        for method in methods:
            maps = {}
            for name, program in programs.items():
                path = self.folder / f"{name}.safetensors"
                program.ask(f"write {method} {path}")
                maps[name] = load_file(path)["maps"]
            own = maps.pop("compdd")
            apart = sorted(difference for other in maps.values() for difference in (own - other).abs().amax((1, 2)).tolist())
            worst[method] = {"largest": apart[-1], "median": statistics.median(apart)}
            print(f"largest difference of the maps of {CHECKED} images, {method}: {apart[-1]:.1e} (image in the middle: {worst[method]['median']:.1e})", flush=True)
            if not worst[method]["median"] < 1e-2:
                sys.exit("error: the sides do not compute the same")
        return worst

    def turns(self, programs, line):
        """Seconds and answers of every program, in turns, after one that is not counted where there is more than one round."""
        rounds = self.options.rounds
        seconds, value = {name: [] for name in programs}, {}
        for turn in range(rounds + (rounds > 1)):
            for name, program in programs.items():
                answer = program.ask(line)
                value[name] = float(answer[1])
                if turn or rounds == 1:
                    seconds[name].append(float(answer[0]))
        return {name: {"seconds": seconds[name], "value": value[name]} for name in programs}


def links(folder, to, count):
    """Some files of an ImageFolder, spread over it, in an ImageFolder of their own."""
    folder = folder / "train" if (folder / "train").is_dir() else folder
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg"))
    files = files[:: -(-len(files) // count)] if count else files
    for path in files:
        own = to / "train" / path.parent.name
        own.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, own)
    return len(files)


def show(title, result, count, rate=True):
    own = statistics.median(result["compdd"]["seconds"])
    for name, entry in result.items():
        middle = statistics.median(entry["seconds"])
        figure = f"{count / middle:.1f} images/s" if rate else f"{middle:.3f} s"
        print(f"| {title} | {name} | {figure} | **{middle / own:.2f}** | {entry['value']:.5g} |", flush=True)


def scores(options, folder):
    bench, record = Bench(options, folder), []
    for case in options.cases.split(","):
        setting, methods = CASES[case], options.methods.split(",")
        programs = bench.start(setting)
        entry = {"case": case, "difference": bench.check(programs, setting[1], methods)}
        bench.images(programs, setting[1], options.images)
        print("| what | program | rate | compdd's factor | value |\n|---|---|---|---|---|")
        for method in methods:
            entry[f"maps {method}"] = bench.turns(programs, f"maps {method}")
            show(f"{case}, {method}, maps", entry[f"maps {method}"], options.images)
        if options.folder:
            files = folder / "files"
            count = links(pathlib.Path(options.folder), files, options.files)
            entry["files"] = count
            for method in methods:
                # Both find the images in `train`.
                peers = {name: program for name, program in programs.items() if name != "compdd"}
                seconds = {name: {"seconds": [], "value": 0.0} for name in programs}
                for _ in range(options.rounds):
                    for name, program in programs.items():
                        where = files / "train" if name in peers else files
                        answer = program.ask(f"score {where} {folder / 'scores.parquet'} {method}")
                        seconds[name]["seconds"].append(float(answer[0]))
                        seconds[name]["value"] = float(answer[1])
                entry[f"score {method}"] = seconds
                show(f"{case}, {method}, files to shares", seconds, count)
            shutil.rmtree(files)
        entry["peak_bytes"] = {name: program.peak() for name, program in programs.items()}
        for program in programs.values():
            program.close()
        record.append(entry)
    return record


def refreshes(options, folder):
    bench, record = Bench(options, folder), []
    for name in options.networks.split(","):
        setting = NETWORKS[name]
        programs = bench.start(setting)
        entry = {"network": name, "difference": bench.check(programs, setting[1], ["smooth-grad-cam++"])}
        print("| what | program | seconds | compdd's factor | value |\n|---|---|---|---|---|")
        for ipc in map(int, options.refresh.split(",")):
            entry[f"ipc {ipc}"] = bench.turns(programs, f"refresh {10 * ipc}")
            show(f"{name}, IPC {ipc}", entry[f"ipc {ipc}"], 10 * ipc, rate=False)
        for program in programs.values():
            program.close()
        record.append(entry)
    return record


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folder", nargs="?", help="an ImageFolder, for scores from files")
    arguments.add_argument("--cases", default=",".join(CASES))
    arguments.add_argument("--methods", default="grad-cam,smooth-grad-cam++")
    arguments.add_argument("--ways", default="method,lean", help="which forms of PyTorch")
    arguments.add_argument("--images", type=int, default=64, help="images in memory")
    arguments.add_argument("--files", type=int, default=200, help="most files that are taken from the folder; 0 for all")
    arguments.add_argument("--refresh", metavar="IPCS", help="time refreshes instead, for these numbers of images a class")
    arguments.add_argument("--networks", default=",".join(NETWORKS), help="of the refreshes")
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--threads", type=int, default=2)
    arguments.add_argument("--binary", help="a built complexity, instead of building it")
    arguments.add_argument("--out", type=pathlib.Path, help="write the figures as JSON")
    options = arguments.parse_args()
    warn_if_busy(options.threads)
    with tempfile.TemporaryDirectory() as folder:
        rows = (refreshes if options.refresh else scores)(options, pathlib.Path(folder))
    if options.out:
        import torch

        record = {"processor": processor(), "cores": os.cpu_count(), "threads": options.threads, "rounds": options.rounds, "images": options.images, "torch": torch.__version__, "rows": rows}
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
