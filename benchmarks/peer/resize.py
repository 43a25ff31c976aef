#!/usr/bin/env python3
"""Squares that Pillow and torch make of pictures of many shapes: the golden values of `crates/compdd-data/src/data/resize/`.

    python3 benchmarks/peer/resize.py [--out tests/fixtures/resize.safetensors]

The pictures come from a formula (`picture` here and in `crates/compdd-data/src/data/resize/tests.rs`), so only the results are stored, planar bytes `[3, side, side]`:
`WIDTHxHEIGHT-SIDE.pillow` from Pillow's `resize(BILINEAR)`, which antialiases; `.smooth` from torch's `interpolate(mode="bilinear",
align_corners=False, antialias=True)`, `.plain` from the same without antialias, both computed on floats and rounded; `.crop` from torchvision's
`Resize(SIDE)` and `CenterCrop(SIDE)` on a Pillow image.
"""
import argparse

import numpy as np
import safetensors.numpy
import torch
import torch.nn.functional as F
from PIL import Image
from torchvision import transforms

SHAPES = [
    (11, 7, 9), (7, 11, 4), (4, 4, 16), (5, 9, 12), (16, 16, 8), (17, 13, 6), (33, 32, 16), (64, 3, 8), (3, 64, 8), (40, 30, 29),
    (1, 1, 5), (1, 9, 6), (9, 1, 6), (1, 500, 4), (700, 1, 4), (600, 400, 5), (3000, 2, 7), (2, 20000, 6), (341, 256, 20), (12, 12, 13),
    (100, 7, 7), (8, 50, 8),
]


def picture(width, height):
    y, x, c = np.mgrid[:height, :width, :3]
    return ((x * x * 7 + y * 13 * (c + 1) + x * y * 3) % 256).astype(np.uint8)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--out", default="tests/fixtures/resize.safetensors")
    stored = {}
    for width, height, side in SHAPES:
        image = picture(width, height)
        planar = lambda square: np.ascontiguousarray(np.moveaxis(np.asarray(square), -1, 0))
        name = f"{width}x{height}-{side}"
        stored[f"{name}.pillow"] = planar(Image.fromarray(image).resize((side, side), Image.BILINEAR))
        tensor = torch.from_numpy(image).permute(2, 0, 1)[None].float()
        for kind, antialias in [("smooth", True), ("plain", False)]:
            square = F.interpolate(tensor, (side, side), mode="bilinear", align_corners=False, antialias=antialias)
            stored[f"{name}.{kind}"] = square[0].round().to(torch.uint8).numpy()
        # The long side as torchvision makes it; shapes whose long side would be huge are left to the squares.
        if max(width, height) <= 20 * min(width, height):
            crop = transforms.Compose([transforms.Resize(side), transforms.CenterCrop(side)])
            stored[f"{name}.crop"] = planar(crop(Image.fromarray(image)))
    safetensors.numpy.save_file(stored, arguments.parse_args().out, {"torch": torch.__version__, "pillow": Image.__version__})


if __name__ == "__main__":
    main()
