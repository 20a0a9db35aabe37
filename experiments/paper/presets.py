"""The presets by name."""

from __future__ import annotations

from collections.abc import Mapping

from agenttts_env.experiments.paper import fig1, fig3, fig4_insights, fig4_sizes, fig5, fig6, fig7, table2
from agenttts_env.experiments.paper.preset import Preset

PRESETS: Mapping[str, Preset] = {
    module.PRESET.name: module.PRESET for module in (fig1, fig3, fig4_sizes, fig4_insights, fig5, fig6, fig7, table2)
}
"""In the paper's order."""
