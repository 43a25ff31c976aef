#!/usr/bin/env python3
"""The operations of RandAugment by Pillow: the golden values of `crates/compdd-nn/src/augment/rand_augment/`.

    python3 benchmarks/peer/rand_augment.py [--out tests/fixtures/rand_augment.safetensors]

The pictures come from a formula (`picture` here and in `tests.rs` there), so only the results are stored, planar bytes `[3, height, width]`:
`WIDTHxHEIGHT.OPERATION.STRENGTH`, with the strength as it is recorded (pixels, degrees, bits, byte values, shares).
"""
import argparse

import numpy as np
import safetensors.numpy
from PIL import Image, ImageEnhance, ImageOps, __version__

SHAPES = [(16, 12), (9, 17)]
STRENGTHS = {
    "identity": [0.0],
    "shear-x": [0.09, -0.09, 0.3],
    "shear-y": [0.09, -0.09, 0.3],
    "translate-x": [2.0, -3.0],
    "translate-y": [2.0, -3.0],
    "rotate": [9.0, -9.0, 30.0],
    "brightness": [0.27, -0.27, 0.9],
    "color": [0.27, -0.27, 0.9],
    "contrast": [0.27, -0.27, 0.9],
    "sharpness": [0.27, -0.27, 0.9],
    "posterize": [7.0, 4.0, 8.0],
    "solarize": [178.5, 255.0, 0.0],
    "auto-contrast": [0.0],
    "equalize": [0.0],
}
ENHANCERS = {
    "brightness": ImageEnhance.Brightness,
    "color": ImageEnhance.Color,
    "contrast": ImageEnhance.Contrast,
    "sharpness": ImageEnhance.Sharpness,
}


def picture(width, height):
    """Bytes between 20 and 219, so that stretching has something to do."""
    y, x, c = np.mgrid[:height, :width, :3]
    return (20 + (x * x * 7 + y * 13 * (c + 1) + x * y * 3) % 200).astype(np.uint8)


def apply(image, operation, strength):
    moved = lambda matrix: image.transform(image.size, Image.Transform.AFFINE, matrix, Image.Resampling.NEAREST)
    if operation in ENHANCERS:
        return ENHANCERS[operation](image).enhance(1 + strength)
    return {
        "identity": lambda: image,
        "shear-x": lambda: moved((1, strength, 0, 0, 1, 0)),
        "shear-y": lambda: moved((1, 0, 0, strength, 1, 0)),
        "translate-x": lambda: moved((1, 0, -strength, 0, 1, 0)),
        "translate-y": lambda: moved((1, 0, 0, 0, 1, -strength)),
        "rotate": lambda: image.rotate(strength, Image.Resampling.NEAREST),
        "posterize": lambda: ImageOps.posterize(image, int(strength)),
        "solarize": lambda: ImageOps.solarize(image, strength),
        "auto-contrast": lambda: ImageOps.autocontrast(image),
        "equalize": lambda: ImageOps.equalize(image),
    }[operation]()


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--out", default="tests/fixtures/rand_augment.safetensors")
    stored = {}
    for width, height in SHAPES:
        image = Image.fromarray(picture(width, height))
        for operation, strengths in STRENGTHS.items():
            for strength in strengths:
                result = np.moveaxis(np.asarray(apply(image, operation, strength)), -1, 0)
                stored[f"{width}x{height}.{operation}.{strength}"] = np.ascontiguousarray(result)
    safetensors.numpy.save_file(stored, arguments.parse_args().out, {"pillow": __version__})


if __name__ == "__main__":
    main()
