"""The one way to an LLM: from the store if the sample is there, else from the engine and then through the store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict

from agenttts_env.cost import decode_flops, generation_dollars, prefill_flops
from agenttts_env.engines.base import Engine, Prompt, Request, Sampling
from agenttts_env.errors import EngineError, InvalidInputError
from agenttts_env.ledger import Ledger
from agenttts_env.model import Model
from agenttts_env.store import Sample, SampleStore, content_key


class Sampler:
    """Draws samples and keeps them.

    Args:
        store: where samples are kept.
        make_engine: the engine of a model; called once for each model, when it is first needed.
        seed: which sample pool; another seed draws other samples from the same prompts.
    """

    def __init__(self, store: SampleStore, make_engine: Callable[[Model], Engine], *, seed: int = 0) -> None:
        self.store = store
        self.seed = seed
        self._make_engine = make_engine
        self._engines: dict[Model, Engine] = {}

    def engine(self, model: Model) -> Engine:
        """The engine of a model."""
        if model not in self._engines:
            self._engines[model] = self._make_engine(model)
        return self._engines[model]

    def keys(self, purpose: str, model: Model, prompts: Sequence[Prompt], sampling: Sampling) -> list[bytes]:
        """The store's key of every prompt: everything that decides a sample pool."""
        shared = {
            "purpose": purpose,
            "engine": self.engine(model).identity,
            "model": model.source,
            "sampling": asdict(sampling),
            "seed": self.seed,
        }
        return [
            content_key(shared | {"prompt": [[message.role, message.content] for message in prompt]})
            for prompt in prompts
        ]

    def draw(
        self, purpose: str, model: Model, prompts: Sequence[Prompt], samples: int, sampling: Sampling, payer: str
    ) -> tuple[list[list[Sample]], Ledger]:
        """The first ``samples`` samples of every prompt; only those not in the store are computed, in one batch.

        Args:
            purpose: what the samples are for (a stage's name, an agent): pools of different purposes are independent.
            model: who writes them.
            prompts: one or more.
            samples: S >= 1.
            sampling: how.
            payer: name of the trial that pays; what this same payer had drawn before a crash counts as computed.

        Returns:
            For each prompt its S samples, in order; and the ledger.

        Raises:
            EngineError: some samples could not be had; all others are stored, and in the error's ledger.
        """
        if samples < 1:
            raise InvalidInputError(f"`samples` must be >= 1, but got {samples}")
        keys = self.keys(purpose, model, prompts, sampling)
        if any(self.store.prefix(key, samples) is None for key in keys):
            self.store.refresh(keys)
            try:
                self._compute(keys, model, prompts, samples, sampling, payer)
            except EngineError as error:
                pools = self.store.get(keys)
                had = [[sample for number, sample in pools[key].items() if number < samples] for key in keys]
                error.ledger += self._ledger(keys, had, model, payer)
                raise
        drawn = [self._prefix(key, samples) for key in keys]
        return drawn, self._ledger(keys, drawn, model, payer)

    def _compute(
        self,
        keys: Sequence[bytes],
        model: Model,
        prompts: Sequence[Prompt],
        samples: int,
        sampling: Sampling,
        payer: str,
    ) -> None:
        pools = self.store.get(keys)
        owners: list[bytes] = []
        requests: list[Request] = []
        for key, prompt in dict(zip(keys, prompts, strict=True)).items():
            missing = [number for number in range(samples) if number not in pools[key]]
            seed = int.from_bytes(key[:7], "big")  # pools with different keys are independent, though prompts be equal
            for first, count in _runs(missing):
                owners.append(key)
                requests.append(Request(prompt, first, count, sampling, seed))
        if not requests:
            return
        for position, completions in self.engine(model).generate(requests):
            self.store.put(
                owners[position],
                [
                    Sample(c.index, c.text, c.prompt_tokens, c.decode_tokens, c.finish_reason, c.seconds, payer)
                    for c in completions
                ],
            )

    def _prefix(self, key: bytes, samples: int) -> list[Sample]:
        prefix = self.store.prefix(key, samples)
        if prefix is None:
            raise EngineError("the engine ended without an error, but samples are missing")
        return prefix

    @staticmethod
    def _ledger(keys: Sequence[bytes], drawn: Sequence[list[Sample]], model: Model, payer: str) -> Ledger:
        # Equal prompts share a pool: their tokens are computed once, and reused for all but the first.
        total = Ledger()
        shape = {"layers": model.layers, "width": model.width}
        seen: set[bytes] = set()
        for key, pool in zip(keys, drawn, strict=True):
            if not pool:
                continue
            computed = [] if key in seen else [sample for sample in pool if sample.payer == payer]
            seen.add(key)
            written = sum(sample.decode_tokens for sample in computed)
            read = pool[0].prompt_tokens if computed else 0
            total += Ledger(
                samples_computed=len(computed),
                samples_reused=len(pool) - len(computed),
                prompt_tokens_computed=read,
                prompt_tokens_reused=pool[0].prompt_tokens - read,
                decode_tokens_computed=written,
                decode_tokens_reused=sum(sample.decode_tokens for sample in pool) - written,
                flops=prefill_flops(model.parameters, read, **shape)
                + sum(decode_flops(model.parameters, s.prompt_tokens, s.decode_tokens, **shape) for s in computed),
                dollars=generation_dollars(1, model.price or 0.0, read, written),
                seconds=sum(sample.seconds for sample in computed),
            )
        return total

    def close(self) -> None:
        """Free all engines and close the store."""
        for engine in self._engines.values():
            engine.close()
        self._engines.clear()
        self.store.close()


def _runs(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Consecutive runs of ascending numbers, as (first, count)."""
    runs: list[tuple[int, int]] = []
    for number in numbers:
        if runs and sum(runs[-1]) == number:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        else:
            runs.append((number, 1))
    return runs
