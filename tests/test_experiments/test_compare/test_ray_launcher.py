"""Ray: it changes no result, and what goes wrong there is said as it is for processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from agenttts_env.errors import EngineError
from agenttts_env.experiments.compare import ray_launcher
from agenttts_env.experiments.compare.options import CompareOptions
from agenttts_env.experiments.compare.plan import CellPlan, plan_cells, plan_problems
from agenttts_env.experiments.compare.ray_launcher import run_cells_on_ray
from agenttts_env.experiments.compare.record import CellRecord
from agenttts_env.experiments.compare.runner import run_cell

Compare = Callable[..., str]
Words = Callable[..., list[str]]

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # Ray leaves sockets and its log files to the end


@pytest.fixture(scope="module")
def ray() -> Iterator[Any]:
    """Ray on two cores, as a script has it that called ``ray.init`` itself."""
    import ray

    ray.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    yield ray
    ray.shutdown()


@pytest.fixture(scope="module")
def cells() -> list[CellPlan]:
    options = CompareOptions(tasks=("cwq",), searchers=("random", "tpe", "init-only"), seeds=2, trials=6, examples=10)
    return list(plan_cells(options, plan_problems(options)))


@pytest.mark.slow
def test_where_nobody_answers_is_said_at_once(cells: list[CellPlan]) -> None:  # before Ray is started here
    with pytest.raises(EngineError, match=r"no Ray at 127\.0\.0\.1:9: .*refused"):
        list(run_cells_on_ray(cells, jobs=None, address="127.0.0.1:9"))


@pytest.mark.slow
def test_a_cluster_of_two_nodes_is_used_and_left_running(
    cells: list[CellPlan], compare: Compare, tmp_path: Path
) -> None:  # before Ray is started here, too
    from ray import get_runtime_context
    from ray.cluster_utils import Cluster  # Ray's own for tests: its nodes are processes of this machine

    def run_and_tell(cell: CellPlan) -> CellRecord:
        (tmp_path / get_runtime_context().get_node_id()).touch()
        return run_cell(cell)

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    try:
        nodes = {cluster.head_node.node_id, cluster.add_node(num_cpus=1).node_id}
        records = list(run_cells_on_ray(cells, jobs=None, address=cluster.address, run=run_and_tell))
        assert sorted(record.key for record in records) == sorted(cell.key for cell in cells)
        assert {path.name for path in tmp_path.iterdir()} == nodes
        compare(tmp_path / "ray", launcher="ray", jobs=2, **{"ray-address": cluster.address})
        assert cluster.remaining_processes_alive()
    finally:
        cluster.shutdown()
    compare(tmp_path / "one")
    for name in ("trials.csv", "summary.csv"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "ray" / name).read_bytes()


@pytest.mark.slow
def test_ray_finds_what_one_process_finds(ray: Any, compare: Compare, tmp_path: Path, one_plot: None) -> None:
    there = compare(tmp_path / "ray", launcher="ray", jobs=2)
    here = compare(tmp_path / "one")
    assert there.replace(str(tmp_path / "ray"), str(tmp_path / "one")) == here
    for name in ("trials.csv", "summary.csv", "oracles.json"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "ray" / name).read_bytes()
    logs = [(tmp_path / name / "cells.jsonl").read_text().splitlines() for name in ("one", "ray")]
    assert sorted(logs[0]) == sorted(logs[1])
    assert ray.is_initialized()


@pytest.mark.slow
def test_an_error_of_a_cell_is_raised_as_it_is(ray: Any, cells: list[CellPlan]) -> None:
    def unreachable(_: CellPlan) -> CellRecord:
        raise EngineError("no server answers")

    with pytest.raises(EngineError, match=r"^no server answers$"):
        list(run_cells_on_ray(cells, jobs=2, run=unreachable))


@pytest.mark.slow
def test_a_process_that_dies_is_an_error_and_what_was_yielded_stands(ray: Any, cells: list[CellPlan]) -> None:
    def deadly(cell: CellPlan) -> CellRecord:
        if cell.key == cells[-1].key:
            os._exit(1)
        return run_cell(cell)

    records = run_cells_on_ray(cells, jobs=1, run=deadly)
    assert [next(records) for _ in cells[:-1]] == [run_cell(cell) for cell in cells[:-1]]
    with pytest.raises(EngineError, match="was lost"):
        next(records)


@pytest.mark.slow
def test_what_runs_is_cancelled_when_nobody_waits_any_more(ray: Any, cells: list[CellPlan]) -> None:
    def stuck(cell: CellPlan) -> CellRecord:
        if cell.key != cells[0].key:
            time.sleep(1000)
        return run_cell(cell)

    records = run_cells_on_ray(cells, jobs=2, run=stuck)
    assert next(records).key == cells[0].key
    records.close()  # type: ignore[attr-defined]
    assert len(list(run_cells_on_ray(cells[:2], jobs=2))) == 2  # the cores are free again


@pytest.mark.slow
def test_a_node_with_other_code_is_refused(ray: Any, cells: list[CellPlan], monkeypatch: pytest.MonkeyPatch) -> None:
    here = ray_launcher.installed()
    monkeypatch.setattr(ray_launcher, "installed", lambda: {**here, "code": "another"})
    with pytest.raises(EngineError, match=r"must have this machine's code, \['another'\]"):
        list(run_cells_on_ray(cells, jobs=2))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"launcher": "slurm"}, "`launcher` must be one of processes, ray, but got 'slurm'"),
        ({"ray_address": "auto"}, "`ray_address` needs the launcher ray"),
        ({"launcher": "ray", "ray_address": "auto", "llm": "scripted:smollm2-135m"}, "`ray_address` must not be given"),
    ],
)
def test_options_that_do_not_fit_are_refused(
    changes: dict[str, Any], message: str, compare: Compare, tmp_path: Path
) -> None:
    changes = {name.replace("_", "-"): value for name, value in changes.items()}
    assert message in compare(tmp_path / "c", code=2, **changes)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_its_own_ray_is_quiet_heeds_ctrl_c_and_is_gone_afterwards(words: Words, tmp_path: Path) -> None:
    def start(**changes: Any) -> subprocess.Popen[str]:
        command = [sys.executable, "-W", "error", "-m", "agenttts_env.experiments.cli"]
        command += words(tmp_path / "c", launcher="ray", jobs=2, **changes)
        heed = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # a shell's background jobs ignore Ctrl-C
        pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen(command, process_group=0, preexec_fn=heed, **pipes)

    log = tmp_path / "c" / "cells.jsonl"
    before = rays()  # the tests above may have left theirs running
    process = start(seeds=40)
    while not log.exists() or log.read_bytes().count(b"\n") < 3:
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "interrupted; the same command goes on" in err
    assert 3 <= log.read_bytes().count(b"\n") < 240
    process = start(seeds=40)
    _, err = process.communicate(timeout=200)
    assert process.returncode == 0
    assert "cell 240/240" in err
    assert "ray" not in err.lower()
    deadline = time.monotonic() + 20  # those that were told to end are given some seconds
    while rays().keys() - before.keys() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not {number: command for number, command in rays().items() if number not in before}


def rays() -> dict[str, str]:
    """Commands of Ray's own processes, by process number."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:  # it has ended meanwhile
            continue
        if "raylet" in command or "gcs_server" in command:
            found[path.parent.name] = command
    return found
