from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sandboxes import WAYS, Run, processes_with, sandbox_of

from agenttts_env.errors import InvalidInputError, SandboxError
from agenttts_env.sandbox import Execution, Limits, Sandbox
from agenttts_env.sandbox.protections import MECHANISMS

NOTHING = tuple(MECHANISMS)


def test_a_program_of_several_files(run: Run) -> None:
    others = {"game/__init__.py": "", "game/board.py": "SIZE = 3", "data/words.txt": "zwölf\r\nx"}
    code = "from game.board import SIZE\nimport os\nprint(SIZE, os.getcwd(), sorted(os.listdir()), __file__)\n"
    code += "print(repr(open('data/words.txt', newline='').read()), input(), len(os.listdir('game')))\n"
    code += "open('new', 'w').write('x'); os.rename('new', 'data/new'); print(open('data/new').read())\nexit()"
    execution = run(code, stdin="hellø\n", others=others)
    assert execution.stdout.splitlines() == [
        "3 /program ['data', 'game', 'main.py'] /program/main.py",
        "'zwölf\\r\\nx' hellø 2",
        "x",
    ]
    assert execution.clean
    assert execution.reason == "the program ended with exit code 0"


def test_what_programs_need(run: Run) -> None:
    code = """
import asyncio, ctypes, decimal, hashlib, json, random, shutil, sqlite3, subprocess, sys, tempfile, threading, zlib
shutil.copy2("main.py", "copy.py")
with tempfile.NamedTemporaryFile() as file:
    file.write(b"x")
print(subprocess.run([sys.executable, "-c", "print(6 * 7)"], capture_output=True, text=True).stdout.strip())
thread = threading.Thread(target=print, args=("thread",))
thread.start()
thread.join()
asyncio.run(asyncio.sleep(0))
print(sqlite3.connect("data.db").execute("select 1").fetchone(), {"a", "b", "c"} and "done")
"""
    execution = run(code)
    assert execution.stdout.splitlines() == ["42", "thread", "(1,) done"], execution.stderr
    assert execution.clean


def test_installed_packages_are_out_of_sight(run: Run) -> None:
    execution = run("import sys\nprint([p for p in sys.path if 'site-packages' in p])\nimport pip")
    assert execution.stdout == "[]\n"
    assert "No module named 'pip'" in execution.stderr


def test_texts_are_the_same_every_time_and_on_every_way() -> None:
    code = "import sys\nprint({'a', 'b', 'c', 'd'}, sys.argv[0], sys.executable)\nraise ValueError(__file__)"
    texts = set()
    for way in ("everything", "everything", "no-namespaces"):
        execution = sandbox_of(way, Limits(wall_seconds=20)).run({"main.py": code}, "main.py")
        texts.add((execution.reason, execution.stdout, execution.stderr))
    assert len(texts) == 1
    assert "ValueError: /program/main.py" in texts.pop()[2]


def test_a_traceback_is_not_clean_though_the_exit_code_is_0(run: Run) -> None:
    execution = run("import threading\nthread = threading.Thread(target=lambda: 1 / 0)\nthread.start()")
    assert execution.exit_code == 0
    assert not execution.clean


@pytest.mark.parametrize("name", ["../main.py", "/tmp/x.py", "a\0b", "a/../../x"])
def test_a_hostile_name_is_refused_and_reported(name: str) -> None:
    execution = sandbox_of("everything", Limits()).run({"main.py": "", name: "print(1)"}, name)
    assert execution.status == "refused"
    assert execution.reason.startswith("nothing was run: the file name ")
    assert (execution.exit_code, execution.stdout, execution.clean) == (None, "", False)


def test_it_refuses_to_exist_without_its_guarantees() -> None:
    with pytest.raises(SandboxError) as raised:
        Sandbox(without=NOTHING)
    message = str(raised.value)
    for name in ("limits", "processes", "network", "files", "signals", "cleanup"):
        assert f"{name}: the program " in message
    assert "require=('process', 'folder', 'environment')" in message
    assert Sandbox(require=("process", "folder"), without=NOTHING).protections.plan == []


def test_names_are_checked() -> None:
    with pytest.raises(InvalidInputError, match=r"`require`.*'netwrok'"):
        Sandbox(require=("netwrok",))
    with pytest.raises(InvalidInputError, match=r"`without`.*'magic'"):
        Sandbox(without=("magic",))


def test_with_nothing_but_consent() -> None:
    """As on a system that is not Linux: time, output and the process group are still watched over."""
    sandbox = Sandbox(Limits(wall_seconds=5, output_bytes=1000), (), without=NOTHING)
    assert sandbox.run({"main.py": "print(input())"}, "main.py", "x").stdout == "x\n"
    assert sandbox.run({"main.py": "while True: print('spam')"}, "main.py").limit == "output_bytes"
    slow = Sandbox(Limits(wall_seconds=0.3), (), without=NOTHING)
    marker = f"agenttts-test-consent-{os.getpid()}"
    code = "import os, time\nos.fork()\ntime.sleep(60)"
    assert slow.run({"main.py": code}, "main.py", arguments=(marker,)).limit == "wall_seconds"
    assert processes_with(marker) == []
    parricide = sandbox.run({"main.py": "import os; os.kill(os.getppid(), 9)"}, "main.py")
    assert (parricide.status, parricide.limit) == ("killed", None)
    assert "watches over it" in parricide.reason


@pytest.mark.parametrize("way", WAYS if sys.platform == "linux" else [])
def test_nothing_outlives_a_killed_host(way: str, tmp_path: Path) -> None:
    sandbox_of(way, Limits())  # skips where the system does not offer it
    marker = f"agenttts-test-host-{os.getpid()}-{way}"
    code = "import os, time\nif os.fork() == 0: os.setsid()\ntime.sleep(300)"
    host = "from agenttts_env.sandbox import Limits, Sandbox\n"
    host += f"sandbox = Sandbox(Limits(wall_seconds=300), (), without={WAYS[way]})\n"
    host += f"print('ready', flush=True)\nsandbox.run({{'main.py': {code!r}}}, 'main.py', arguments=({marker!r},))"
    host = host.replace(marker, "'+'".join(marker))  # so that the host's own command line does not hold it
    environment = {**os.environ, "TMPDIR": str(tmp_path)}  # nobody is left to remove the folder
    process = subprocess.Popen([sys.executable, "-c", host], stdout=subprocess.PIPE, env=environment)
    assert process.stdout is not None
    process.stdout.readline()
    wait_for(lambda: len(processes_with(marker)) == 2)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    wait_for(lambda: processes_with(marker) == [])


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_an_execution_is_clean_only_without_a_limit() -> None:
    assert Execution("exited", "", exit_code=0).clean
    assert not Execution("exited", "", exit_code=1).clean
    assert not Execution("killed", "", limit="output_bytes").clean
