"""What the scripts of this folder share: how a library of Python's is given work and takes orders.

SCRIPT [--mode MODE] [--device cpu|cuda] [--precision tf32|bf16] WORKLOAD THREADS FOLDER NAME=EXTENTS...
SCRIPT --list

A script reads arrays, f32, row-major, from the files NAME in FOLDER, prepares, prints its loss there, then answers each
line N on standard input with the nanoseconds that N steps took. It leaves its other results as files in FOLDER.
"""
import argparse
import math
import os
import sys
import time


class Task:
    """What a script was asked to do. `arrays` maps a name to its file and extents."""

    def __init__(self, script, modes):
        parser = argparse.ArgumentParser(prog=script)
        parser.add_argument("--mode", choices=modes, default=modes[0])
        parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
        parser.add_argument("--precision", choices=("tf32", "bf16"), default="tf32")
        parser.add_argument("--list", action="store_true", help="print the modes, import nothing, and exit")
        parser.add_argument("workload", nargs="?", default="")
        parser.add_argument("threads", nargs="?", type=int, default=0)
        parser.add_argument("folder", nargs="?", default=".")
        parser.add_argument("array", nargs="*")
        given = parser.parse_args()
        if given.list:
            print(" ".join(modes))
            sys.exit(0)
        self.mode, self.device, self.threads = given.mode, given.device, given.threads
        self.bf16 = given.precision == "bf16"
        self.workload, self.folder = given.workload.lower(), given.folder
        self.arrays = {}
        for name, extents in (each.split("=") for each in given.array):
            self.arrays[name] = (os.path.join(self.folder, name), tuple(int(e) for e in extents.split(",")))
        # Answers alone are for whoever reads them: compilers print what they like.
        self.answers = os.fdopen(os.dup(1), "w")
        os.dup2(2, 1)

    def leave(self, name, data):
        """Leaves bytes for the caller."""
        with open(os.path.join(self.folder, name), "wb") as file:
            file.write(data)

    def serve(self, loss, steps):
        """Answers orders.

        loss   a number
        steps  a function that takes N steps and returns when the last is done
        """
        print(repr(float(loss)), file=self.answers, flush=True)
        for line in sys.stdin:
            begin = time.perf_counter_ns()
            steps(int(line))
            print(time.perf_counter_ns() - begin, file=self.answers, flush=True)


def size(extents):
    return math.prod(extents)
