#!/usr/bin/env python3
"""What EDF on ImageNette with ten images a class would take on a card: seconds of steps times their counts.

    python3 benchmarks/gpu/projection.py OUT

reads what `card.sh` measured into OUT: a training step of ConvNet-D5 at 128 px with 256 images, and an iteration of EDF with all 100 images in the
minibatch. Counts are those of the recipe (`benchmarks/recipes/edf.toml`): experts, the epochs of each that are read, minibatches of 9469 images, and iterations.
A GSAM step goes forward and backward twice. Measured on anything but a card it says nothing about one.
"""
import json
import math
import pathlib
import sys
import tomllib

IMAGES = 9469


def entry(path, choose):
    """The row that is asked for, of a file that may not be there yet."""
    return next(filter(choose, json.loads(path.read_text())["rows"]), None) if path.exists() else None


def recipe_of(subset, ipc):
    """EDF's recipe with what it sets for a subset and a number of images a class."""
    text = (pathlib.Path(__file__).resolve().parents[1] / "recipes" / "edf.toml").read_text()
    recipe = tomllib.loads(text)
    fits = lambda rule: subset in rule.get("subset", [subset]) and ipc in rule.get("ipc", [ipc]) and not rule.keys() - {"subset", "ipc", "set"}
    values = dict(recipe["recipe"])
    for rule in filter(fits, recipe["when"]):
        values |= rule["set"]
    return values


def main():
    out, recipe = pathlib.Path(sys.argv[1]), recipe_of("imagenette", 10)
    step = entry(out / "train_step.json", lambda row: row["case"] == "d5-256")
    iteration = entry(out / "edf_iteration.json", lambda row: row["case"] == "d5-b100" and row["steps"] == recipe["student_steps"])
    if not step or not iteration:
        return print("no projection: a training step of D5 with 256 images and an EDF iteration of 40 steps at 128 px were not both measured")
    seconds = step["figures"]["kernels"]["seconds_median"]
    passes = 2 if recipe["expert_optimizer"] == "gsam" else 1
    epochs = min(recipe["expert_epochs"], recipe["max_start"] + recipe["expert_span"])
    steps = recipe["experts"] * epochs * math.ceil(IMAGES / recipe["expert_batch"])
    experts = steps * passes * seconds / 3600
    distilling = recipe["iterations"] * iteration["compdd"]["median"] / 3600
    device = json.loads((out / "train_step.json").read_text())["device"]
    print(f"projection for EDF on ImageNette, IPC 10, from steps on {device}{'' if device.startswith(('cuda', 'wgpu:0')) else ', which is no card'}:")
    print(f"  experts     {experts:8.2f} h  ({steps} steps of {passes} x {seconds:.4f} s)")
    print(f"  distilling  {distilling:8.2f} h  ({recipe['iterations']} iterations of {iteration['compdd']['median']:.3f} s)")
    print(f"  together    {experts + distilling:8.2f} h")


if __name__ == "__main__":
    main()
