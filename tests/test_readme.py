"""The README's first snippet runs as it stands, with smaller numbers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

README = Path(__file__).parent.parent / "README.md"


@pytest.mark.model
def test_the_first_snippet_is_the_whole_loop(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    match = re.search(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert match is not None
    code = match[1]
    for large, small in (
        ("examples=10", f"store={str(tmp_path / 's.sqlite')!r}, examples=2"),
        ("trials=8", "trials=2"),
    ):
        assert large in code
        code = code.replace(large, small)
    exec(compile(code, str(README), "exec"), {"__name__": "readme"})
    assert re.search(r"smollm2-135m x\d+ \+ smollm2-135m x\d+ [01]\.\d", capsys.readouterr().out)
