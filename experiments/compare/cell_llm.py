"""The LLM of a comparison's cells: a process makes one engine of it, and every cell draws replies of its own."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass

from agenttts_env.agents.llm import AgentLLM
from agenttts_env.experiments.llm_spec import LLMSpec
from agenttts_env.sampler import Sampler
from agenttts_env.store import content_key

_opened: dict[tuple[LLMSpec, str], Sampler] = {}
_stack = ExitStack()


@dataclass(frozen=True)
class CellLLM:
    """What a cell needs to come to its LLM, and what another process needs too.

    Attributes:
        spec: the LLM.
        store: file of the sample store that all cells share.
        run: name of the comparison, under which its cells pay.
    """

    spec: LLMSpec
    store: str
    run: str

    def agent(self, problem: str, searcher: str, seed: int) -> AgentLLM:
        """A cell's LLM.

        Its replies are a function of the cell: no other cell of the comparison shares its pools, though their prompts
        be equal, and none pays for it. A cell that is run again finds them in the store.

        Raises:
            InvalidInputError: the model is not known, or the engine refuses an option.
            MissingExtraError: the engine's library is not installed.
        """
        key = self.spec, self.store
        if key not in _opened:
            _opened[key] = self.spec.sampler(self.store, 0, _stack)
        shared = _opened[key]
        own = int.from_bytes(content_key({"problem": problem, "searcher": searcher, "seed": seed})[:6], "big")
        sampler = Sampler(shared.store, shared.engine, seed=own)
        return self.spec.agent(sampler, f"{self.run}/{problem}/{searcher}/{seed}")


def close_llms() -> None:
    """Free the engines that cells of this process have made, and close their stores."""
    _opened.clear()
    _stack.close()
