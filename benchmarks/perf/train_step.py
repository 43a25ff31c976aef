#!/usr/bin/env python3
"""Training speed of networks beside PyTorch, on the same two threads, in turns.

    python3 benchmarks/perf/train_step.py [--rounds 5] [--cases d3,d5,...] [--forms eager,compile] [--composed] [--out FILE.json]

Builds the Rust side (`cargo build --release --bench train_step`), starts it and a PyTorch process with the same allocator settings
(they are worth a factor of two to PyTorch too), warms both up, and lets them work in turns, round after round. Prints the smallest and the
median seconds a step and their ratio ours / PyTorch; below 1 is faster than PyTorch. PyTorch comes in four forms, each in a process of its own: as it is, in
channels-last layout, under `torch.compile` (which needs a C++ compiler), and both; the ratio is to the fastest of them (`--forms` chooses). On Linux also the ratio of processor time, which
other programs disturb less (with `--threads 1` it is the fairest figure on a busy machine). The ConvNet is that of
the field: conv 3x3 with bias, instance norm, ReLU, 2x2 average pooling, a linear head, width 128; the others are torchvision's, with a first
convolution at full size and no max pooling, in train mode without dropout. Soft-label cross-entropy. `resnet18-recover` is the gradient of
SRe2L's loss (cross-entropy and the distances of all batch norms, eval mode) with respect to the images alone; `resnet18-relabel` crops, mirrors and
mixes a minibatch, each image in its own way, and asks the network for logits in half precision.
"""
import argparse
import functools
import json
import os
import statistics
import subprocess
import sys
import time

from programs import places_of

# name: (network, resolution, batch, mode, steps a turn)
CASES = {
    "d3": ("convnet-d3", 32, 256, "train", 2),
    "d5": ("convnet-d5", 128, 64, "train", 1),
    "d5-256": ("convnet-d5", 128, 256, "train", 1),
    "d3-eval": ("convnet-d3", 32, 256, "eval", 4),
    "d5-eval": ("convnet-d5", 128, 64, "eval", 1),
    "d3-10": ("convnet-d3", 32, 10, "train", 20),
    "d3-1": ("convnet-d3", 32, 1, "train", 50),
    "d5-10": ("convnet-d5", 128, 10, "train", 3),
    "resnet18-recover": ("resnet18-cifar-bn", 32, 100, "recover", 1),
    "resnet18-relabel": ("resnet18-cifar-bn", 32, 100, "relabel", 2),
    "convnext": ("convnext-tiny", 64, 32, "train", 1),
    "resnet18": ("resnet18-cifar-bn", 32, 128, "train", 1),
    "mobilenet": ("mobilenet-v2-cifar-nodrop", 32, 128, "train", 1),
}
FORMS = ("eager", "channels-last", "compile", "compile-channels-last")
# What `torch.compile` is asked for; the others hook into modules or draw on the host.
COMPILED = ("train", "eval")
MALLOC = {
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": str(2**62),
    "MALLOC_TOP_PAD_": str(64 << 20),
    "MALLOC_ARENA_MAX": "1",
}


