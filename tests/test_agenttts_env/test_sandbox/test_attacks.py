"""Hostile programs: each is contained and reported, and the next one runs."""

from __future__ import annotations

import ast
import os
import resource
import socket
import sys
import threading
import time
import uuid
from pathlib import Path

import pytest
from sandboxes import WAYS, Run, processes_with, sandbox_of

from agenttts_env.sandbox import Execution, Limits
from agenttts_env.sandbox.launcher import child

MIB = 2**20
in_every_way = pytest.mark.parametrize("way", WAYS if sys.platform == "linux" else [], indirect=True)


@in_every_way
def test_a_fork_bomb(run: Run) -> None:
    code = "import os, time\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n        time.sleep(0.01)"
    execution = run(code, wall_seconds=0.4, processes=8)
    # Where the kernel cannot count the program's processes apart from others, the supervisor does, unless it first sees
    # how much memory they take together.
    assert execution.limit in ("wall_seconds", "processes", "memory_bytes")


def test_a_fork_bomb_is_held_at_its_limit(run: Run, way: str) -> None:
    if way == "no-namespaces" and os.geteuid() != 0:
        pytest.skip("the kernel counts all of the user's processes")
    code = "import os, time\nn = 0\nfor _ in range(100):\n    try:\n"
    code += "        if os.fork() == 0:\n            time.sleep(60)\n"
    code += "        n += 1\n    except OSError as error:\n        print(n, error.errno == 11)\n        break\n"
    assert run(code, processes=8).stdout == "7 True\n"


def test_a_thread_bomb(run: Run) -> None:
    code = "import threading, time\nwhile True:\n    threading.Thread(target=time.sleep, args=(60,)).start()"
    execution = run(code, wall_seconds=0.5, memory_bytes=256 * MIB)
    assert not execution.clean
    assert execution.status in ("exited", "timeout", "killed")


def test_processes_that_flee(run: Run) -> None:
    """Each generation lives for a moment only: what kills one at a time must still catch up."""
    code = "import os\nwhile True:\n    try:\n        if os.fork():\n            os._exit(0)\n        os.setsid()\n"
    code = code + "    except OSError:\n        pass\n"
    started = time.monotonic()
    run(
        "import os, time\nif os.fork() == 0:\n"
        + "".join(f"    {line}\n" for line in code.splitlines())
        + "time.sleep(0.2)"
    )
    assert time.monotonic() - started < 8


def test_a_memory_hog(run: Run) -> None:
    execution = run("x = []\nwhile True:\n    x.append(bytearray(10_000_000))", memory_bytes=128 * MIB)
    assert (execution.status, execution.exit_code) == ("exited", 1)
    assert execution.stderr.endswith("MemoryError\n")


@in_every_way
def test_a_memory_hog_of_many_processes(run: Run) -> None:
    code = "import os, time\nfor _ in range(3):\n    os.fork()\nx = bytearray(b'x') * 50_000_000\ntime.sleep(60)"
    execution = run(code, memory_bytes=128 * MIB)
    assert (execution.status, execution.limit) == ("killed", "memory_bytes")


@pytest.mark.parametrize("code", ["while True: pass", "import time; time.sleep(60)"])
def test_an_endless_loop(run: Run, code: str) -> None:
    execution = run("print('begun')\n" + code, wall_seconds=0.3)
    assert (execution.status, execution.limit) == ("timeout", "wall_seconds")
    assert (execution.exit_code, execution.stdout) == (None, "begun\n")
    assert 0.3 <= execution.seconds < 5
    assert execution.reason == "the program was killed: it ran longer than the allowed 0.3 seconds"


def test_cpu_time(run: Run, way: str) -> None:
    # SIGXCPU can be ignored: a second later comes SIGKILL.
    ignore = "import signal; signal.signal(signal.SIGXCPU, signal.SIG_IGN)\n" if way == "no-namespaces" else ""
    execution = run(ignore + "while True: pass", cpu_seconds=1, wall_seconds=30)
    assert (execution.status, execution.limit) == ("timeout", "cpu_seconds")


