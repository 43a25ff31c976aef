#!/usr/bin/env python3
"""Reference cases of attacks: `attack`, a small network with one hidden layer and what attacks make of its images.

    python3 benchmarks/peer/attacks.py --out tests/golden [--seed 1]

A case holds images on the scale 0..1, labels and weights (`logits = tanh(x W1) W2`), and what comes of them: the losses, FGSM, PGD from the images
themselves, the objective of Carlini and Wagner with its gradient at given variables and the images after some steps of Adam, and the images after
some steps of VMI-FGSM without its neighbours' noise and of Jitter without noise or random start. Written here from the papers and computed in double
precision with torch's autograd and Adam. Attacks follow signs: a draw whose gradients come near zero anywhere is replaced by the next one of the seed.
Needs torch; runs in seconds.
"""
import argparse
import json
import pathlib

import torch
import torch.nn.functional as F

from meta_gradient import save

IMAGES, SHAPE, HIDDEN, CLASSES = 4, (3, 5, 6), 12, 5
EPSILON, STEPS, SHARE, CW_STEPS, DECAY, SCALE = 8 / 255, 5, 0.25, 6, 1.0, 10.0
TRIES = 500


class TooFlat(Exception):
    """A sign that rounding could turn."""


def descent(value, images):
    (gradient,) = torch.autograd.grad(value, images)
    if gradient.abs().min() < 1e-5 * gradient.abs().max():
        raise TooFlat
    return gradient


def project(images, clean):
    return images.clamp(clean - EPSILON, clean + EPSILON).clamp(0, 1)


def margin(logits, labels):
    right = logits.gather(1, labels[:, None])[:, 0]
    other = logits.scatter(1, labels[:, None], float("-inf")).max(1).values
    return right - other


def dlr(logits, labels):
    order = logits.sort(1, descending=True).values
    return -margin(logits, labels) / (order[:, 0] - order[:, 2])


def targeted(logits, labels, targets):
    order = logits.sort(1, descending=True).values
    gap = logits.gather(1, labels[:, None])[:, 0] - logits.gather(1, targets[:, None])[:, 0]
    return -gap / (order[:, 0] - (order[:, 2] + order[:, 3]) / 2)


def jitter(logits, labels, images, clean):
    output = (SCALE * logits / logits.abs().max(1, keepdim=True).values).softmax(1)
    length = (output - F.one_hot(labels, CLASSES)).norm(dim=1)
    change = (images - clean).abs().flatten(1).max(1).values
    divides = (logits.argmax(1) != labels) & (change > 0)
    return length / torch.where(divides, change, torch.ones_like(change))


def walk(network, clean, labels, loss, momentum=False):
    images, moving = clean.clone(), torch.zeros_like(clean)
    for _ in range(STEPS):
        leaf = images.clone().requires_grad_()
        way = descent(loss(network(leaf), leaf).sum(), leaf)
        if momentum:
            way = moving = DECAY * moving + way / way.abs().flatten(1).sum(1)[:, None, None, None]
        images = project(images + SHARE * EPSILON * way.sign(), clean)
    return images


def draw(generator):
    def normal(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.double).float().double()

    size = SHAPE[0] * SHAPE[1] * SHAPE[2]
    clean = torch.rand(IMAGES, *SHAPE, generator=generator, dtype=torch.double).float().double()
    first, second = normal(size, HIDDEN) / size**0.5, normal(HIDDEN, CLASSES)
    first, second = first.float().double(), second.float().double()
    moved = (clean + 0.02 * normal(*clean.shape)).clamp(0.01, 0.99).float().double()

    def network(images):
        return torch.tanh(images.flatten(1) @ first) @ second

    logits = network(clean)
    # Some images are taken for another class from the beginning.
    labels = logits.argmax(1)
    labels[-1] = logits[-1].argsort(descending=True)[1]
    targets = (labels + 1) % CLASSES
    expected = {
        "cross_entropy": F.cross_entropy(logits, labels, reduction="none"), "margin": margin(logits, labels),
        "dlr": dlr(logits, labels), "targeted": targeted(logits, labels, targets),
        "jitter_loss": jitter(network(moved), labels, moved, clean),
    }
    leaf = clean.clone().requires_grad_()
    way = descent(F.cross_entropy(network(leaf), labels, reduction="sum"), leaf)
    expected["fgsm"] = project(clean + EPSILON * way.sign(), clean)
    cross_entropy = lambda logits, images: F.cross_entropy(logits, labels, reduction="none")  # noqa: E731
    expected["pgd"] = walk(network, clean, labels, cross_entropy)
    expected["vmi"] = walk(network, clean, labels, cross_entropy, momentum=True)

    w = torch.atanh(2 * moved - 1).float().double().requires_grad_()

    def objective(w):
        images = (torch.tanh(w) + 1) / 2
        distance = (images - clean).square().flatten(1).sum(1)
        return images, distance, (distance + margin(network(images), labels).clamp(min=0)).sum()

    _, distance, total = objective(w)
    expected["cw_distances"], expected["cw_total"] = distance, total[None]
    (expected["cw_gradient"],) = torch.autograd.grad(total, w)
    variables = torch.atanh((2 * clean - 1) * (1 - 1e-6)).requires_grad_()
    adam, best, nearest = torch.optim.Adam([variables], lr=0.1), clean.clone(), torch.full((IMAGES,), float("inf"))
    for step in range(CW_STEPS + 1):
        images, distance, total = objective(variables)
        better = (network(images).argmax(1) != labels) & (distance < nearest)
        nearest = torch.where(better, distance, nearest)
        best = torch.where(better[:, None, None, None], images, best).detach()
        if step < CW_STEPS:
            adam.zero_grad()
            total.backward()
            adam.step()
    expected["cw"] = best
    if not (network(best).argmax(1) != labels).any() or (best == clean).all():
        raise TooFlat
    inputs = {
        "images": clean, "moved": moved, "labels": labels, "targets": targets, "w1": first, "w2": second, "w": w,
    }
    return inputs, expected


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    generator = torch.Generator().manual_seed(args.seed)
    for attempt in range(TRIES):
        try:
            inputs, expected = draw(generator)
        except TooFlat:
            continue
        settings = {"epsilon": EPSILON, "steps": STEPS, "step": SHARE, "cw_steps": CW_STEPS, "cw_rate": 0.1}
        metadata = {
            "kind": "attack", "case": "tanh", "seed": str(args.seed), "settings": json.dumps(settings), "exact": "[]",
            "note": f"benchmarks/peer/attacks.py, draw {attempt} of the seed: the first whose gradients stay clear of zero.",
            "tolerance": json.dumps({"rtol": 2e-5, "per_tensor": {}, "atol": 1e-7, "rule": "max|a-b| <= atol + rtol*max|b|"}),
        }
        tensors = {f"in.{name}": value for name, value in inputs.items()}
        tensors.update({f"out.{name}": value for name, value in expected.items()})
        path = args.out / "attack__tanh.safetensors"
        save(tensors, path, metadata)
        print(f"{path.name}: {path.stat().st_size} bytes, draw {attempt}")
        return
    raise SystemExit("no draw of this seed stays clear of zero")


if __name__ == "__main__":
    main()
