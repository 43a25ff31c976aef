#!/usr/bin/env python3
"""Time and memory of one iteration of EDF beside PyTorch, on the same inputs and the same threads, in turns.

    python3 benchmarks/perf/edf_iteration.py [--cases d3-b10,...] [--steps 10,20] [--all] [--rounds 3] [--out FILE.json]

An iteration: a student trains for some steps on augmented images with soft labels; the matching loss (a quarter of the parameters
dropped) is differentiated through all steps with respect to images, labels and step size; all three are updated. PyTorch (`edf_peer.py`)
keeps the training as one graph; compdd (`edf_iteration.rs`) keeps the parameters of the steps and goes back step by step, in a second
process with `--offload host`. Every program has a process of its own for every case and number of steps, the same number of
threads and the same allocator settings, reads the same file, makes one iteration that is not counted, then works in turns with the
others. Reported are the median and the range of the seconds, their ratio (below 1: faster than PyTorch), the ratio of processor time (fairer on
a busy machine, with `--threads 1`), and the peak resident memory (VmHWM; what the libraries take before the first iteration is in the
record as `rest_bytes`). Before anything is timed, both sides compute a tiny case and must agree. What does not fit into memory is recorded as such:
a process may use the memory that is free when its case begins, less a tenth (or `--memory GIB`). Linux only; needs torch, numpy
and safetensors.
"""
import argparse
import json
import math
import os
import pathlib
import resource
import statistics
import sys
import tempfile

from programs import GIB, HERE, MALLOC, OutOfMemory, Program, binary, free_memory, places_of, processor, warn_if_busy

sys.path.insert(0, str(HERE.parent / "peer"))

# name: (depth, width, pixels, minibatch); all images are in every minibatch
CASES = {
    "tiny": (2, 16, 16, 8),
    "d3-b10": (3, 128, 32, 10),
    "d3-b100": (3, 128, 32, 100),
    "d5-b10": (5, 128, 128, 10),
    "d5-b20": (5, 128, 128, 20),
    "d5-b100": (5, 128, 128, 100),
}
# What runs by default: chosen for some ten minutes on two quiet cores. The estimate printed first is measured.
GRID = {"d3-b10": [10, 20, 40, 80], "d3-b100": [10, 20], "d5-b10": [10], "d5-b20": [10]}
WHOLE = {case: [10, 20, 40, 80] for case in CASES if case != "tiny"}
CLASSES = 10
# As EDF's recipe for ten images a class, but for the learning rate of the images: these are noise.
NOTES = {
    "crop_ratio": "0.25", "drop": "0.25", "rate": "0.01", "lr_images": "100", "momentum_images": "0.5", "lr_labels": "2",
    "momentum_labels": "0.9", "lr_rate": "1e-5", "momentum_rate": "0.5",
}


def write_inputs(case, steps, path):
    """The same noise for both sides: images, labels, start and target, and the draws of every step."""
    import torch
    from safetensors.torch import save_file

    import dsa

    depth, width, pixels, batch = CASES[case]
    generator = torch.Generator().manual_seed(1)
    normal = lambda *shape: torch.randn(*shape, generator=generator)
    begin = []
    for block in range(depth):
        inputs = 9 * (3 if block == 0 else width)
        begin += [normal(width * inputs) * (2 / inputs) ** 0.5, torch.zeros(width), torch.ones(width), torch.zeros(width)]
    features = width * (pixels >> depth) ** 2
    begin = torch.cat([*begin, normal(CLASSES * features) * features**-0.5, torch.zeros(CLASSES)])
    operations = [dsa.OPERATIONS[step % len(dsa.OPERATIONS)] for step in range(steps)]
    ratio = float(NOTES["crop_ratio"])
    tensors = {
        "images": normal(batch, 3, pixels, pixels),
        "labels": 2 * normal(batch, CLASSES),
        "begin": begin,
        "target": begin + 0.002 * normal(len(begin)),
        "rows": torch.stack([torch.randperm(batch, generator=generator) for _ in operations]).float(),
        "slots": torch.stack([dsa.draw(operation, batch, pixels, ratio, generator) for operation in operations]),
    }
    notes = {"network": f"convnet-d{depth}-w{width}", "depth": str(depth), "width": str(width)}
    save_file(tensors, path, {**NOTES, **notes, "operations": ",".join(operations)})


