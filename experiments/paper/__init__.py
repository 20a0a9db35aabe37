"""``agenttts paper``: the experiments of arXiv 2508.00890 as presets, each one command with its plots and its page.

The way of the data: :class:`~.options.PaperOptions` -> a preset of :mod:`~.presets` (searches through
:mod:`agenttts_env.experiments.compare`, or expected scores alone) -> :class:`~.numbers.Number`, in tables beside what
the paper prints (:mod:`~.printed`), and :mod:`~.conclusions` made of them -> a :class:`~.page.Page`.
"""
