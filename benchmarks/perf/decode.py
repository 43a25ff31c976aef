#!/usr/bin/env python3
"""Decoding and resizing beside torchvision and Pillow, on the same number of cores, in turns.

    python3 benchmarks/perf/decode.py FOLDER [--side 128] [--images 2000] [--rounds 3] [--out FILE.json]

FOLDER is an `ImageFolder` (a folder of classes). The same files, spread over the folder, go through

  compdd         `Decode::file_into` on two threads, and on one
  torchvision    `ImageFolder` with `Resize((SIDE, SIDE))` and `PILToTensor`, through a DataLoader with two workers, and in the process itself
  pillow         `open`, `convert("RGB")`, `resize(BILINEAR)` and `numpy.asarray`, in two processes, and in one
  alone          from memory, one core: the JPEG decoders by themselves, and our resampling by itself

The clock starts when the workers run, files are in the page cache, and Python gets the allocator settings that compdd sets for itself.
Printed are images a second (the best round) and compdd's ratio, for one thread that of processor time too, the fairer figure on a busy
machine; then how far the squares differ from torchvision's, over all files.
"""
import argparse
import io
import json
import multiprocessing
import pathlib
import sys
import tempfile
import time

from programs import MALLOC, Program, binary, warn_if_busy


def peer():
    """The Python side: `WHAT LIST SIDE WORKERS` is answered by images a second, `pixels LIST SIDE OUT` by a file."""
    import numpy as np
    import torch
    from PIL import Image
    from torchvision import transforms
    from torchvision.io import ImageReadMode, decode_jpeg

    torch.set_num_threads(1)
    batch = 64

    def square(path, side):
        with open(path, "rb") as file:
            return np.asarray(Image.open(file).convert("RGB").resize((side, side), Image.BILINEAR))

    class Files(torch.utils.data.Dataset):
        """torchvision's ImageFolder without its walk of the folder: its own loader, on the list."""

        def __init__(self, paths, side):
            from torchvision.datasets.folder import default_loader

            self.paths, self.load = paths, default_loader
            self.transform = transforms.Compose([transforms.Resize((side, side)), transforms.PILToTensor()])

        def __len__(self):
            return len(self.paths)

        def __getitem__(self, i):
            return self.transform(self.load(self.paths[i])), 0

    def torchvision(paths, side, workers):
        # With workers, the clock covers the middle of a longer list: they are warm when it starts, and as far ahead when it stops.
        ahead = 4 * batch * workers
        longer = paths[:ahead] + paths + paths[:ahead] if workers else paths
        loader = torch.utils.data.DataLoader(Files(longer, side), batch_size=batch, num_workers=workers)
        done, begun, start = 0, 0, time.perf_counter()
        for images, _ in loader:
            done += len(images)
            if workers and not begun and done >= ahead:
                begun, start = done, time.perf_counter()
            elif done - begun >= len(paths):
                break
        return (done - begun) / (time.perf_counter() - start)

    def pillow(paths, side, workers):
        if workers < 2:
            start = time.perf_counter()
            for path in paths:
                square(path, side)
            return len(paths) / (time.perf_counter() - start)
        parts = [paths[i::workers] for i in range(workers)]
        ready, go = multiprocessing.Semaphore(0), multiprocessing.Event()

        def work(part):
            square(part[0], side)
            ready.release()
            go.wait()
            for path in part:
                square(path, side)

        processes = [multiprocessing.Process(target=work, args=(part,)) for part in parts]
        for process in processes:
            process.start()
        for _ in processes:
            ready.acquire()
        start = time.perf_counter()
        go.set()
        for process in processes:
            process.join()
        return len(paths) / (time.perf_counter() - start)

    def alone(paths, decode):
        files = [pathlib.Path(path).read_bytes() for path in paths]
        start = time.perf_counter()
        for file in files:
            decode(file)
        return len(files) / (time.perf_counter() - start)

    for line in sys.stdin:
        what, listed, side, last = line.split()
        paths, side = pathlib.Path(listed).read_text().splitlines(), int(side)
        if what == "pixels":
            data = Files(paths, side)
            with open(last, "wb") as file:
                for i in range(len(paths)):
                    file.write(data[i][0].numpy().tobytes())
            rate = 0
        elif what == "torchvision":
            rate = torchvision(paths, side, int(last))
        elif what == "pillow":
            rate = pillow(paths, side, int(last))
        elif what == "pillow-decoder":
            rate = alone(paths, lambda file: Image.open(io.BytesIO(file)).convert("RGB"))
        else:
            as_tensor = lambda file: torch.frombuffer(bytearray(file), dtype=torch.uint8)
            rate = alone(paths, lambda file: decode_jpeg(as_tensor(file), ImageReadMode.RGB))
        print(rate, flush=True)