class Worker(Program):
    """A program with a case in place."""

    def __init__(self, name, command, path, environment, limit):
        super().__init__(name, command, environment, limit)
        self.ask(f"case {path} {'host' if name == 'host' else 'device'}")

    def run(self):
        """Seconds and matching loss of an iteration."""
        seconds, loss = self.ask("run")
        return float(seconds), float(loss)


class Bench:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        ours = [options.binary or binary("edf_iteration")]
        peer = [sys.executable, str(HERE / "edf_peer.py"), str(options.threads)]
        places = places_of(options.device)
        threads = {"RAYON_NUM_THREADS": str(options.threads), **places}
        self.programs = {"pytorch": (peer, {**MALLOC, **places}), "compdd": (ours, threads), "host": (ours, threads)}

    def limit(self):
        return int(self.options.memory * GIB) if self.options.memory else free_memory()

    def inputs(self, case, steps):
        path = self.folder / f"{case}-{steps}.safetensors"
        if not path.exists():
            write_inputs(case, steps, path)
        return path

    def start(self, case, steps, limit):
        path = self.inputs(case, steps)
        for name, (command, environment) in self.programs.items():
            yield Worker(name, command, path, environment, limit)

    def check(self):
        """Largest relative difference of loss and gradients between the two sides, on the tiny case with every operation."""
        import torch
        from safetensors.torch import load_file

        losses, gradients = {}, {}
        for worker in self.start("tiny", 6, resource.RLIM_INFINITY):
            losses[worker.name] = worker.run()[1]
            path = self.folder / f"{worker.name}.safetensors"
            worker.ask(f"write {path}")
            gradients[worker.name] = load_file(path)
            worker.close()
        result = {}
        for name in ("compdd", "host"):
            result[f"{name} loss"] = abs(losses[name] / losses["pytorch"] - 1)
            for key, expected in gradients["pytorch"].items():
                actual = gradients[name][key].reshape(expected.shape)
                result[f"{name} {key}"] = ((actual - expected).norm() / expected.norm()).item()
        print("agreement on the tiny case, relative differences: " + ", ".join(f"{k} {v:.1e}" for k, v in result.items()))
        if not max(result.values()) < 1e-3 or not all(torch.isfinite(g).all() for g in gradients["pytorch"].values()):
            sys.exit("error: the two sides do not compute the same")
        return result

    def probe(self, case):
        """Seconds a step of each program together, from two iterations of two steps; the second counts."""
        total = 0.0
        for worker in self.start(case, 2, self.limit()):
            try:
                worker.run()
                total += worker.run()[0] / 2
            except OutOfMemory:
                pass
            worker.close()
        return total

    def measure(self, case, steps):
        limit = self.limit()
        workers = list(self.start(case, steps, limit))
        row = {"case": case, "sizes": CASES[case], "steps": steps, "limit_bytes": limit, "load": os.getloadavg()[0]}
        for worker in list(workers):
            entry = row[worker.name] = {"fits": True, "rest_bytes": worker.peak(), "seconds": []}
            try:
                entry["loss"] = worker.run()[1]
                entry["processor"] = -worker.processor_seconds()
            except OutOfMemory:
                row[worker.name] = {"fits": False}
                workers.remove(worker)
                worker.close()
        for _ in range(self.options.rounds):
            for worker in workers:
                row[worker.name]["seconds"].append(worker.run()[0])
        for worker in workers:
            entry = row[worker.name]
            entry["peak_bytes"] = worker.peak()
            entry["processor"] = (entry["processor"] + worker.processor_seconds()) / self.options.rounds
            entry["median"] = statistics.median(entry["seconds"])
            worker.close()
        losses = [row[name]["loss"] for name in self.programs if row[name]["fits"]]
        if not all(math.isclose(loss, losses[0], rel_tol=1e-2) for loss in losses):
            sys.exit(f"error: {case}, {steps} steps: the matching losses differ: {losses}")
        return row


