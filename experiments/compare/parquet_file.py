"""A comparison's trials as Parquet."""

from __future__ import annotations

from pathlib import Path

from agenttts_env.errors import MissingExtraError
from agenttts_env.experiments.compare.findings import Findings
from agenttts_env.experiments.compare.trial_columns import COLUMNS, trial_columns
from agenttts_env.experiments.compare.written import whole


def write_parquet(path: Path, findings: Findings) -> None:
    """Every trial of every run, with the columns of ``trials.csv`` and their types: ``trials.parquet``.

    Raises:
        MissingExtraError: pyarrow is not installed.
    """
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise MissingExtraError("pyarrow", "report") from None
    types = {str: pyarrow.string(), int: pyarrow.int64(), float: pyarrow.float64()}
    schema = pyarrow.schema([(name, types[kind]) for name, kind in COLUMNS.items()])
    with whole(path) as temporary:
        parquet.write_table(pyarrow.table(trial_columns(findings), schema), temporary)
