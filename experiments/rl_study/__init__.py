"""What trained policies reach, from training to page: ``python -m agenttts_env.experiments.rl_study``.

The way of the data: :mod:`~.trainings` (every training, as ``agenttts train`` does it, in processes) ->
:mod:`~.stagewise`, :mod:`~.per_query`, :mod:`~.mixture` (each decision problem's policies beside its yardsticks, on
data that no policy was trained on) -> :mod:`~.plots` and :mod:`~.page` (from those numbers alone).
"""