def table(rows):
    """The rows as Markdown."""
    def seconds(entry):
        if not entry["fits"]:
            return "does not fit"
        return f"{entry['median']:.2f} ({min(entry['seconds']):.2f} to {max(entry['seconds']):.2f})"

    def gib(entry, limit):
        return f"{entry['peak_bytes'] / GIB:.2f}" if entry["fits"] else f"over {limit / GIB:.1f}"

    def ratio(row, key):
        return f"**{row['compdd'][key] / row['pytorch'][key]:.2f}**" if row["pytorch"]["fits"] else "-"

    yield (
        "| case | steps | PyTorch (s) | compdd (s) | ratio | of processor time | PyTorch (GiB) | compdd (GiB) | ratio "
        "| with --offload host (s) | (GiB) |"
    )
    yield "|---|---|---|---|---|---|---|---|---|---|---|"
    for row in rows:
        depth, _, pixels, batch = row["sizes"]
        peer, ours, host, limit = row["pytorch"], row["compdd"], row["host"], row["limit_bytes"]
        yield (
            f"| ConvNet-D{depth}, {pixels} px, {batch} images | {row['steps']} | {seconds(peer)} | {seconds(ours)} | {ratio(row, 'median')} "
            f"| {ratio(row, 'processor')} | {gib(peer, limit)} | {gib(ours, limit)} | {ratio(row, 'peak_bytes')} | {seconds(host)} | {gib(host, limit)} |"
        )


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--cases", help=f"of {', '.join(CASES)} (default: those of the default grid)")
    arguments.add_argument("--steps", help="student steps, for every case (default: by case)")
    arguments.add_argument("--all", action="store_true", help="10, 20, 40 and 80 steps for every case (hours)")
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--threads", type=int, default=2)
    arguments.add_argument("--memory", type=float, help="GiB that a process may use (default: nine tenths of what is free)")
    arguments.add_argument("--device", default="cpu", help="cuda:N for both sides; wgpu:N for ours alone, PyTorch stays on the processor")
    arguments.add_argument("--binary", help="a built edf_iteration, instead of building it")
    arguments.add_argument("--out", type=pathlib.Path, help="write the figures as JSON, after every case")
    options = arguments.parse_args()
    grid = WHOLE if options.all else GRID
    cases = options.cases.split(",") if options.cases else list(grid)
    unknown = [case for case in cases if case not in CASES]
    if unknown:
        sys.exit(f"error: no case {', '.join(unknown)}; there are {', '.join(CASES)}")
    counts = [int(steps) for steps in options.steps.split(",")] if options.steps else None
    plan = [(case, steps) for case in cases for steps in counts or grid.get(case, [10])]
    warn_if_busy(options.threads)
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(options, pathlib.Path(folder))
        agreement = bench.check()
        a_step = {case: bench.probe(case) for case in cases}
        # One iteration more than are counted, and some seconds for three programs to start.
        estimate = sum((options.rounds + 1) * steps * a_step[case] + 10 for case, steps in plan)
        print(f"{len(plan)} rows, about {estimate / 60:.0f} minutes (fewer where PyTorch does not fit)", flush=True)
        rows = []
        for case, steps in plan:
            rows.append(bench.measure(case, steps))
            print(f"{case}, {steps} steps: done", flush=True)
            if options.out:
                import torch

                record = {
                    "processor": processor(), "cores": os.cpu_count(), "threads": options.threads, "device": options.device, "rounds": options.rounds, "torch": torch.__version__, "agreement": agreement,
                    "rows": rows,
                }
                options.out.parent.mkdir(parents=True, exist_ok=True)
                options.out.write_text(json.dumps(record, indent=1) + "\n")
    print("\n".join(table(rows)))


if __name__ == "__main__":
    main()
