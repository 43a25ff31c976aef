#!/usr/bin/env python3
"""Single operations on maps beside PyTorch, on the same threads, in turns.

    python3 benchmarks/perf/map_ops.py [--rounds 3] [--operations conv,pool,...] [--sizes 256,128,32] [--composed] [--out FILE.json]

Convolution 3x3, 2x2 average pooling, batch norm in train mode (also with ReLU), instance norm with ReLU, and DataDAM's spatial attention
(the sum over the channels of |x|^p, for several p), forward without gradients, then forward and backward with gradients for all
inputs, of random maps `[images, channels, side, side]`. Builds and starts the Rust side (`map_ops.rs`); allocator settings as in
`train_step.py`. Printed are the smallest milliseconds of all rounds and their ratio ours / PyTorch (below 1 is faster than PyTorch), and the
ratio of processor time, the fairer figure on a busy machine, with `--threads 1`. A record holds, for each program, the seconds forward and both
ways, by the clock and of processor time.
"""
import argparse
import json
import sys
import time

from programs import MALLOC, Program, binary, warn_if_busy

OPERATIONS = [
    "conv", "pool", "batch-norm", "batch-norm-relu", "norm-relu", "attention-1", "attention-2", "attention-4", "attention-2.5",
]


def peer(threads):
    """The PyTorch side: the protocol of map_ops.rs."""
    import torch
    import torch.nn.functional as F

    torch.set_num_threads(threads)

    def attention(x, power):
        # Whole powers by multiplication, and no absolute value where the power is even: the quickest PyTorch has.
        if power == 1:
            return x.abs().sum(1).flatten(1)
        if power == 2:
            return x.square().sum(1).flatten(1)
        if power == 4:
            return x.square().square().sum(1).flatten(1)
        return x.abs().pow(power).sum(1).flatten(1)

    def run(operation, x, weight, gamma, beta):
        if operation == "conv":
            return F.conv2d(x, weight, padding=1)
        if operation == "pool":
            return F.avg_pool2d(x, 2)
        if operation.startswith("batch-norm"):
            y = F.batch_norm(x, None, None, gamma, beta, training=True)
            return F.relu(y) if operation.endswith("relu") else y
        if operation == "norm-relu":
            return F.relu(F.group_norm(x, x.shape[1], gamma, beta))
        return attention(x, float(operation.split("-")[1]))

    for line in sys.stdin:
        _, operation, images, channels, side, repeats = line.split()
        n, c, s = int(images), int(channels), int(side)
        torch.manual_seed(0)
        inputs = [torch.randn(n, c, s, s), 0.03 * torch.randn(c, c, 3, 3), torch.randn(c), torch.randn(c)]
        now = lambda: (time.perf_counter(), time.process_time())
        least = [float("inf")] * 4
        for _ in range(int(repeats)):
            first = now()
            with torch.no_grad():
                run(operation, *inputs).sum()
            middle = now()
            leaves = [leaf.requires_grad_() for leaf in inputs]
            torch.autograd.grad(run(operation, *leaves).sum(), leaves, allow_unused=True)
            last = now()
            inputs = [leaf.detach() for leaf in leaves]
            spent = [b - a for clock in zip(first, middle, last) for a, b in zip(clock, clock[1:])]
            least = [min(pair) for pair in zip(least, spent)]
        print(*least, flush=True)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--operations", default=",".join(OPERATIONS), help="separated by commas; attention-P for a power P")
    arguments.add_argument("--sizes", default="256,128,32", help="images, channels, side")
    arguments.add_argument("--threads", type=int, default=2)
    arguments.add_argument("--composed", action="store_true", help="also time the composed form")
    arguments.add_argument("--binary", help="a built map_ops, instead of building it")
    arguments.add_argument("--out", help="write the figures as JSON")
    arguments.add_argument("--peer", action="store_true", help=argparse.SUPPRESS)
    options = arguments.parse_args()
    if options.peer:
        return peer(options.threads)
    warn_if_busy(options.threads)
    ours = options.binary or binary("map_ops")
    threads = {"RAYON_NUM_THREADS": str(options.threads)}
    this = [sys.executable, __file__, "--peer", "--threads", str(options.threads)]
    programs = {"pytorch": Program("pytorch", this, MALLOC), "kernels": Program("kernels", [ours], threads)}
    if options.composed:
        programs["composed"] = Program("composed", [ours], threads)
    sizes = [int(size) for size in options.sizes.split(",")]
    rows = []
    for operation in options.operations.split(","):
        least = {name: [float("inf")] * 4 for name in programs}
        for _ in range(options.rounds):
            for name, program in programs.items():
                answer = program.ask(f"{name} {operation} {' '.join(map(str, sizes))} 3")
                least[name] = [min(pair) for pair in zip(least[name], map(float, answer))]
        rows.append({"operation": operation, **least})
    print(f"milliseconds for maps [{sizes[0]}, {sizes[1]}, {sizes[2]}, {sizes[2]}], {options.threads} threads\n")
    print("| operation | form | PyTorch, forward | ours | ratio | of processor time | PyTorch, both ways | ours | ratio | of processor time |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for row in rows:
        for name in list(programs)[1:]:
            pairs = list(zip(row["pytorch"], row[name]))
            ratios = [ours / peer for peer, ours in pairs]
            cells = [f"{1e3 * pairs[i][0]:.1f} | {1e3 * pairs[i][1]:.1f} | **{ratios[i]:.2f}** | {ratios[i + 2]:.2f}" for i in (0, 1)]
            print(f"| {row['operation']} | {name} | {' | '.join(cells)} |")
    if options.out:
        with open(options.out, "w") as file:
            json.dump({"threads": options.threads, "sizes": sizes, "rounds": options.rounds, "seconds": rows}, file, indent=1)
            file.write("\n")


if __name__ == "__main__":
    main()