def test_ignoring_every_signal(run: Run) -> None:
    code = "import signal\nfor n in signal.valid_signals():\n    try: signal.signal(n, signal.SIG_IGN)\n"
    code += "    except OSError: pass\nwhile True: signal.pause()"
    assert run(code, wall_seconds=0.3).limit == "wall_seconds"


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_endless_output(run: Run, stream: str) -> None:
    execution = run(f"import sys\nwhile True: sys.{stream}.write('spam ' * 1000)", output_bytes=10_000)
    assert (execution.status, execution.limit, execution.exit_code) == ("killed", "output_bytes", None)
    assert getattr(execution, stream) == "spam " * 2000
    assert execution.seconds < 9


def test_output_beyond_the_limit_of_a_program_that_ends(run: Run) -> None:
    execution = run("print('x' * 20_000)", output_bytes=10_000)
    assert (execution.status, execution.limit, execution.stdout) == ("killed", "output_bytes", "x" * 10_000)


def test_a_mebibyte_of_nul_bytes(run: Run) -> None:
    execution = run("import sys; sys.stdout.write('\\0' * 2**20)")
    assert execution.clean
    assert execution.stdout == "\0" * MIB


def test_output_that_is_not_utf8(run: Run) -> None:
    execution = run("import os; os.write(1, b'a\\xff\\xfeb'); os.write(2, b'\\x80')")
    assert (execution.stdout, execution.stderr) == ("a\ufffd\ufffdb", "\ufffd")
    assert execution.clean


def test_a_huge_file(run: Run) -> None:
    execution = run("with open('huge', 'wb') as f:\n    while True: f.write(bytes(2**16))", file_bytes=MIB)
    assert execution.exit_code == 1
    assert "File too large" in execution.stderr


def test_many_large_files(run: Run) -> None:
    code = "for i in range(10**6):\n    with open(str(i), 'wb') as f: f.write(bytes(2**20))"
    execution = run(code, folder_bytes=8 * MIB)
    assert "No space left" in execution.stderr or execution.limit == "folder_bytes"


def test_many_files(run: Run) -> None:
    code = "import os\nfor i in range(10**6):\n    open(f'a{i}', 'w').close()\n    os.mkdir(f'b{i}')\n"
    execution = run(code + "    os.symlink('x', f'c{i}')\n    os.mkfifo(f'd{i}')", files=100)
    assert "No space left" in execution.stderr or execution.limit == "files"


def test_files_in_a_folder_that_cannot_be_listed(run: Run) -> None:
    code = "import os\nos.mkdir('d', 0o300)\nfor i in range(10**6): open(f'd/{i}', 'w')"
    execution = run(code, files=100)
    assert "No space left" in execution.stderr or execution.limit == "files"


def test_a_deep_folder(run: Run, way: str) -> None:
    code = "import os\nfor _ in range(1200):\n    os.mkdir('d' * 50)\n    os.chdir('d' * 50)"
    execution = run(code, files=5000)
    # Paths become too long to be counted: without a file system of its own, that counts against the program.
    assert execution.clean or (way == "no-namespaces" and execution.limit == "files")


def test_folders_without_permissions(run: Run, way: str) -> None:
    code = "import os\nos.makedirs('a/b/c')\nopen('a/b/file', 'w').close()\nos.mkdir('e', 0)\n"
    code += "for path in ('a/b/file', 'a/b/c', 'a/b', 'a'):\n    os.chmod(path, 0)"
    execution = run(code)
    assert execution.clean or (way == "no-namespaces" and execution.limit == "files")