def peer(threads, form):
    """The PyTorch side in one of its forms: the protocol of train_step.rs."""
    import torch
    import torch.nn.functional as F

    from peer_place import wait

    torch.set_num_threads(threads)
    layout = torch.channels_last if form.endswith("channels-last") else torch.contiguous_format
    kept = {}

    def torchvision(name):
        from torchvision import models

        if name == "resnet18-cifar-bn":
            net = models.resnet18(num_classes=10)
            net.conv1 = torch.nn.Conv2d(3, 64, 3, 1, 1, bias=False)
            net.maxpool = torch.nn.Identity()
        elif name == "convnext-tiny":
            net = models.convnext_tiny(num_classes=10, stochastic_depth_prob=0.0)
        else:
            net = models.mobilenet_v2(num_classes=10, dropout=0.0)
            net.features[0][0].stride = (1, 1)
        return net.train()

    def case(network, resolution, batch):
        torch.manual_seed(0)
        images, labels = torch.randn(batch, 3, resolution, resolution), F.softmax(torch.randn(batch, 10), 1)
        images = images.to(memory_format=layout)
        if not network.startswith("convnet-d"):
            net = torchvision(network).to(memory_format=layout)
            return net, list(net.parameters()), images, labels
        depth = int(network.removeprefix("convnet-d"))
        blocks = []
        for block in range(depth):
            channels = 3 if block == 0 else 128
            filters = (torch.randn(128, channels, 3, 3) * (2 / (9 * channels)) ** 0.5).to(memory_format=layout)
            blocks.append([filters, torch.zeros(128), torch.ones(128), torch.zeros(128)])
        features = 128 * (resolution >> depth) ** 2
        head = torch.randn(10, features) * features**-0.5
        parameters = [p.requires_grad_() for p in [p for block in blocks for p in block] + [head, torch.zeros(10)]]
        return functools.partial(logits, parameters), parameters, images, labels

    def logits(parameters, x):
        for i in range(0, len(parameters) - 2, 4):
            filters, bias, gamma, beta = parameters[i : i + 4]
            x = F.conv2d(x, filters, bias, padding=1)
            x = F.avg_pool2d(F.relu(F.group_norm(x, x.shape[1], gamma, beta, eps=1e-5)), 2)
        return F.linear(x.flatten(1), parameters[-2], parameters[-1])

    def recover(network, images, labels):
        """Gradient of SRe2L's loss with respect to the images: no gradient of any parameter, one pass over each map for its moments."""
        network.eval().requires_grad_(False)
        distances = []

        def hook(norm, inputs):
            variance, mean = torch.var_mean(inputs[0], (0, 2, 3), correction=0)
            distances.append((variance - norm.running_var).norm() + (mean - norm.running_mean).norm())

        norms = [module for module in network.modules() if isinstance(module, torch.nn.BatchNorm2d)]
        handles = [norm.register_forward_pre_hook(hook) for norm in norms]
        x = images.clone().requires_grad_()
        loss = F.cross_entropy(network(x), torch.zeros(len(x), dtype=torch.long))
        loss = loss + 0.01 * (10 * distances[0] + sum(distances[1:]))
        torch.autograd.grad(loss, x)
        for handle in handles:
            handle.remove()
        return loss.item()

    def relabel(network, images):
        """Views of a minibatch, drawn per image but for the box of the mix, and their logits."""
        from torchvision.transforms import RandomResizedCrop
        from torchvision.transforms.functional import resized_crop

        network.eval()
        count, side = len(images), images.shape[-1]
        views = torch.empty_like(images)
        mirrored = torch.rand(count) < 0.5
        for i, image in enumerate(images):
            box = RandomResizedCrop.get_params(image, (0.08, 1.0), (3 / 4, 4 / 3))
            view = resized_crop(image, *box, [side, side], antialias=True)
            views[i] = view.flip(-1) if mirrored[i] else view
        half = int(side * (1 - torch.rand(())) ** 0.5) // 2
        top, left = torch.randint(side, (2,)).tolist()
        rows, columns = [slice(max(centre - half, 0), min(centre + half, side)) for centre in (top, left)]
        views[:, :, rows, columns] = views[torch.randperm(count)][:, :, rows, columns]
        with torch.no_grad():
            return network(views).half()[0, 0].item()

    def step(network, parameters, images, labels, mode):
        if mode == "eval":
            with torch.no_grad():
                return network(images).mean().item()
        if mode == "relabel":
            return relabel(network, images)
        if mode == "recover":
            return recover(network, images, labels)
        loss = -(labels * F.log_softmax(network(images), 1)).sum(1).mean()
        torch.autograd.grad(loss, parameters)
        return loss.item()

    for line in sys.stdin:
        _, network, resolution, batch, mode, steps = line.split()
        key = (network, int(resolution), int(batch), mode)
        if key not in kept:
            network, *rest = case(*key[:3])
            if form.startswith("compile") and mode in COMPILED:
                torch.compiler.reset()
                network = torch.compile(network)
            kept = {key: (network, *rest)}
        start = time.perf_counter()
        for _ in range(int(steps)):
            loss = step(*kept[key], mode)
        wait()
        print((time.perf_counter() - start) / int(steps), loss, flush=True)