def agreement(ours, theirs):
    """Largest and mean difference in grey levels, and the share of bytes that are equal."""
    import numpy as np

    ours, theirs = (np.fromfile(path, np.uint8).astype(np.int16) for path in (ours, theirs))
    difference = np.abs(ours - theirs)
    return {"largest": int(difference.max()), "mean": float(difference.mean()), "equal": float((difference == 0).mean()),
            "above_two": float((difference > 2).mean())}


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folder", nargs="?")
    arguments.add_argument("--side", default="128", help="of the squares; several separated by commas")
    arguments.add_argument("--images", type=int, default=2000, help="most files that are taken")
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--binary", help="a built decode, instead of building it")
    arguments.add_argument("--out", help="write the figures as JSON")
    arguments.add_argument("--peer", action="store_true", help=argparse.SUPPRESS)
    options = arguments.parse_args()
    if options.peer:
        return peer()
    files = sorted(str(path) for path in pathlib.Path(options.folder).rglob("*") if path.suffix.lower() in (".jpg", ".jpeg"))
    files = files[:: -(-len(files) // options.images)]
    warn_if_busy(2)
    compdd = Program("compdd", [options.binary or binary("decode")], {})
    python = Program("python", [sys.executable, __file__, "--peer"], MALLOC)
    with tempfile.TemporaryDirectory() as folder:
        listed = pathlib.Path(folder, "files")
        listed.write_text("\n".join(files))
        results = [measure(compdd, python, files, listed, side, options.rounds) for side in options.side.split(",")]
        for result in results:
            show(result)
    if options.out:
        with open(options.out, "w") as file:
            json.dump({"images": len(files), "rounds": options.rounds, "sides": results}, file, indent=1)
            file.write("\n")


def measure(compdd, python, files, listed, side, rounds):
    ours = lambda what, threads: len(files) / float(compdd.ask(f"{what} {listed} {side} {threads}")[0])
    theirs = lambda what, workers: float(python.ask(f"{what} {listed} {side} {workers}")[0])
    runs = {
        "compdd, 2 threads": lambda: ours("files", 2),
        "torchvision, 2 workers": lambda: theirs("torchvision", 2),
        "pillow, 2 processes": lambda: theirs("pillow", 2),
        "compdd, 1 thread": lambda: ours("files", 1),
        "torchvision, 0 workers": lambda: theirs("torchvision", 0),
        "pillow, 1 process": lambda: theirs("pillow", 1),
        "compdd from memory, 1 thread": lambda: ours("memory", 1),
        "our decoder alone": lambda: ours("decoder", 1),
        "our resampling alone": lambda: ours("resize", 1),
        "pillow's decoder alone": lambda: theirs("pillow-decoder", 1),
        "torchvision's decoder alone": lambda: theirs("torchvision-decoder", 1),
    }
    best = {name: 0.0 for name in runs}
    spent = {name: float("inf") for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            program = compdd if "our" in name or "compdd" in name else python
            before = program.processor_seconds()
            best[name] = max(best[name], run())
            spent[name] = min(spent[name], program.processor_seconds() - before)
    squares = [listed.with_name(name) for name in ("ours", "theirs")]
    for program, path in zip((compdd, python), squares):
        program.ask(f"pixels {listed} {side} {path}")
    # Of what ran in the program's own process, on one thread and with nothing around it.
    alone = ("compdd, 1 thread", "torchvision, 0 workers", "pillow, 1 process")
    processor = {name: spent[name] / len(files) for name in alone}
    return {"side": int(side), "images_per_second": best, "processor_seconds_an_image": processor, "agreement": agreement(*squares), "files": len(files)}


def show(result):
    best, processor = result["images_per_second"], result["processor_seconds_an_image"]
    print(f"\n{result['files']} files to {result['side']} x {result['side']}\n")
    print("| | images/s | compdd's ratio | of processor time |\n|---|---|---|---|")
    for name, rate in best.items():
        own = best["compdd, 2 threads" if name.endswith(("workers", "processes")) and "0 w" not in name else "compdd, 1 thread"]
        compared = name.startswith(("torchvision,", "pillow,"))
        time_ratio = processor[name] / processor["compdd, 1 thread"] if compared and name in processor else None
        cells = [f"{rate:.0f}", f"**{own / rate:.2f}**" if compared else "", f"{time_ratio:.2f}" if time_ratio else ""]
        print(f"| {name} | {' | '.join(cells)} |")
    agree = result["agreement"]
    print(f"\nbeside torchvision's squares: equal {agree['equal']:.1%}, mean {agree['mean']:.3f} grey levels, "
          f"above two {agree['above_two']:.3%}, largest {agree['largest']}")


if __name__ == "__main__":
    main()
