#!/usr/bin/env python3
"""Do the stand-ins refuse what they must? `self_test.py FOLDER`, the folder of run.py; one small program for each fault."""

import sys
import tempfile
import unittest
from pathlib import Path

from observe import Failed, Observed, observe
from toolkit import prepare

FOLDER = Path(sys.argv.pop(1)) if len(sys.argv) > 1 else Path(tempfile.mkdtemp())

# Compiles a kernel, loads and launches it; the name of a fault makes one step wrong.
PROGRAM = r"""
import ctypes, sys
fault = sys.argv[1]
nvrtc, cuda = ctypes.CDLL("libnvrtc.so"), ctypes.CDLL("libcuda.so.1")
def ok(code):
    if code: sys.exit(3)
name, value = (b"broken", b"nothing") if fault == "source" else (b"one", b"1.0f")
source = b'extern "C" __global__ void %s(float* x, int n) { x[0] = %s; }' % (name, value)
program, size = ctypes.c_void_p(), ctypes.c_size_t()
ok(nvrtc.nvrtcCreateProgram(ctypes.byref(program), source, None, 0, None, None))
options = (ctypes.c_char_p * 1)(b"--gpu-architecture=sm_90a")
ok(nvrtc.nvrtcCompileProgram(program, 1, options))
ok(nvrtc.nvrtcGetPTXSize(program, ctypes.byref(size)))
ptx = ctypes.create_string_buffer(size.value)
ok(nvrtc.nvrtcGetPTX(program, ptx))
ok(cuda.cuInit(0))
module, kernel, memory = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_uint64()
ok(cuda.cuModuleLoadData(ctypes.byref(module), ptx))
ok(cuda.cuModuleGetFunction(ctypes.byref(kernel), module, b"two" if fault == "entry" else b"one"))
ok(cuda.cuMemAlloc_v2(ctypes.byref(memory), ctypes.c_size_t(64)))
address = ctypes.c_uint64(memory.value + (64 if fault == "pointer" else 0))
arguments = (ctypes.c_void_p * 2)(ctypes.addressof(address), ctypes.addressof(ctypes.c_int(1)))
grid = 1 << 17 if fault == "grid" else 2
ok(cuda.cuLaunchKernel(kernel, 1, grid, 1, 32, 1, 1, 0, None, arguments, None))
host = ctypes.create_string_buffer(128)
ok(cuda.cuMemcpyDtoH_v2(host, memory, ctypes.c_size_t(128 if fault == "copy" else 64)))
if fault == "symbol": cuda.cuEventElapsedTime_v2
"""


class StandIns(unittest.TestCase):
    """A program that does one thing wrong, or none."""

    def run_with(self, fault: str, driver: int = 13000) -> Observed:
        toolkit = prepare(FOLDER, "12.9", driver)
        return observe([sys.executable, "-c", PROGRAM, fault], toolkit, FOLDER, driver)

    def test_what_is_right_is_counted(self) -> None:
        seen = self.run_with("none")
        self.assertEqual((seen.launches_of, seen.compiled), ({"one": 1}, 1))
        self.assertEqual((seen.counts["launches"], seen.counts["reads"], seen.counts["read_bytes"]), (1, 1, 64))
        self.assertEqual((seen.counts["allocations"], seen.counts["uploads"], seen.counts["waits"]), (1, 0, 0))

    def test_what_a_card_refuses_is_a_failure(self) -> None:
        for fault, says in [
            ("entry", "no entry two"),
            ("pointer", "argument 0 points outside"),
            ("grid", "grid [1, 131072, 1]"),
            ("copy", "128 bytes leave the allocation"),
        ]:
            with self.subTest(fault), self.assertRaisesRegex(Failed, says.replace("[", r"\[").replace("]", r"\]")):
                self.run_with(fault)

    def test_a_kernel_that_does_not_compile_leaves_its_log(self) -> None:
        with self.assertRaisesRegex(Failed, "1 kernels do not compile"):
            self.run_with("source")
        self.assertIn("nothing", (FOLDER / "failed/broken.log").read_text())

    def test_an_older_driver_refuses_newer_images_and_lacks_newer_functions(self) -> None:
        with self.assertRaisesRegex(Failed, "PTX 8.8, newer than the driver"):
            self.run_with("none", driver=12040)
        self.assertEqual(self.run_with("symbol", driver=13000).launches_of.total(), 1)
        with self.assertRaisesRegex(Failed, "undefined symbol: cuEventElapsedTime_v2"):
            toolkit = prepare(FOLDER, "12.4", 12040)
            observe([sys.executable, "-c", PROGRAM, "symbol"], toolkit, FOLDER, 12040)


if __name__ == "__main__":
    unittest.main()
