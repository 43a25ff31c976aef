#!/usr/bin/env python3
"""Runs a command of compdd on a machine without a card and counts what it asks of one.

    run.py FOLDER --steps 2,6 -- target/release/compdd run --method dm --subset scenes-easy --ipc 1 \
        --budget smoke --set iterations={} --results RESULTS --device cuda:0

`{}` in the command stands for its length, `RESULTS` for a folder that is removed afterwards. The command runs with the
longer length, then with both on warm caches: their difference is what a step costs. It ends with 1 when a card or the
compiler would have refused anything, and when a second process compiles what the first did.
"""

import argparse
import sys
from pathlib import Path

from observe import Failed
from steps import Case, cost, table
from toolkit import prepare


def pair(text: str) -> tuple[int, int]:
    """`2,6`."""
    small, large = map(int, text.split(","))
    return small, large


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where wheels, libraries and caches go and are found again")
    parser.add_argument("--nvrtc", default="12.9", metavar="VERSION", help="CUDA version of the compiler [12.9]")
    parser.add_argument("--driver", default=13000, type=int, metavar="VERSION", help="version of the driver [13000]")
    parser.add_argument("--steps", required=True, type=pair, metavar="SMALL,LARGE", help="the two lengths of the command")
    parser.add_argument("--each", default=1, type=int, metavar="N", help="steps that one unit of length is [1]")
    parser.add_argument("--kernels", action="store_true", help="how often a step launches each kernel")
    parser.add_argument("command", nargs="+", help="the program and its arguments, after --")
    return parser.parse_args()


def main() -> int:
    given = arguments()
    try:
        toolkit = prepare(given.folder, given.nvrtc, given.driver)
        case = Case(" ".join(given.command[1:]), given.command[1:], given.steps, given.each)
        found = cost(given.command[0], case, toolkit, given.folder, given.driver)
        print(table([found]))
        if given.kernels:
            print("\n| kernel | launches |\n| --- | ---: |")
            print(*(f"| {name} | {times:.1f} |" for name, times in found.launches_of.items()), sep="\n")
    except Failed as failure:
        print(failure, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
