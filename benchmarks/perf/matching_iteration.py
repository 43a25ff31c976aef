#!/usr/bin/env python3
"""Time and memory of one iteration of DM, DataDAM and DC beside PyTorch, on the same inputs and the same threads, in turns.

    python3 benchmarks/perf/matching_iteration.py [--cases dm,datadam,...] [--rounds 3] [--out FILE.json]

An iteration: real and synthetic images of every class are augmented, their class means of features (DM), of features and spatial
attention (DataDAM) or the gradients they give a network (DC, not augmented) are compared, and the synthetic images take a step. CIFAR-10's
shapes, ten images a class, ConvNet-D3. `datadam-released` has the released script's settings: batch norm, 64 real images a class, attention to
the first power. PyTorch (`matching_peer.py`) and compdd (`matching_iteration.rs`) have a process each for every case, the same number of
threads and the same allocator settings, read the same file, make one iteration that is not counted, then work in turns. Reported are the median and the range
of the seconds, their ratio (below 1: faster than PyTorch), the ratio of processor time (fairer on a busy machine, with `--threads 1`), and
the peak resident memory (VmHWM; what the libraries and the inputs take before the first iteration is in the record as `rest_bytes`). Before
anything is timed, both sides compute tiny cases and must agree. Linux only; needs torch, numpy and safetensors.
"""
import argparse
import json
import math
import os
import pathlib
import statistics
import sys
import tempfile

from programs import GIB, HERE, MALLOC, Program, binary, places_of, processor, warn_if_busy

USUAL = ["dm", "datadam", "datadam-released", "dc"]


class Bench:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        ours = [options.binary or binary("matching_iteration")]
        peer = [sys.executable, str(HERE / "matching_peer.py"), "--serve", "--threads", str(options.threads)]
        places = places_of(options.device)
        threads = {"RAYON_NUM_THREADS": str(options.threads), **places}
        self.programs = {"pytorch": (peer, {**MALLOC, **places}), "compdd": (ours, threads)}

    def start(self, case):
        """Both programs with a case in place."""
        from matching_peer import write_inputs

        path = self.folder / f"{case}.safetensors"
        write_inputs(case, path)
        programs = {name: Program(name, command, environment) for name, (command, environment) in self.programs.items()}
        for program in programs.values():
            program.ask(f"case {path}")
        return programs

    def check(self, case):
        """Relative differences of loss and gradient between the two sides, on the tiny form of a case."""
        import torch
        from safetensors.torch import load_file

        losses, gradients = {}, {}
        for name, program in self.start(f"tiny-{case}").items():
            losses[name] = float(program.ask("run")[1])
            path = self.folder / f"{name}.safetensors"
            program.ask(f"write {path}")
            gradients[name] = load_file(path)["images"]
            program.close()
        expected = gradients["pytorch"]
        result = {
            "loss": abs(losses["compdd"] / losses["pytorch"] - 1),
            "images": ((gradients["compdd"].reshape(expected.shape) - expected).norm() / expected.norm()).item(),
        }
        print(f"agreement on tiny-{case}, relative differences: " + ", ".join(f"{k} {v:.1e}" for k, v in result.items()), flush=True)
        if not max(result.values()) < 1e-3 or not torch.isfinite(expected).all():
            sys.exit(f"error: the two sides do not compute the same in tiny-{case}")
        return result

    def measure(self, case):
        programs = self.start(case)
        row = {"case": case, "load": os.getloadavg()[0]}
        for name, program in programs.items():
            entry = row[name] = {"rest_bytes": program.peak(), "seconds": []}
            entry["loss"] = float(program.ask("run")[1])
            entry["processor"] = -program.processor_seconds()
        for _ in range(self.options.rounds):
            for name, program in programs.items():
                row[name]["seconds"].append(float(program.ask("run")[0]))
        for name, program in programs.items():
            entry = row[name]
            entry["peak_bytes"] = program.peak()
            entry["processor"] = (entry["processor"] + program.processor_seconds()) / self.options.rounds
            entry["median"] = statistics.median(entry["seconds"])
            program.close()
        if not math.isclose(row["compdd"]["loss"], row["pytorch"]["loss"], rel_tol=1e-2):
            sys.exit(f"error: {case}: the losses differ: {row['pytorch']['loss']} and {row['compdd']['loss']}")
        return row


def table(rows):
    """The rows as Markdown."""
    seconds = lambda entry: f"{entry['median']:.2f} ({min(entry['seconds']):.2f} to {max(entry['seconds']):.2f})"
    ratio = lambda row, key: f"**{row['compdd'][key] / row['pytorch'][key]:.2f}**"
    yield "| case | PyTorch (s) | compdd (s) | ratio | of processor time | PyTorch (GiB) | compdd (GiB) | ratio |"
    yield "|---|---|---|---|---|---|---|---|"
    for row in rows:
        peer, ours = row["pytorch"], row["compdd"]
        yield (
            f"| {row['case']} | {seconds(peer)} | {seconds(ours)} | {ratio(row, 'median')} | {ratio(row, 'processor')} "
            f"| {peer['peak_bytes'] / GIB:.2f} | {ours['peak_bytes'] / GIB:.2f} | {ratio(row, 'peak_bytes')} |"
        )


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--cases", default=",".join(USUAL), help="separated by commas (default: all)")
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--threads", type=int, default=2)
    arguments.add_argument("--device", default="cpu", help="cuda:N for both sides; wgpu:N for ours alone, PyTorch stays on the processor")
    arguments.add_argument("--binary", help="a built matching_iteration, instead of building it")
    arguments.add_argument("--out", type=pathlib.Path, help="write the figures as JSON, after every case")
    options = arguments.parse_args()
    cases = options.cases.split(",")
    unknown = [case for case in cases if case not in USUAL]
    if unknown:
        sys.exit(f"error: no case {', '.join(unknown)}; there are {', '.join(USUAL)}")
    warn_if_busy(options.threads)
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(options, pathlib.Path(folder))
        agreement = {case: bench.check(case) for case in cases}
        rows = []
        for case in cases:
            rows.append(bench.measure(case))
            print(f"{case}: done", flush=True)
            if options.out:
                import torch

                record = {
                    "processor": processor(), "cores": os.cpu_count(), "threads": options.threads, "device": options.device, "rounds": options.rounds,
                    "torch": torch.__version__, "agreement": agreement, "rows": rows,
                }
                options.out.parent.mkdir(parents=True, exist_ok=True)
                options.out.write_text(json.dumps(record, indent=1) + "\n")
    print("\n".join(table(rows)))


if __name__ == "__main__":
    main()
