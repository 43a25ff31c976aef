#!/usr/bin/env python3
"""The PyTorch side of `matching_iteration.py`: one iteration of DM, DataDAM and DC as one would write it in PyTorch.

    python3 benchmarks/perf/matching_peer.py [--cases dm,...] [--rounds 3] [--threads 2]

by itself prints a line of JSON for every case: the seconds of each round and the peak resident memory so far, in bytes.

Written for the purpose, from the formulas: DM (arXiv 2110.04181) and DataDAM (2310.00093) match class means in a random network that is
never trained, real images without a graph; DC (2006.05929) matches layer-wise gradients by double backward. One augmentation for real and
synthetic images of a class (`dsa.py`), none in DC. With instance norm a class at a time, so that the maps stay small; with batch norm, whose
statistics are those of all classes, one pass for all of them. Then a step of gradient descent with momentum on the images.
"""
import argparse
import json
import pathlib
import resource
import sys
import tempfile
import time

import torch
import torch.nn.functional as F
from peer_place import DEVICE, wait
from safetensors import safe_open
from safetensors.torch import save_file

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "peer"))
import dsa  # noqa: E402

DM = {"method": "features", "norm": "instance", "maps_weight": 0, "embedding_weight": 1, "power": 4, "scale": 1, "lr_images": 1, "augmented": 1}
DATADAM = {**DM, "maps_weight": 1, "embedding_weight": 0.01}
DC = {**DM, "method": "gradients", "lr_images": 0.1, "augmented": 0}
# CIFAR-10, ten images a class, ConvNet-D3: settings of the papers, and of DataDAM's released script.
USUAL = {"depth": 3, "width": 128, "side": 32, "classes": 10, "ipc": 10, "batch": 256}
TINY = {"depth": 2, "width": 16, "side": 16, "classes": 6, "ipc": 2, "batch": 5}
RELEASED = {"norm": "batch", "power": 1, "scale": 100}
CASES = {
    "dm": {**USUAL, **DM},
    "datadam": {**USUAL, **DATADAM},
    "datadam-released": {**USUAL, **DATADAM, **RELEASED, "batch": 64},
    "dc": {**USUAL, **DC},
    "tiny-dm": {**TINY, **DM},
    "tiny-datadam": {**TINY, **DATADAM},
    "tiny-datadam-released": {**TINY, **DATADAM, **RELEASED},
    "tiny-dc": {**TINY, **DC},
}
MOMENTUM = 0.5


def shapes(depth, width, side, classes):
    """Filters, bias, scale and shift of every block, then the head."""
    parts = []
    for block in range(depth):
        parts += [(width, 3 if block == 0 else width, 3, 3), (width,), (width,), (width,)]
    return [*parts, (classes, width * (side >> depth) ** 2), (classes,)]


def write_inputs(case, path):
    """The same noise for both sides: images, real images, parameters, and one draw of an augmentation for every class."""
    sizes = CASES[case]
    depth, width, side, classes = (sizes[name] for name in ("depth", "width", "side", "classes"))
    generator = torch.Generator().manual_seed(1)
    parameters = []
    for shape in shapes(depth, width, side, classes):
        if len(shape) > 1:
            inputs = torch.Size(shape[1:]).numel()
            parameters.append((2 * torch.rand(shape, generator=generator) - 1).flatten() * inputs**-0.5)
        else:
            # Scales are one, biases and shifts zero.
            parameters.append(torch.full(shape, float(len(parameters) % 4 == 2 and len(parameters) < 4 * depth)))
    # Real images of a class share something, or there would be nothing to match.
    centres = torch.randn(classes, 1, 3, side, side, generator=generator)
    real = centres + torch.randn(classes, sizes["batch"], 3, side, side, generator=generator)
    operations = [dsa.OPERATIONS[c % len(dsa.OPERATIONS)] for c in range(classes)]
    tensors = {
        "images": torch.randn(classes * sizes["ipc"], 3, side, side, generator=generator),
        "real": real.flatten(0, 1),
        "begin": torch.cat(parameters),
        "slots": torch.stack([dsa.draw(operation, 1, side, 0.125, generator)[:, 0] for operation in operations]),
    }
    network = f"convnet-d{depth}-w{width}" + ("-bn" if sizes["norm"] == "batch" else "")
    notes = {**sizes, "network": network, "momentum_images": MOMENTUM, "operations": ",".join(operations)}
    save_file(tensors, path, {name: str(value) for name, value in notes.items()})


