"""What the Python package costs: its import, and opening a bundle of 500 images of 128 pixels. `python benchmarks/perf/python.py`."""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "python"
REPEATS = 5


def imported(module: str) -> float:
    code = f"import time; t = time.perf_counter(); import {module}; print(time.perf_counter() - t)"
    runs = [subprocess.run([sys.executable, "-c", code], cwd=PACKAGE, capture_output=True, text=True, check=True) for _ in range(REPEATS)]
    return min(float(run.stdout) for run in runs)


def opened(folder: Path) -> float:
    sys.path.insert(0, str(PACKAGE))
    import compdd

    shape = [500, 3, 128, 128]
    images, rate, labels = 4 * 500 * 3 * 128 * 128, 4, 8 * 500
    ends = [0, images, images + rate, images + rate + labels]
    kinds = {"images": ("F32", shape), "learning_rate": ("F32", [1]), "labels": ("I64", [500])}
    tensors = {name: {"dtype": d, "shape": s, "data_offsets": ends[i : i + 2]} for i, (name, (d, s)) in enumerate(kinds.items())}
    header = json.dumps(tensors).encode()
    with (folder / "data.safetensors").open("wb") as file:
        file.write(len(header).to_bytes(8, "little") + header)
        file.truncate(8 + len(header) + ends[-1])
    data = {"file": "data.safetensors", "bytes": 8 + len(header) + ends[-1]}
    (folder / "manifest.json").write_text(json.dumps({"format": "compdd-bundle", "version": 1, "data": data, "shape": shape}))
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        bundle = compdd.Bundle(folder)
        assert bundle.images[499, 2, 127, 127] == 0 and bundle.labels[499] == 0
        times.append(time.perf_counter() - start)
    return min(times)


if __name__ == "__main__":
    print(f"import numpy {imported('numpy'):.3f} s, import compdd {imported('compdd'):.3f} s")
    with tempfile.TemporaryDirectory() as folder:
        print(f"a bundle of 500 images of 128 pixels opened and read at its end: {1000 * opened(Path(folder)):.1f} ms")
