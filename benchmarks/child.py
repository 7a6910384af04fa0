"""One case of a benchmark in a fresh process: median seconds, peak memory, and what the call gave back.

A case is a function ``module:function`` of a script in this folder. Called with its parameters it prepares the input and
returns the call to be timed (a function without arguments). The preparation counts neither as time nor as memory added::

    from child import measure

    def entropy(n: int) -> Callable[[], object]:
        p = ...
        return lambda: querist.score("entropy", probs=p)

    found = measure("kernels_scores:entropy", {"n": 50_000}, threads=1)
    print(found.seconds, found.added_mib)

Memory: the resident peak (ru_maxrss, VmHWM) of the process. Linux lets a process set its peak back, so "added" is the
peak during the first call less the resident size before it; elsewhere it is how far the call raised the peak.
A child inherits ru_maxrss from a larger parent: the script that calls `measure` should stay small.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
_MARK = "measured: "
_POOLS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


@dataclass(frozen=True)
class Measured:
    """What one case took; ``error`` says why there is nothing, else it is empty."""

    seconds: float = float("nan")
    """median of the calls; the first counts only when it is the only one."""
    fastest: float = float("nan")
    added_mib: float = float("nan")
    peak_mib: float = float("nan")
    """of the whole process, imports and input included."""
    value: Any = None
    """what the last call returned, where JSON can hold it."""
    error: str = ""


def measure(
    target: str,
    parameters: Mapping[str, Any] | None = None,
    *,
    threads: int = 1,
    repeats: int = 3,
    timeout: float = 300,
) -> Measured:
    """Run ``target`` in a fresh process.

    Args:
        target: ``module:function`` of this folder; the function returns the call to be timed.
        parameters: keyword arguments of the function, as JSON.
        threads: of every library that counts them.
        repeats: timed calls; before them one call warms up, unless ``repeats`` is 1 or that call took over 5 seconds.
        timeout: seconds for the whole process; beyond it the case is given up.
    """
    env = {**os.environ, **dict.fromkeys(_POOLS, str(threads))}
    order = json.dumps({"target": target, "parameters": dict(parameters or {}), "repeats": repeats, "threads": threads})
    command = [sys.executable, str(Path(__file__).resolve()), order]
    try:
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=timeout, check=False)
    except subprocess.TimeoutExpired:
        return Measured(error=f"over {timeout:g} s")
    for line in done.stdout.splitlines():
        if line.startswith(_MARK):
            return Measured(**json.loads(line[len(_MARK) :]))
    last = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
    return Measured(error=last[:200])


def resident_mib() -> float:
    """Resident size now, in MiB; the peak where the system does not say."""
    with contextlib.suppress(OSError), open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 2**20
    return peak_mib()


def peak_mib() -> float:
    """Resident peak since the process began or since `forget_peak`, in MiB."""
    with contextlib.suppress(OSError), open("/proc/self/status", encoding="ascii") as file:
        for line in file:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 2**10
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def forget_peak() -> bool:
    """Let the peak begin again at the present size; False where the system cannot."""
    try:
        with open("/proc/self/clear_refs", "w", encoding="ascii") as file:
            file.write("5")
    except OSError:
        return False
    return True


def _run(target: str, parameters: dict[str, Any], repeats: int, threads: int) -> Measured:
    module, _, function = target.partition(":")
    call = getattr(importlib.import_module(module), function)(**parameters)
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(threads)
    whole = peak_mib()
    before = resident_mib() if forget_peak() else whole
    times = []
    started = time.perf_counter()
    value = call()
    times.append(time.perf_counter() - started)
    peak = peak_mib()
    if repeats > 1 and times[0] < 5:
        times = []
        for _ in range(repeats):
            started = time.perf_counter()
            value = call()
            times.append(time.perf_counter() - started)
    try:
        json.dumps(value)
    except (TypeError, ValueError):
        value = None
    return Measured(statistics.median(times), min(times), max(0.0, peak - before), max(whole, peak), value)


if __name__ == "__main__":
    sys.path.insert(0, str(HERE))
    wanted = json.loads(sys.argv[1])
    try:
        found = _run(**wanted)
    except Exception as error:  # a peer may fail in any way: the table says how
        found = Measured(error=f"{type(error).__name__}: {error}"[:200])
    print(_MARK + json.dumps(found.__dict__), flush=True)
