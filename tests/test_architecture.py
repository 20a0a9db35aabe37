"""The rules of the layout: data flows one way, heavy imports stay where they belong."""

from __future__ import annotations

import ast
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = ("agenttts_env", "agents", "baselines", "experiments")
FORBIDDEN = {
    "agenttts_env": ("agenttts_env.agents", "agenttts_env.baselines", "agenttts_env.experiments"),
    "agents": ("agenttts_env.baselines", "agenttts_env.experiments"),
    "baselines": ("agenttts_env.agents", "agenttts_env.experiments"),
    "experiments": (),
}
HEAVY = (
    "torch", "transformers", "vllm", "openai", "optuna", "cmaes", "scipy", "stable_baselines3", "wandb", "matplotlib",
    "datasets", "pyarrow", "sb3_contrib", "tensorboard", "ray",
)  # fmt: skip


def sources(folder: str) -> list[Path]:
    files = [f for f in (ROOT / folder).rglob("*.py") if not any(parent.is_symlink() for parent in f.parents)]
    assert files
    return files


def imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield node.module or ""


@pytest.mark.parametrize("folder", FOLDERS)
def test_data_flows_one_way(folder: str) -> None:
    for file in sources(folder):
        for module in imports(ast.parse(file.read_text())):
            assert not module.startswith(FORBIDDEN[folder]), f"{file} imports {module}"
            assert module.split(".")[0] not in FOLDERS[1:], f"{file}: import it as agenttts_env.{module}"


@pytest.mark.parametrize("folder", FOLDERS)
def test_heavy_modules_are_imported_inside_what_needs_them(folder: str) -> None:
    for file in sources(folder):
        top = ast.Module([n for n in ast.parse(file.read_text()).body if not isinstance(n, ast.FunctionDef)], [])
        at_import = [n for n in top.body if isinstance(n, ast.Import | ast.ImportFrom)]
        for module in imports(ast.Module(at_import, [])):
            assert module.split(".")[0] not in HEAVY, f"{file} imports {module} at its top"


def test_importing_the_package_is_light() -> None:
    code = f"import agenttts_env, sys; print([m for m in {HEAVY} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.slow
def test_a_wheel_carries_one_top_level_package(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(tmp_path), str(ROOT)]
    subprocess.run(command, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"agenttts_env"}
    for file in ("py.typed", "agents/agenttts.py", "baselines/random_search.py", "experiments/cli.py"):
        assert f"agenttts_env/{file}" in names
