"""Many cells, run by Ray: on the cores of this machine, or on those of a cluster."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

from agenttts_env.errors import EngineError, MissingExtraError
from agenttts_env.experiments.compare.plan import CellPlan, installed
from agenttts_env.experiments.compare.record import CellRecord
from agenttts_env.experiments.compare.runner import run_cell

KNOCK_SECONDS = 10.0

_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_IGNORE_UNHANDLED_ERRORS": "1",  # those of cells that nobody waits for any more
}


def import_ray() -> Any:
    """Ray.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        import ray
    except ImportError:
        raise MissingExtraError("ray", "ray") from None
    return ray


def run_cells_on_ray(
    cells: Sequence[CellPlan],
    *,
    jobs: int | None,
    address: str | None = None,
    run: Callable[[CellPlan], CellRecord] = run_cell,
) -> Iterator[CellRecord]:
    """Run cells in workers of one core each, and yield each as it is finished.

    Args:
        cells: which.
        jobs: number of cells that run at once; None for as many as there are cores.
        address: of a running cluster, ``auto`` for the one of this machine; None starts Ray here, on ``jobs`` cores,
            and stops it in the end. A script that has called ``ray.init`` keeps what it has.
        run: runs one cell, where Ray says.

    Raises:
        EngineError: Ray cannot be reached, a process of its died, or a node has other code than this machine; else see
            :func:`run_cell`. What was yielded before stands.
        MissingExtraError: Ray is not installed.
    """
    ray = import_ray()
    if not cells:
        return
    with _session(ray, jobs, address):
        cores = max(1, int(ray.cluster_resources().get("CPU", 0)))  # a cluster that grows on demand may have none yet
        make = ray.remote(num_cpus=1)(_Worker)
        workers = [make.remote(run) for _ in range(min(jobs or cores, cores, len(cells)))]
        here = installed()
        busy = {worker.check.remote(here): worker for worker in workers}
        rest = iter(cells)
        left = len(cells)
        try:
            while left:  # a worker for which no core gets free is never waited for
                (finished,), _ = ray.wait(list(busy))
                worker = busy.pop(finished)
                record = _result(ray, finished)
                busy.update({worker.run.remote(cell): worker for cell in islice(rest, 1)})
                if record is not None:
                    left -= 1
                    yield record
        finally:
            for worker in workers:  # cells run in workers because to cancel tasks may crash this process (Ray 2.60)
                ray.kill(worker)


class _Worker:
    """A process of Ray's on one core, maybe of a machine that has another clone of the repository."""

    def __init__(self, run: Callable[[CellPlan], CellRecord]) -> None:
        self._run = run

    def run(self, cell: CellPlan) -> CellRecord:
        return self._run(cell)

    def check(self, wanted: Mapping[str, Any]) -> None:
        """Refuse to work with other code than that of the process that asks."""
        found = installed()
        other = [name for name in wanted if found.get(name) != wanted[name]]
        if other:
            raise EngineError(
                f"all nodes must have this machine's {', '.join(other)}, {[wanted[name] for name in other]}, but node "
                f"{socket.gethostname()} has {[found.get(name) for name in other]}"
            )


def _result(ray: Any, finished: Any) -> CellRecord | None:
    try:
        record: CellRecord | None = ray.get(finished)
    except ray.exceptions.RayTaskError as error:  # raised in the task: as if it had been raised here
        if isinstance(error.cause, Exception):
            raise error.cause from None
        raise EngineError(f"a cell could not be run: {error}") from None
    except ray.exceptions.RayError as error:
        reason = " ".join(str(error).split())[:500]
        raise EngineError(f"a process of Ray's that ran cells was lost ({type(error).__name__}: {reason})") from None
    return record


def _knock(address: str | None) -> None:
    """Ray would wait for minutes where nobody answers."""
    host, _, port = (address or "").removeprefix("ray://").rpartition(":")
    if host and port.isdecimal():
        socket.create_connection((host, int(port)), KNOCK_SECONDS).close()


@contextmanager
def _session(ray: Any, jobs: int | None, address: str | None) -> Iterator[None]:
    if ray.is_initialized():
        yield
        return
    logger = logging.getLogger("ray")
    level = logger.level
    added = [name for name in _QUIET if name not in os.environ]
    os.environ.update({name: _QUIET[name] for name in added})
    logger.setLevel(logging.ERROR)
    here = {"num_cpus": jobs, "include_dashboard": False} if address is None else {}
    try:
        try:
            _knock(address)
            ray.init(
                address="local" if address is None else address,
                logging_level=logging.ERROR,
                log_to_driver=False,
                **here,
            )
        except (ConnectionError, OSError, RuntimeError, ValueError) as error:
            raise EngineError(f"no Ray at {address or 'this machine'}: {str(error).partition(chr(10))[0]}") from error
        yield
    finally:
        ray.shutdown()
        logger.setLevel(level)
        for name in added:
            os.environ.pop(name, None)
