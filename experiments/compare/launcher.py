"""Many cells, run: here, or in processes of this machine. What is found depends on neither number nor order."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager

from agenttts_env.errors import EngineError
from agenttts_env.experiments.compare.plan import CellPlan
from agenttts_env.experiments.compare.record import CellRecord
from agenttts_env.experiments.compare.runner import run_cell

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def run_cells(cells: Sequence[CellPlan], jobs: int) -> Iterator[CellRecord]:
    """Run cells, and yield each as it is finished.

    Args:
        cells: which.
        jobs: number of processes; 1 runs them in this one. A process is started once and runs many cells, as starting
            one takes longer than most cells.

    Raises:
        EngineError: a process died, or see :func:`run_cell`. What was yielded before stands.
    """
    jobs = min(jobs, len(cells))
    if jobs <= 1:
        yield from map(run_cell, cells)
        return
    # Not forked: threads that a library has started here would be missing there, with their locks held.
    context = multiprocessing.get_context("spawn")
    with _one_thread_each(), ProcessPoolExecutor(jobs, mp_context=context, initializer=begin_worker) as pool:
        futures = [pool.submit(run_cell, cell) for cell in cells]
        try:
            for future in as_completed(futures):
                yield future.result()
        except BrokenProcessPool:
            raise EngineError(
                "a process that ran cells was killed; for want of memory, fewer --jobs may help"
            ) from None
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def begin_worker() -> None:
    """In a new process: leave Ctrl-C to the one that started it, and do not outlive that one however it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    assert parent is not None

    def follow() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=follow, daemon=True).start()


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """New processes have one thread for numerics, unless the user has said otherwise."""
    added = [name for name in _THREADS if name not in os.environ]
    os.environ.update(dict.fromkeys(added, "1"))
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)