@in_every_way
def test_writing_outside_its_folder(run: Run, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("safe")
    tmp_path.chmod(0o777)
    victim.chmod(0o666)
    os.utime(victim, (1, 1))
    folders = ["/tmp", "/var/tmp", "/dev/shm", "/", "/etc", "/usr", os.path.expanduser("~"), os.getcwd(), ".."]
    places = [os.path.join(folder, f"agenttts-{uuid.uuid4()}") for folder in folders]
    attacks = [
        "open(victim, 'w').write('harm')",
        "open('../' * 20 + victim, 'w').write('harm')",
        "os.symlink(victim, 'link'); open('link', 'w').write('harm')",
        "os.symlink('..', 'up'); open('up/new', 'w').write('harm')",
        "open(victim, 'a').write('harm')",
        "os.truncate(victim, 0)",
        "os.remove(victim)",
        "open('new', 'w').write('harm'); os.rename('new', victim)",
        "os.link(victim, 'hard'); open('hard', 'w').write('harm')",
        "os.chown(victim, os.getuid(), -1)",
        *(f"open({place!r}, 'w')" for place in places),
        *(f"os.mkdir({place!r})" for place in places),
    ]
    # Without namespaces these two are answered with a stub.
    pretended = ["os.chmod(victim, 0)", "os.utime(victim, (5, 5))"]
    code = f"import os\nvictim = {str(victim)!r}\nfor attack in {[*attacks, *pretended]!r}:\n"
    code += "    try: exec(attack)\n    except OSError: pass\n    else: print(attack)"
    execution = run(code)
    assert execution.clean
    assert set(execution.stdout.splitlines()) <= set(pretended)
    assert victim.read_text() == "safe"
    assert (victim.stat().st_mode & 0o777, victim.stat().st_mtime, victim.stat().st_nlink) == (0o666, 1, 1)
    assert not any(os.path.exists(place) for place in places)


def test_emptying_a_file_that_it_may_read(run: Run) -> None:
    victim = Path(os.path.__file__)  # of the standard library
    before = victim.stat()
    code = f"import fcntl, os\npath = {str(victim)!r}\n"
    for attack in ("os.open(path, os.O_RDONLY | os.O_TRUNC)", "os.fchmod(os.open(path, os.O_RDONLY), 0)"):
        code += f"try: {attack}\nexcept OSError: pass\n"
    code += "try: fcntl.fcntl(os.open(path, os.O_RDONLY), fcntl.F_SETLEASE, fcntl.F_RDLCK)\nexcept OSError: print('no')"
    assert run(code).stdout == "no\n"
    after = victim.stat()
    assert (after.st_size, after.st_mode) == (before.st_size, before.st_mode)


@in_every_way
def test_reading_the_host(run: Run) -> None:
    paths = [
        "/etc/passwd",
        "/etc/shadow",
        "/etc/hostname",
        "/proc/self/environ",
        "/proc/1/environ",
        "/sys/kernel",
        __file__,
    ]
    code = f"import os\nfor n, path in enumerate({paths!r}):\n    os.symlink(path, str(n))\n"
    code += "    for name in (path, str(n)):\n"
    code += "        try: print(open(name).read())\n        except OSError: pass\n"
    code += "for name in ('/root', '/home', '/tmp', '/proc', '/work'):\n"
    code += "    try: print(os.listdir(name))\n    except OSError: pass"
    execution = run(code)
    assert execution.clean
    assert execution.stdout == ""


@in_every_way
def test_reading_the_parents_environment(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENTTTS_SECRET", "hunter2")
    code = f"import os\nprint(dict(os.environ))\nfor pid in ({os.getpid()}, os.getppid(), 1, os.getpid(), 'self'):\n"
    code += "    for name in ('environ', 'mem', 'maps', 'cmdline', 'fd/0'):\n"
    code += "        try: print(open(f'/proc/{pid}/{name}', 'rb').read(100))\n        except OSError: print('no')\n"
    execution = run(code)
    assert execution.clean
    environment, *rest = execution.stdout.splitlines()
    assert "hunter2" not in execution.stdout
    assert ast.literal_eval(environment) == child.environment("/program")
    assert rest == ["no"] * 25


def test_reading_the_parents_memory(run: Run) -> None:
    code = "import ctypes, os\nc = ctypes.CDLL(None, use_errno=True)\nfor pid in (PARENT, os.getppid()):\n"
    code += "    print(c.ptrace(16, pid, None, None), c.process_vm_readv(pid, None, 0, None, 0, 0), ctypes.get_errno())"
    execution = run(code.replace("PARENT", str(os.getpid())))
    assert execution.stdout == "-1 -1 1\n" * 2


def test_opening_a_socket(run: Run) -> None:
    code = "import socket as s\nfor f in (s.AF_INET, s.AF_INET6, s.AF_UNIX, s.AF_NETLINK, s.AF_PACKET, s.AF_VSOCK):\n"
    code += "    for kind in (s.SOCK_STREAM, s.SOCK_DGRAM, s.SOCK_RAW):\n"
    code += "        try: s.socket(f, kind)\n        except PermissionError: print('no')\n"
    assert run(code + "s.socketpair()").stdout == "no\n" * 18


@in_every_way
def test_reaching_a_listener(run: Run) -> None:
    abstract = f"\0{uuid.uuid4()}"
    with socket.create_server(("127.0.0.1", 0)) as tcp, socket.socket(socket.AF_UNIX) as unix:
        unix.bind(abstract)
        unix.listen()
        for target in (tcp, unix):
            target.setblocking(False)
        address = tcp.getsockname()
        code = f"import socket\ntry: socket.create_connection({address!r})\nexcept OSError as e: print(e.errno)\n"
        code += f"try: socket.socket(socket.AF_UNIX).connect({abstract!r})\nexcept OSError as e: print(e.errno)\n"
        execution = run(code)
        for target in (tcp, unix):
            with pytest.raises(BlockingIOError):
                target.accept()
    assert execution.stdout == "1\n1\n"


@in_every_way
def test_leaving_daemons_behind(run: Run, marker: str) -> None:
    code = "import os, time, sys\nfor _ in range(3):\n    if os.fork() == 0:\n        os.setsid()\n"
    code += "        if os.fork() == 0:\n"
    code += "            os.close(0); os.close(1); os.close(2)\n            time.sleep(300)\n        os._exit(0)\n"
    execution = run(code + "    os.wait()\nprint('done')")
    assert execution.clean
    assert execution.stdout == "done\n"
    assert processes_with(marker) == []


def test_a_daemon_that_holds_the_pipes(run: Run) -> None:
    started = time.monotonic()
    execution = run("import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(300)\nprint('done')")
    assert execution.stdout == "done\n"
    assert time.monotonic() - started < 9


@in_every_way
def test_killing_others(run: Run) -> None:
    code = f"import os, signal\nfor pid in (os.getppid(), {os.getpid()}, {os.getppid()}, 1, -1, -{os.getpgid(0)}):\n"
    code += "    try: os.kill(pid, 9)\n    except OSError: pass\nprint('alive')"
    execution = run(code)
    assert execution.status == "exited"
    assert execution.stdout == "alive\n"


def test_killing_its_own_group(run: Run) -> None:
    execution = run("import os; os.killpg(0, 9)")
    assert (execution.status, execution.exit_code) == ("exited", -9)
    assert execution.reason == "the program was ended by signal SIGKILL"


def test_harming_others_by_detours(run: Run) -> None:
    before = resource.getrlimit(resource.RLIMIT_CPU), os.getpriority(os.PRIO_PROCESS, 0), os.sched_getaffinity(0)
    attacks = [
        "fcntl.fcntl(0, fcntl.F_SETOWN, host)",
        "resource.prlimit(host, resource.RLIMIT_CPU, (1, 1))",
        "os.setpriority(os.PRIO_PROCESS, host, 19)",
        "os.sched_setaffinity(host, [0])",
        "signal.pidfd_send_signal(os.pidfd_open(host), 9)",
    ]
    code = f"import fcntl, os, resource, signal\nhost = {os.getpid()}\nfor attack in {attacks!r}:\n"
    assert run(code + "    try: exec(attack)\n    except OSError: print('no')").stdout == "no\n" * len(attacks)
    assert before == (
        resource.getrlimit(resource.RLIMIT_CPU),
        os.getpriority(os.PRIO_PROCESS, 0),
        os.sched_getaffinity(0),
    )


def test_raising_its_own_limits(run: Run) -> None:
    code = "import resource as r\nfor n in (r.RLIMIT_AS, r.RLIMIT_CPU, r.RLIMIT_NPROC, r.RLIMIT_FSIZE):\n"
    code += "    try: r.setrlimit(n, (r.RLIM_INFINITY,) * 2)\n    except ValueError: print('no')"
    assert run(code).stdout == "no\n" * 4


@in_every_way
def test_new_namespaces_and_mounts(run: Run) -> None:
    code = "import ctypes\nc = ctypes.CDLL(None)\n"
    code += (
        "print(c.unshare(0x10000000), c.mount(b'x', b'/', b'tmpfs', 0, None), c.chroot(b'.'), c.syscall(425, 1, None))"
    )
    assert run(code).stdout == "-1 -1 -1 -1\n"


@in_every_way
def test_it_is_not_root_and_has_no_capabilities(run: Run) -> None:
    code = "import os\nprint(os.getuid(), os.geteuid(), os.getgroups())\n"
    code += "try: os.setuid(0)\nexcept OSError: print('no')"
    ids, refused = run(code).stdout.splitlines()
    assert "0" not in ids.split()[:2]
    assert refused == "no"


def test_running_another_program(run: Run) -> None:
    execution = run("import os; os.execv('/bin/sh', ['sh', '-c', 'echo shell; ulimit -c; echo x > /tmp/x'])")
    assert execution.stdout == "shell\n0\n"
    assert execution.exit_code != 0


def test_reading_inherited_files(run: Run) -> None:
    read, write = os.pipe()
    os.set_inheritable(read, True)
    os.set_inheritable(write, True)
    code = "import os\nfor fd in range(3, 64):\n    try: os.fstat(fd); print(fd)\n    except OSError: pass"
    try:
        assert run(code).stdout == ""
    finally:
        os.close(read)
        os.close(write)


def test_starving_for_input(run: Run) -> None:
    execution = run("print(input())\ninput()", stdin="one line")
    assert execution.stdout == "one line\n"
    assert execution.stderr.endswith("EOFError: EOF when reading a line\n")


def test_input_larger_than_a_pipe(run: Run) -> None:
    assert run("pass", stdin="x" * 10**6).clean
    assert run("import sys; print(len(sys.stdin.read()))", stdin="é" * 10**6).stdout == "1000000\n"


def test_closing_its_output(run: Run) -> None:
    execution = run("import os, time\nos.close(1); os.close(2)\ntime.sleep(0.2)\nos._exit(7)")
    assert (execution.status, execution.exit_code, execution.stdout) == ("exited", 7, "")
    assert execution.seconds >= 0.2


def test_deleting_its_own_folder(run: Run) -> None:
    code = "import os, shutil\nshutil.rmtree(os.getcwd(), ignore_errors=True)\nprint(os.path.exists('main.py'))"
    assert run(code).stdout == "False\n"


def test_a_link_in_place_of_its_files(run: Run, tmp_path: Path) -> None:
    victim = tmp_path / "keep"
    victim.mkdir()
    (victim / "file").write_text("safe")
    code = f"import os\nos.remove('main.py')\nos.symlink({str(victim)!r}, 'main.py')\nos.symlink({str(victim)!r}, 'd')"
    assert run(code).clean
    assert (victim / "file").read_text() == "safe"


def test_a_library_that_shadows_the_standard_one_fools_itself_only(run: Run) -> None:
    execution = run(
        "import json, os\nprint(json.X)", others={"json.py": "X = 1", "sitecustomize.py": "1/0", "site.py": ""}
    )
    assert execution.stdout == "1\n"


@in_every_way
def test_the_search_continues(run: Run) -> None:
    assert run("import os; os.abort()").exit_code in (-6, -11)
    assert run("import sys; sys.exit(3)").exit_code == 3
    assert run("raise ValueError('no')").exit_code == 1
    assert run("print('still here')").stdout == "still here\n"


@in_every_way
def test_eight_at_a_time(way: str) -> None:
    sandbox = sandbox_of(way, Limits(wall_seconds=20))
    results: dict[int, Execution] = {}

    def work(number: int) -> None:
        results[number] = sandbox.run(
            {"main.py": f"import os\nif os.fork() == 0: os._exit(0)\nprint({number})"}, "main.py"
        )

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {number: result.stdout for number, result in results.items()} == {n: f"{n}\n" for n in range(8)}
    assert all(result.clean for result in results.values())
