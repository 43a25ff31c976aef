"""What the drivers of this folder share: the programs they compare, each in a process of its own, and what is known of a process."""
import json
import os
import pathlib
import resource
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
GIB = 2**30
# What compdd sets for itself at start; worth a factor of two to PyTorch.
MALLOC = {
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": str(2**62),
    "MALLOC_TOP_PAD_": str(64 << 20),
    "MALLOC_ARENA_MAX": "1",
}


def places_of(device):
    """The environment that sends both sides to a device; PyTorch knows CUDA's and the processor."""
    return {"COMPDD_BENCH_DEVICE": device, "COMPDD_PEER_DEVICE": device if device.startswith("cuda") else "cpu"}


class OutOfMemory(Exception):
    """A program ran into its limit."""


class Program:
    """A program in a process of its own that answers every line with a line."""

    def __init__(self, name, command, environment, limit=resource.RLIM_INFINITY):
        self.name = name
        bound = lambda: resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, **environment}, preexec_fn=bound
        )

    def ask(self, line):
        """The words of the answer."""
        print(line, file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline().split()
        if answer == ["memory"] or (not answer and self.process.wait() == -9):
            raise OutOfMemory
        if not answer:
            sys.exit(f"error: the {self.name} process ended early")
        return answer

    def peak(self):
        """Peak resident memory so far, in bytes."""
        with open(f"/proc/{self.process.pid}/status") as file:
            lines = dict(line.split(":", 1) for line in file)
        return int(lines["VmHWM"].split()[0]) * 1024

    def processor_seconds(self):
        """User and system time so far."""
        with open(f"/proc/{self.process.pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def binary(bench):
    """The program of a bench target, built."""
    build = ["cargo", "build", "--release", "--bench", bench, "--message-format=json"]
    for line in subprocess.run(build, check=True, cwd=HERE.parent.parent, stdout=subprocess.PIPE, text=True).stdout.splitlines():
        message = json.loads(line)
        if message.get("executable") and message.get("target", {}).get("name") == bench:
            return message["executable"]
    sys.exit(f"error: cargo built no {bench}")


def free_memory():
    """Bytes a program may use: what is free, less a tenth."""
    with open("/proc/meminfo") as file:
        lines = dict(line.split(":", 1) for line in file)
    return int(lines["MemAvailable"].split()[0]) * 1024 * 9 // 10


def processor():
    """The name of the processor."""
    with open("/proc/cpuinfo") as file:
        names = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    return names[0] if names else "unknown"


def warn_if_busy(threads):
    """Says that PyTorch suffers on a busy machine."""
    load = os.getloadavg()[0]
    if load > 0.5 and threads > 1:
        print(
            f"warning: other programs are running (load {load:.1f}); PyTorch's threads wait for each other and lose many times the "
            "processor time taken from them. Wait for a quiet machine, or use --threads 1 and the ratio of processor time.",
            file=sys.stderr,
        )
