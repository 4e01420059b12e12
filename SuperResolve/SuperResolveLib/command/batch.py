"""``slice-profile-sr batch``."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from ..exits import PARTLY, written
from ..progress import ProgressCallback, time_left
from . import options
from .console import Console, console_options

#: Seconds between the lines that take the place of a progress bar.
MINUTE = 60.0


@click.command(short_help="A cohort: many scans, unattended and resumable.")
@click.argument("scans", nargs=-1, required=True, type=options.PATH)
@click.option(
    "-o", "--output", type=options.PATH, required=True, metavar="FOLDER", help="Takes the results; made if need be."
)
@click.option("--bids", is_flag=True, help="SCANS are of a BIDS dataset, and FOLDER becomes a derivative of it.")
@click.option(
    "--estimate-only", is_flag=True, help="Estimate slice profiles and no more; --method is then one of 'estimate'."
)
@options.restoring
@click.option("--residual", is_flag=True, help="Also write each scan minus the degraded result, on its grid.")
@click.option("--uncertainty", is_flag=True, help="Also write how far each result may be off, and its two parts.")
@click.option("--ending", default=".nii.gz", show_default=True, help="Of volumes; it chooses their format.")
@options.run
@options.reading
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    metavar="N",
    help="Processes; chosen by cores, memory, graphics cards and the largest scan unless given.",
)
@click.option("--cluster", type=click.Choice(["slurm"]), help="Let the scheduler of a cluster run them, a job a scan.")
@click.option(
    "--cluster-option",
    "cluster_options",
    multiple=True,
    metavar="KEY=VALUE",
    help="For the scheduler, as submitit names it: timeout_min=60, mem_gb=8, slurm_partition=NAME, ... Repeatable.",
)
@click.option("--overwrite", is_flag=True, help="Allow a FOLDER that holds other files, and replace those in the way.")
@console_options
@click.pass_obj
def batch(
    console: Console,
    /,
    scans: tuple[Path, ...],
    output: Path,
    bids: bool,
    series: str | None,
    workers: int | None,
    cluster: str | None,
    cluster_options: tuple[str, ...],
    overwrite: bool,
    **arguments: Any,
) -> int:
    """Super-resolve SCANS: files, folders, quoted patterns, .txt lists, or .tsv lists with a column for each option.

    FOLDER gets what comes of each scan, results.tsv, which grows a row a scan, and report.html. A scan that fails costs
    its row and not the run, whose exit code is then 3. Given again, the same command does what is not done yet.
    """
    from contextlib import ExitStack

    from ..workflows.batch.options import BatchOptions
    from ..workflows.batch.run import batch as run

    if cluster is None and cluster_options:
        raise click.UsageError("--cluster-option is for a cluster: name one by --cluster, or leave it out.")
    if cluster is not None and workers is not None:
        raise click.UsageError("--workers are processes of this computer, and --cluster has jobs: give one of them.")
    with ExitStack() as stack:
        executor = None
        if cluster is not None:
            from ..workflows.batch.cluster import LOGS, Cluster

            executor = stack.enter_context(Cluster(cluster, output / LOGS, cluster_options))
        progress = stack.enter_context(_progress(console))
        done = run(
            scans,
            output,
            BatchOptions(**arguments),
            series=series,
            in_bids=bids,
            workers=workers,
            executor=executor,
            overwrite=overwrite,
            progress=progress,
            say=lambda sentence: console.warn((sentence,)),
        )
    failed = len(done.failed)
    before = f", {done.skipped} of them by an earlier run" if done.skipped else ""
    console.say(f"scans    {len(done.rows)}: {len(done.rows) - failed} done{before}; {failed} failed")
    console.wrote(output / "results.tsv", output / "report.html")
    return PARTLY if failed else 0


@contextmanager
def _progress(console: Console) -> Iterator[ProgressCallback]:
    """The bar; for logs, a line a minute."""
    if console.quiet or not sys.stderr.isatty():
        yield _Lines()
    else:
        with console.progress() as bar:
            yield bar


class _Lines:
    """A progress callback that writes a line a minute on stderr."""

    def __init__(self) -> None:
        self._started = self._told = time.monotonic()

    def __call__(self, fraction: float, stage: str, stage_fraction: float | None = None) -> None:
        now = time.monotonic()
        if now - self._told >= MINUTE:
            self._told = now
            words = ", ".join([stage, *time_left(now - self._started, fraction)])
            written(f"{time.strftime('%Y-%m-%d %H:%M:%S')}  {words}\n", sys.stderr)