class Worker:
    def __init__(self, command, form, environment):
        self.form = form
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, **environment}
        )

    def processor_seconds(self):
        """User and system time of the process so far; nothing where the system does not say."""
        try:
            with open(f"/proc/{self.process.pid}/stat") as file:
                fields = file.read().rsplit(")", 1)[1].split()
            return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        except OSError:
            return None

    def seconds(self, case, steps=None):
        network, resolution, batch, mode, usual = CASES[case]
        print(self.form, network, resolution, batch, mode, steps or usual, file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline().split()
        if not answer:
            sys.exit(f"error: the {self.form} process ended early")
        return float(answer[0])


def binary():
    build = ["cargo", "build", "--release", "--bench", "train_step", "--message-format=json"]
    root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
    for line in subprocess.run(build, check=True, cwd=root, stdout=subprocess.PIPE, text=True).stdout.splitlines():
        message = json.loads(line)
        if message.get("executable") and message.get("target", {}).get("name") == "train_step":
            return message["executable"]
    sys.exit("error: cargo built no train_step")


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--cases", default="d3,d5,d3-eval,d5-eval,d3-10", help=f"of {', '.join(CASES)}")
    arguments.add_argument("--threads", type=int, default=2)
    arguments.add_argument("--composed", action="store_true", help="also time the composed form (slow)")
    arguments.add_argument("--binary", help="a built train_step, instead of building it")
    arguments.add_argument("--out", help="write the figures as JSON")
    arguments.add_argument("--forms", default=",".join(FORMS), help=f"of PyTorch: {', '.join(FORMS)}")
    arguments.add_argument("--device", default="cpu", help="cuda:N for both sides; wgpu:N for ours alone, PyTorch stays on the processor")
    arguments.add_argument("--peer", choices=FORMS, help=argparse.SUPPRESS)
    options = arguments.parse_args()
    if options.peer:
        return peer(options.threads, options.peer)
    ours = options.binary or binary()
    places = places_of(options.device)
    threads = {"RAYON_NUM_THREADS": str(options.threads), **places}
    this = [sys.executable, os.path.abspath(__file__), "--threads", str(options.threads), "--peer"]
    peers = options.forms.split(",")
    workers = {form: Worker([*this, form], "pytorch", {**MALLOC, **places}) for form in peers}
    own = ["kernels", "composed"] if options.composed else ["kernels"]
    workers |= {form: Worker([ours], form, threads) for form in own}
    table = []
    for case in options.cases.split(","):
        mode = CASES[case][3]
        working = {name: worker for name, worker in workers.items() if mode in COMPILED or not name.startswith("compile")}
        seconds = {name: [] for name in working}
        for worker in working.values():
            worker.seconds(case, 2)
        before = {name: worker.processor_seconds() for name, worker in working.items()}
        for _ in range(options.rounds):
            for name, worker in working.items():
                seconds[name].append(worker.seconds(case))
        spent = {name: (worker.processor_seconds() or 0) - (before[name] or 0) for name, worker in working.items()}
        figures = {
            name: {"seconds_min": min(times), "seconds_median": statistics.median(times), "processor": spent[name]}
            for name, times in seconds.items()
        }
        fastest = min((name for name in peers if name in figures), key=lambda name: figures[name]["seconds_min"])
        of = lambda name, key: figures[name][key] / figures[fastest][key] if figures[fastest][key] else None
        for name in own:
            table.append({
                "case": case, "form": name, "sizes": CASES[case][:4], "rounds": options.rounds, "pytorch": fastest,
                "figures": {form: figures[form] for form in [*peers, name] if form in figures},
                "ratio_min": of(name, "seconds_min"), "ratio_median": of(name, "seconds_median"),
                "ratio_processor": of(name, "processor"),
            })
    print("| case | form | fastest PyTorch | its min / median (s) | ours min / median (s) | ratio of min | of medians | of processor time | of eager |")
    print("|---|---|---|---|---|---|---|---|---|")
    for row in table:
        theirs, mine = row["figures"][row["pytorch"]], row["figures"][row["form"]]
        eager = row["figures"].get("eager")
        words = [format(value, ".2f") if value else "-" for value in (
            row["ratio_median"], row["ratio_processor"], eager and mine["seconds_min"] / eager["seconds_min"],
        )]
        print(
            f"| {row['case']} | {row['form']} | {row['pytorch']} | {theirs['seconds_min']:.4f} / {theirs['seconds_median']:.4f} "
            f"| {mine['seconds_min']:.4f} / {mine['seconds_median']:.4f} | **{row['ratio_min']:.2f}** | {' | '.join(words)} |"
        )
    if options.out:
        with open(options.out, "w") as file:
            json.dump({"threads": options.threads, "device": options.device, "rows": table}, file, indent=1)
            file.write("\n")


if __name__ == "__main__":
    main()
