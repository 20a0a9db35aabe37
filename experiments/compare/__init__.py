"""``agenttts compare``: every searcher on every task, with every seed, and what can be said of that.

The way of the data: :class:`~.options.CompareOptions` -> :mod:`~.plan` (which cells) -> :mod:`~.runner` (one cell)
through :mod:`~.launcher` (many, in processes) -> :mod:`~.log` (every finished cell, on disk) ->
:mod:`~.findings` (the statistics, from the files alone) -> :mod:`~.report` (tables, page, plots, CSV and Parquet).
"""
