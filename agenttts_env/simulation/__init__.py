"""A simulation of samples: who gets which example right, fused as samples are, with nothing but random numbers."""

from agenttts_env.simulation.dataset import Dataset
from agenttts_env.simulation.landscape import Landscape, Metric, StageLandscape, load_landscape
from agenttts_env.simulation.population import Population

__all__ = ["Dataset", "Landscape", "Metric", "Population", "StageLandscape", "load_landscape"]
