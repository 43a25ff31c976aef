"""Bundles: distilled sets as folders that say everything about themselves (``docs/records.md``)."""

from __future__ import annotations

import json
import os
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .augment import Augmentation
from .draws import resizing
from .errors import CompddError
from .picture import Picture, sheet
from .process import call, flags
from .space import Floats, PixelSpace, Whitening
from .tensors import tensors_of

_FORMAT, _VERSION = "compdd-bundle", 1

_LEFT_OUT: dict[str, Any] = {
    "extra_epoch": True,
    "optimizer": "sgd",
    "decays_all": False,
    "learning_rate": None,
    "drops": "halfway",
    "cutmix": 0.0,
    "supervision": {"kind": "labels"},
    "ema": None,
    "epoch_steps": None,
}
"""Settings that are written only where they differ from these, those of ``no-kd@1``."""


class Bundle:
    """A distilled set on disk. Its arrays lie in the file and are read where they are used.

    Args:
        path: The folder, ``NAME.bundle``.

    Raises:
        CompddError: The folder is no bundle, or parts of it do not agree.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self.manifest: dict[str, Any] = _manifest(self.path / "manifest.json")
        """Everything about the set but its numbers, as ``schemas/bundle.schema.json`` describes it."""
        file = self.path / str(self.manifest["data"]["file"])
        self._tensors = tensors_of(file)
        if file.stat().st_size != self.manifest["data"]["bytes"] or self.images.shape != self.shape:
            raise CompddError(f"{file} is not the file that its manifest describes", help="copy or make the bundle again")

    def __len__(self) -> int:
        return self.shape[0]

    def __repr__(self) -> str:
        n, _, height, width = self.shape
        labels = self.label_kind
        return f"<Bundle {self.method} {self.subset} ipc {self.ipc}: {n} images of {height} x {width}, {labels} labels, {self.space.kind}>"

    @property
    def images(self) -> Floats:
        """``[N, 3, H, W]`` in the space of the network, as stored; read-only and mapped."""
        return self._tensor("images").astype(np.float32, copy=False)

    @property
    def labels(self) -> NDArray[Any]:
        """Class positions ``[N]`` (int64), or rows ``[N, classes]`` (float32) of what :attr:`label_kind` says; read-only and mapped."""
        return self._tensor("labels")

    @property
    def label_kind(self) -> str:
        """``hard``, ``logits`` or ``probabilities``."""
        return str(self.manifest["labels"])

    @property
    def learning_rate(self) -> float:
        """Step size of a student's SGD."""
        return float(self._tensor("learning_rate")[0])

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """N, C, H, W of the stored images."""
        n, c, h, w = self.manifest["shape"]
        return n, c, h, w

    @property
    def classes(self) -> list[str]:
        """Names of the classes for people; a label is a position in this list."""
        return [entry["label"] for entry in self.manifest["classes"]]

    @property
    def synsets(self) -> list[str]:
        """Identities of the classes, in the same order."""
        return [entry["synset"] for entry in self.manifest["classes"]]

    @property
    def method(self) -> str:
        """Name of the method that made the set."""
        return str(self.manifest["method"])

    @property
    def subset(self) -> str:
        """Id of the subset, such as ``bird-hard@1``."""
        return str(self.manifest["subset"])

    @property
    def ipc(self) -> int:
        """Images per class, as stored."""
        return int(self.manifest["ipc"])

    @property
    def formation(self) -> int:
        """Images that a stored image holds along each side (IDC, IDM); 1 where it is one image."""
        return int(self.manifest.get("formation", 1))

    @property
    def data_hash(self) -> str:
        """BLAKE3 of the data file, by which records name the set."""
        return str(self.manifest["data"]["blake3"])

    @cached_property
    def space(self) -> PixelSpace:
        """What the values of the images mean."""
        entry = self.manifest["pixel_space"]
        whitening = None
        if entry["kind"] == "zca":
            inverse = self._tensor("zca.inverse") if "zca.inverse" in self._tensors else None
            whitening = Whitening(self._tensor("zca.mean"), self._tensor("zca.transform"), entry["epsilon"], inverse)
        mean, std = ((float(r), float(g), float(b)) for r, g, b in (entry["mean"], entry["std"]))
        return PixelSpace(mean, std, whitening)

    @property
    def targets(self) -> Floats:
        """``[N, classes]``: what the loss compares with, as probabilities; logits go through a softmax at temperature 1."""
        if self.label_kind == "hard":
            return np.asarray(np.eye(len(self.classes))[self.labels], np.float32)
        if self.label_kind == "probabilities":
            return np.asarray(self.labels, np.float32)
        powers = np.exp(self.labels - self.labels.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)

    def rgb(self) -> Floats:
        """The stored images as RGB in 0..1, cut off there, ``[N, 3, H, W]``."""
        return self.space.to_rgb(self.images).clip(0, 1)

    def student_images(self) -> Floats:
        """What a student is trained on: the images, or the smaller ones that they hold, each at full size and tile after tile."""
        factor, (n, c, _, side) = self.formation, self.shape
        if factor == 1:
            return self.images
        tile = -(-side // factor)
        enlarge = np.concatenate([resizing(factor * tile, i * tile, tile, side, False) for i in range(factor)])
        grey = self.space.from_rgb(np.full((1, c, 1, 1), 0.5, np.float32))
        stored = np.broadcast_to(grey, (n, c, factor * tile, factor * tile)).copy()
        stored[:, :, :side, :side] = self.images
        large = np.asarray(enlarge @ stored @ enlarge.T, np.float32)
        tiles = large.reshape(n, c, factor, side, factor, side).transpose(2, 4, 0, 1, 3, 5)
        return np.asarray(tiles.reshape(factor * factor * n, c, side, side))

    def torch_dataset(self) -> Any:
        """What a student is trained on, as a ``torch.utils.data.TensorDataset`` of images and targets.

        Targets are class positions of hard labels and probabilities of soft ones: ``torch.nn.functional.cross_entropy`` takes both.
        """
        import torch
        from torch.utils.data import TensorDataset

        targets = np.array(self.labels if self.label_kind == "hard" else self.targets)
        repeated = np.tile(targets, (self.formation**2,) + (1,) * (targets.ndim - 1))
        return TensorDataset(torch.from_numpy(np.array(self.student_images())), torch.from_numpy(repeated))

    def protocol(self, name: str = "no-kd", *, network: str | None = None, budget: str = "paper") -> dict[str, Any]:
        """The settings with which a protocol scores this set: id, hash and ``scoring``, whose settings `docs/python.md` explains.

        Args:
            name: The protocol.
            network: The student's network; none for the usual one of the resolution.
            budget: ``paper``, ``quick`` or ``smoke``.
        """
        asked = flags({"bundle": self.path, "network": network, "budget": budget})
        found: dict[str, Any] = json.loads(call(["protocol", "show", name, *asked]).out)
        found["scoring"] = {**_LEFT_OUT, **found["scoring"]}
        return found

    def augment(self, protocol: str = "no-kd", *, network: str | None = None, seed: int = 0) -> Augmentation:
        """The augmentation with which a protocol trains students of this set; call it with every minibatch."""
        scoring = self.protocol(protocol, network=network)["scoring"]
        normalisation = (self.space.mean, self.space.std) if self.space.whitening is None else None
        return Augmentation.of_scoring(scoring, classes=len(self.classes), normalisation=normalisation, seed=seed)

    def show(self, per_class: int = 10, *, classes: list[str] | None = None, scale: int = 1) -> Picture:
        """Images as a picture, one line a class, which a notebook shows.

        Args:
            per_class: Most images of a class.
            classes: Names or synsets of the classes to show; none for all.
            scale: Side of a pixel.
        """
        positions = range(len(self.classes)) if classes is None else [self._position(name) for name in classes]
        of_image = np.asarray(self.labels if self.label_kind == "hard" else self._made_for())
        chosen = [np.flatnonzero(of_image == position)[:per_class] for position in positions]
        rows = [self.space.to_rgb(self.images[places]) for places in chosen if len(places)]
        if not rows:
            raise CompddError(f"{self.path} has no image of these classes", help="name some of `Bundle.classes`")
        return sheet(rows, scale)

    def _made_for(self) -> NDArray[np.int64]:
        """The classes that images with learned labels were made for: the labels may have moved to others."""
        if len(self) == len(self.classes) * self.ipc:
            return np.arange(len(self)) // self.ipc
        return np.asarray(self.labels.argmax(axis=1), np.int64)

    def _position(self, name: str) -> int:
        for names in (self.classes, self.synsets):
            if name in names:
                return names.index(name)
        raise CompddError(f"{self.subset} has no class `{name}`", help="use one of " + ", ".join(self.classes[:20]))

    def _tensor(self, name: str) -> NDArray[Any]:
        if name not in self._tensors:
            raise CompddError(f"{self.path} has no tensor `{name}`", help="copy or make the bundle again")
        return self._tensors[name]


def _manifest(file: Path) -> dict[str, Any]:
    try:
        manifest = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise CompddError(
            f"{file.parent} is no bundle", causes=[str(error)], help="name a folder NAME.bundle, as compdd run and import write it"
        ) from error
    except ValueError as error:
        raise CompddError(f"{file} is no JSON", causes=[str(error)], help="copy or make the bundle again") from error
    if not isinstance(manifest, dict) or manifest.get("format") != _FORMAT:
        raise CompddError(f"{file} is no manifest of a bundle", help="name a folder NAME.bundle, as compdd run and import write it")
    if manifest["version"] > _VERSION:
        raise CompddError(f"{file} has version {manifest['version']}, this package reads {_VERSION}", help="install a newer compdd")
    return manifest
