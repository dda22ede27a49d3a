"""How long a notebook waits: latency.py [--kernel NAME] prints one line of JSON.

A fresh kernel answers the cells below, one after the other, as a person would type them. Times are those from sending a cell to its
reply. Memory is what the kernel, the process of its cells and what they start hold at most (proportional set size, so
that shared pages count once).
"""
import argparse
import json
import pathlib
import statistics
import threading
import time

from jupyter_client.manager import start_new_kernel
import psutil

# The first three are of their own; the others make the median.
CELLS = [
    ("first cell", "use eigengate::prelude::*;"),
    ("first let", "let mnist = mnist::shipped()?;"),
    ("summary", "mnist.train"),
    ("network", "let mut net = Mlp::new(&[784, 100, 10], Activation::Tanh, 1)?;"),
    ("training", "let history = Training::new(2, 500).run(&mut net, &mnist.train.take(2000)?, None)?;"),
    ("history", "history"),
    ("spectrum", 'let one = spectrum(&net, &mnist.test.take(1000)?)?;'),
    ("figure", 'plot::spectrum(&[("net", &one)])?'),
    ("function", "fn square(x: f64) -> f64 { x * x }"),
    ("closure", "let total: f64 = (1..10).map(f64::from).map(square).sum();"),
    ("print", 'println!("{total}");'),
    ("array", "let a = array![[1.0, 2.0], [3.0, 4.0]];"),
    ("portrait", "let portrait = dynamics::families::rotation(3.0, 0.5)?.portrait()?;"),
    ("portrait figure", "plot::portrait(&portrait)?"),
    ("table", 'Frame::new().with("n", 1..5i64)?.with("x", [0.5, 1.5, 2.5, 3.5])?'),
]


def memory(pid):
    """Bytes of a process and all below it."""
    total = 0
    try:
        parent = psutil.Process(pid)
        for process in [parent, *parent.children(recursive=True)]:
            # Compilers come and go; what stays is the kernel and its cells.
            if process.name() in ("rustc", "cargo", "ld", "cc", "rust-lld", "ld.lld"):
                continue
            try:
                total += process.memory_full_info().pss
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                pass
    except psutil.NoSuchProcess:
        pass
    return total


class Watch(threading.Thread):
    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.most, self.ended = pid, 0, threading.Event()

    def run(self):
        while not self.ended.wait(0.2):
            self.most = max(self.most, memory(self.pid))


def answer(client, source):
    errors = []

    def output(message):
        if message["msg_type"] == "error":
            errors.append("\n".join(message["content"]["traceback"]) or message["content"]["evalue"])

    start = time.perf_counter()
    reply = client.execute_interactive(source, timeout=1800, output_hook=output, store_history=True)
    seconds = time.perf_counter() - start
    if reply["content"]["status"] != "ok" or errors:
        raise SystemExit(f"the cell {source!r} failed: {errors}")
    return seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kernel", default="eigengate")
    parser.add_argument("--cells", type=pathlib.Path, help="a JSON list of [name, source] instead")
    options = parser.parse_args()
    cells = json.loads(options.cells.read_text()) if options.cells else CELLS
    start = time.perf_counter()
    manager, client = start_new_kernel(startup_timeout=1800, kernel_name=options.kernel)
    ready = time.perf_counter() - start
    pid = manager.provisioner.pid
    watch = Watch(pid)
    watch.start()
    try:
        times = [(name, answer(client, source)) for name, source in cells]
        watch.ended.set()
        rest = [seconds for _, seconds in times[2:]]
        print(json.dumps({
            "start": ready, "first_cell": times[0][1], "first_let": times[1][1], "median": statistics.median(rest),
            "slowest": max(rest), "memory": max(watch.most, memory(pid)), "cells": dict(times)}))
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


if __name__ == "__main__":
    main()