class Case:
    def __init__(self, path):
        with safe_open(path, "pt", device=DEVICE) as file:
            self.notes = file.metadata()
            values = {name: file.get_tensor(name) for name in file.keys()}
        number = lambda name: float(self.notes[name])
        count = lambda name: int(self.notes[name])
        self.classes, self.ipc, self.batch = count("classes"), count("ipc"), count("batch")
        sizes = shapes(count("depth"), count("width"), count("side"), self.classes)
        parts = values["begin"].split([torch.Size(shape).numel() for shape in sizes])
        self.theta = [part.view(shape) for part, shape in zip(parts, sizes)]
        self.real, self.slots = values["real"], values["slots"]
        self.operations = self.notes["operations"].split(",")
        self.augmented, self.coupled = count("augmented") == 1, self.notes["norm"] == "batch"
        self.power, self.scale = number("power"), number("scale")
        self.maps_weight, self.embedding_weight = number("maps_weight"), number("embedding_weight")
        self.images = values["images"].requires_grad_()
        self.optimiser = torch.optim.SGD([self.images], lr=number("lr_images"), momentum=number("momentum_images"))

    def augment(self, x, label):
        """Images of one class, all by the same draw."""
        if not self.augmented:
            return x
        return dsa.apply(x, self.operations[label], self.slots[label][:, None].expand(3, len(x)))

    def forward(self, theta, x, maps=None):
        """The input of the head; `maps` collects what is behind the activation of every block."""
        for block in range(0, len(theta) - 2, 4):
            filters, bias, scale, shift = theta[block : block + 4]
            x = F.conv2d(x, filters, bias, padding=1)
            if self.coupled:
                x = F.batch_norm(x, None, None, scale, shift, training=True)
            else:
                x = F.group_norm(x, x.shape[1], scale, shift)
            x = F.relu(x, inplace=True)
            if maps is not None:
                maps.append(x)
            x = F.avg_pool2d(x, 2)
        return x.flatten(1)

    def attention(self, x):
        """One row of unit length per image. A map behind a ReLU needs no absolute value."""
        if self.power == 1:
            sums = x.sum(1)
        elif self.power == 4:
            sums = x.square().square().sum(1)
        else:
            sums = x.pow(self.power).sum(1)
        return F.normalize(sums.flatten(1), dim=1)

    def means(self, x, classes):
        """Class means `[classes, values]` of the embedding and, where they count, of the attention of all blocks but the last."""
        maps = [] if self.maps_weight else None
        embedding = self.forward(self.theta, x, maps)
        rows = [embedding, *(self.attention(m) for m in (maps or [])[:-1])]
        return [row.view(classes, len(x) // classes, -1).mean(1) for row in rows]

    def features(self):
        """DM and DataDAM. The gradient is in `images.grad`."""
        classes = range(self.classes)
        of = lambda label: self.augment(self.real[label * self.batch : (label + 1) * self.batch], label)
        with torch.no_grad():
            if self.coupled:
                real = self.means(torch.cat([of(label) for label in classes]), self.classes)
            else:
                real = [torch.cat(rows) for rows in zip(*(self.means(of(label), 1) for label in classes))]
        parts = self.images.split(self.ipc)
        synthetic = self.means(torch.cat([self.augment(part, label) for label, part in zip(classes, parts)]), self.classes)
        terms = [(a - b).square().sum() for a, b in zip(real, synthetic)]
        loss = self.scale * (self.embedding_weight * terms[0] + self.maps_weight * sum(terms[1:]))
        self.images.grad = torch.autograd.grad(loss, self.images)[0]
        return loss.item()

    @staticmethod
    def distance(real, synthetic):
        """One minus the cosine, output by output, of every tensor with more than one axis."""
        total = 0.0
        for r, s in zip(real, synthetic):
            if r.dim() > 1:
                r, s = r.flatten(1), s.flatten(1)
                total = total + (1 - (r * s).sum(1) / (r.norm(dim=1) * s.norm(dim=1) + 1e-6)).sum()
        return total

    def gradients(self):
        """DC. The gradient is in `images.grad`; a class's graph is gone before the next begins."""
        theta = [value.detach().requires_grad_() for value in self.theta]
        # Biases, scales and shifts do not count.
        counted = [value for value in theta if value.dim() > 1]

        def slopes(x, label, graph):
            logits = F.linear(self.forward(theta, self.augment(x, label)), theta[-2], theta[-1])
            loss = F.cross_entropy(logits, torch.full((len(x),), label))
            return torch.autograd.grad(loss, counted, create_graph=graph)

        total, parts = 0.0, []
        for label in range(self.classes):
            real = slopes(self.real[label * self.batch : (label + 1) * self.batch], label, False)
            images = self.images.detach()[label * self.ipc : (label + 1) * self.ipc].requires_grad_()
            distance = self.distance(real, slopes(images, label, True))
            parts.append(torch.autograd.grad(distance, images)[0])
            total += distance.item()
        self.images.grad = torch.cat(parts)
        return total

    def iteration(self):
        loss = self.gradients() if self.notes["method"] == "gradients" else self.features()
        self.optimiser.step()
        return loss

    def write(self, path):
        save_file({"images": self.images.grad.contiguous()}, path)


def serve(threads):
    """Answers the driver until it hangs up: the protocol of `matching_iteration.rs`."""
    torch.set_num_threads(threads)
    case = None
    for line in sys.stdin:
        words = line.split()
        if words[0] == "case":
            case = Case(words[1])
            print("ready", flush=True)
        elif words[0] == "write":
            case.write(words[1])
            print("written", flush=True)
        else:
            start = time.perf_counter()
            loss = case.iteration()
            wait()
            print(time.perf_counter() - start, loss, flush=True)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--cases", default="dm,datadam,datadam-released,dc", help=f"of {', '.join(CASES)}")
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--threads", type=int, default=2)
    arguments.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = arguments.parse_args()
    if options.serve:
        return serve(options.threads)
    torch.set_num_threads(options.threads)
    with tempfile.TemporaryDirectory() as folder:
        for name in options.cases.split(","):
            path = pathlib.Path(folder) / f"{name}.safetensors"
            write_inputs(name, path)
            case, seconds = Case(path), []
            # The first is not counted.
            for _ in range(options.rounds + 1):
                start = time.perf_counter()
                loss = case.iteration()
                wait()
                seconds.append(time.perf_counter() - start)
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
            print(json.dumps({"case": name, "seconds": seconds[1:], "loss": loss, "peak_bytes": peak}), flush=True)


if __name__ == "__main__":
    main()
