"""A cell's figures, measured in a process of its own."""

from __future__ import annotations

import multiprocessing
import platform
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from SuperResolveLib.errors import InputError

from ..cells import Cell, CellRunner, Row, threads_a_process
from .arithmetic import operations, rates, time_shares
from .jobs import Job, job_of, thick_scan
from .meter import Meter
from .plan import ARITHMETIC, UNCERTAINTY, Load, parse_size

#: For how many iterations a method that learns is run, unless told: some reports of each.
ITERATIONS = 60
#: Shorter runs are repeated, to find the fastest of three.
SHORT = 2.0
_REPEATS = 3
#: What stands in a row before the name of a stage, a type of number, and again of a stage.
STAGE, RATE, SHARES = "stage: ", "rate: ", "shares: "

#: Makes a cell's job on a device, for so many iterations.
JobMaker = Callable[[str, int | None], Job]


def runner(iterations: int, note: str) -> CellRunner:
    """What runs a cell in a process of its own.

    Args:
        iterations: for how many a method that learns is run.
        note: what readers should know of the machine.
    """
    return partial(_in_own_process, iterations, note)


def _in_own_process(iterations: int, note: str, cell: Cell) -> Row:
    """A process that starts with so many threads, and ends: its peak memory is the cell's."""
    spawn = multiprocessing.get_context("spawn")
    with threads_a_process(Load.parse(cell.cell).threads), ProcessPoolExecutor(1, mp_context=spawn) as pool:
        return {**pool.submit(measure, cell, iterations).result(), "note": note}


def measure(cell: Cell, iterations: int) -> Row:
    """Run a cell in this process."""
    load = Load.parse(cell.cell)
    scan, profile = thick_scan(parse_size(cell.volume), load.ratio)
    take = _arithmetic if load.what == ARITHMETIC else _times
    make = partial(job_of, cell.method, cell.preset, scan, profile, load.what == UNCERTAINTY)
    figures = take(make, load.device, iterations)
    return {
        "what": load.what,
        "ratio": load.ratio,
        "threads": load.threads,
        "device": _device_name(load.device),
        "megavoxels": scan.data.size / 1e6,
        **figures,
        **_peak_memory(load.device),
    }


def _times(job_on: JobMaker, device: str, iterations: int) -> Row:
    """Seconds of a run, all told and by stage; of the fastest of some where it is short."""
    started = time.perf_counter()
    job = job_on(device, iterations)
    importing = time.perf_counter() - started
    runs = [_clocked(job)]
    while len(runs) < _REPEATS and runs[0][0].total < SHORT:
        runs.append(_clocked(job))
    clock, cpu_clock = min(runs, key=lambda run: run[0].total)
    stages = {"importing": importing, **clock.by_stage()}
    return {**_seconds(job, clock, cpu_clock), **{f"{STAGE}{stage}": seconds for stage, seconds in stages.items()}}


def _clocked(job: Job) -> tuple[Meter, Meter]:
    """Run it by the clock on the wall and by the processor's."""
    clocks = Meter(time.perf_counter), Meter(time.process_time)

    def watch(fraction: float, stage: str, stage_fraction: float | None = None, /) -> None:
        for clock in clocks:
            clock(fraction, stage, stage_fraction)

    job.run(watch)
    for clock in clocks:
        clock.finish()
    return clocks


def _seconds(job: Job, clock: Meter, cpu_clock: Meter) -> Row:
    """Seconds of the run, and without its learning; what an iteration takes, and the whole preset at that pace."""
    figures = {"seconds": clock.total, "cpu_seconds": cpu_clock.total}
    if not job.iterations:
        return {**figures, "rest_seconds": clock.total, "rest_cpu_seconds": cpu_clock.total}
    each = clock.each(job.training, job.iterations)
    rest, cpu_rest = (meter.total - meter.by_stage()[job.training] for meter in (clock, cpu_clock))
    whole = job.iterations == job.preset_iterations
    return {
        **figures,
        "rest_seconds": rest,
        "rest_cpu_seconds": cpu_rest,
        "iterations": job.iterations,
        "preset_iterations": job.preset_iterations,
        "seconds_an_iteration": each,
        "preset_seconds": clock.total if whole else rest + job.preset_iterations * each,
    }


def _arithmetic(job_on: JobMaker, device: str, iterations: int) -> Row:
    """Operations of an iteration and of applying what was learnt, and the rates that they reach.

    The published ESPRESO is timed whole on a GPU, where that takes well under a minute. Its operations are counted on
    the processor, since a GPU replays them unseen; they are the same.
    """
    replayed = device == "cuda" and not job_on(device, iterations).inference
    job = job_on(device, None if replayed else iterations)
    clock, cpu_clock = _clocked(job)
    figures = _seconds(job, clock, cpu_clock)
    figures |= {f"{RATE}{kind}": rate for kind, rate in rates(device).items()}
    short = job_on(device, iterations)
    counted = operations(job_on("cpu", iterations) if replayed else short)
    figures["operations_an_iteration"] = counted.each(short.training, short.iterations)
    if job.inference:
        figures["inference_seconds"] = clock.by_stage()[job.inference]
        figures["inference_operations"] = counted.by_stage()[job.inference]
    return figures | {f"{SHARES}{stage}": shares for stage, shares in time_shares(short, device).items()}


def _peak_memory(device: str) -> Row:
    """The largest resident set of this process so far, Python and its packages included; on a GPU also the most that
    tensors took there. In MiB.

    Raises:
        InputError: the operating system does not tell.
    """
    try:
        import resource
    except ModuleNotFoundError:
        raise InputError("only Linux and macOS tell the peak memory of a process: measure there") from None
    in_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    memory = {"peak_memory_mib": in_bytes / 2**20}
    if device == "cuda":
        import torch

        memory["peak_gpu_memory_mib"] = torch.cuda.max_memory_allocated() / 2**20
    return memory


def _device_name(device: str) -> str:
    """The maker's name of the GPU or the processor, as far as it is known."""
    if device == "cuda":
        import torch

        return torch.cuda.get_device_name()
    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or device
