"""The run-time compiler and its headers from the package index, and the two libraries of this folder: no card, no root."""

import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Toolkit:
    """A toolkit in a folder: `include/`, `lib/` with the real compiler, and the libraries that stand before it."""

    root: Path
    stand_ins: Path

    @property
    def compiler(self) -> Path:
        """The real NVRTC."""
        return next(path for path in sorted((self.root / "lib").glob("libnvrtc.so.*")) if ".alt." not in path.name)


def wheels(version: str) -> list[str]:
    """The four packages of a CUDA version such as `12.4`: compiler, run-time headers, those that they include, and CCCL.

    CCCL's newest of CUDA 12 serves all of them; the wheels before 12.4 lack `cuda/barrier`.
    """
    if not version.startswith("12."):
        return [f"nvidia-cuda-{part}=={version}.*" for part in ("nvrtc", "runtime", "crt", "cccl")]
    parts = [f"nvidia-cuda-{part}-cu12=={version}.*" for part in ("nvrtc", "runtime", "nvcc")]
    return [*parts, "nvidia-cuda-cccl-cu12==12.9.*"]


def fetch(folder: Path, version: str) -> Path:
    """Downloads the wheels and unpacks their headers and libraries into one tree, where that was not done before."""
    root = folder / f"cuda-{version}"
    if root.exists():
        return root
    downloads = folder / f"wheels-{version}"
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(downloads)]
    subprocess.run([*pip, *wheels(version)], check=True)
    half = folder / f"half-{version}"
    shutil.rmtree(half, ignore_errors=True)
    for wheel in downloads.glob("*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            for name in archive.namelist():
                _, middle, rest = name.partition("/include/") if "/include/" in name else name.partition("/lib/")
                target = half / middle.strip("/") / rest
                if not middle or "nvvm" in name or name.endswith("/"):
                    continue
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(archive.read(name))
    shutil.rmtree(downloads)
    half.rename(root)
    return root


def build(folder: Path, since_12_8: bool) -> Path:
    """Builds both libraries and puts them under the names that programs open."""
    target = folder / ("build" if since_12_8 else "build-older")
    features = [] if since_12_8 else ["--no-default-features"]
    cargo = ["cargo", "build", "--quiet", "--release", "--workspace", "--target-dir", str(target), *features]
    subprocess.run(cargo, cwd=HERE, check=True)
    stand_ins = target / "lib"
    stand_ins.mkdir(exist_ok=True)
    for built, name in (("libcuda.so", "libcuda.so.1"), ("libnvrtc.so", "libnvrtc.so")):
        # By rename: a library that a running program has mapped must stay as it is.
        shutil.copy(target / "release" / built, stand_ins / f"{name}.new")
        (stand_ins / f"{name}.new").rename(stand_ins / name)
    return stand_ins


def prepare(folder: Path, nvrtc: str, driver: int) -> Toolkit:
    """Everything that a run needs, below `folder`; `driver` is the version that the driver says, such as 12040."""
    folder.mkdir(parents=True, exist_ok=True)
    return Toolkit(fetch(folder, nvrtc), build(folder, driver >= 12080))


def environment(toolkit: Toolkit) -> dict[str, str]:
    """The variables under which a program finds the stand-ins and, behind them, the real compiler."""
    paths = [str(toolkit.stand_ins), str(toolkit.root / "lib"), os.environ.get("LD_LIBRARY_PATH", "")]
    return {
        "CUDA_PATH": str(toolkit.root),
        "LD_LIBRARY_PATH": ":".join(path for path in paths if path),
        "NVRTC_REAL": str(toolkit.compiler),
    }
