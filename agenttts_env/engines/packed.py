"""A batch of samples being decoded, several samples of a prompt packed into one row.

The samples of a prompt share its keys and values. A row of the batch holds a prompt once, and after it the tokens of
all of its samples, interleaved; a mask lets every sample see the prompt and itself only. So the prompt is neither
computed nor stored, copied or read once per sample, as it is when the cache is repeated, which makes decoding several
times faster on a CPU.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import TYPE_CHECKING, Any

import numpy as np

from agenttts_env.engines.base import Sampling
from agenttts_env.engines.grammar import Grammars
from agenttts_env.engines.stopping import cut_at_stop

if TYPE_CHECKING:
    import torch

_PROMPT = -1
_NOTHING = -2


@dataclass
class Sample:
    """One sample being drawn.

    Attributes:
        index: its number in the prompt's pool.
        noise: where its randomness comes from.
        matcher: its state in the grammar, under a schema.
        tokens: drawn so far.
        text: what they say, once finished.
        finish_reason: empty while it is being drawn.
        seconds: its share of the wall time.
    """

    index: int
    noise: np.random.Generator
    matcher: Any = None
    tokens: list[int] = field(default_factory=list)
    text: str = ""
    finish_reason: str = ""
    seconds: float = 0.0


@dataclass
class Pack:
    """Samples of one prompt that share a row of the batch.

    Attributes:
        position: of the request that they belong to.
        prompt: its tokens.
        samples: what is drawn.
    """

    position: int
    prompt: list[int]
    samples: list[Sample]

    @property
    def active(self) -> list[int]:
        """Places of the samples that are not finished."""
        return [place for place, sample in enumerate(self.samples) if not sample.finish_reason]


class PackedBatch:
    """Draws the samples of some packs, token by token.

    Args:
        model: a transformers causal language model with full attention in every layer.
        tokenizer: its tokenizer.
        eos: the tokens that end a reply.
        packs: one row each; packs of the same prompt stand together.
        sampling: how all of them are drawn.
        grammars: needed under a schema only.
    """

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        eos: Sequence[int],
        packs: Sequence[Pack],
        sampling: Sampling,
        grammars: Grammars | None,
    ) -> None:
        self.packs = list(packs)
        self._model = model
        self._tokenizer = tokenizer
        self._eos = frozenset(eos)
        self._sampling = sampling
        self._grammars = grammars
        self._logits: torch.Tensor | None = None

    def step(self) -> list[Pack]:
        """Draw one more token of every sample; the packs that are finished now leave the batch and are returned."""
        import torch

        start = time.perf_counter()
        running = [pack.samples[place] for pack in self.packs for place in pack.active]
        with torch.inference_mode():
            if self._logits is None:
                self._prefill()
            else:
                self._forward()
            self._draw()
        share = (time.perf_counter() - start) / len(running)
        for sample in running:
            sample.seconds += share
        finished = [pack for pack in self.packs if not pack.active]
        if finished:
            self._keep([row for row, pack in enumerate(self.packs) if pack.active])
        return finished

    def _prefill(self) -> None:
        """Compute every prompt once, and what all prompts begin with once for all."""
        import torch
        from transformers import DynamicCache

        prompts = [list(prompt) for prompt in dict.fromkeys(tuple(pack.prompt) for pack in self.packs)]
        shared = _common_prefix(prompts)
        device = self._model.device
        self._cache = DynamicCache()
        if shared:
            self._model(input_ids=torch.tensor([shared], device=device), past_key_values=self._cache, logits_to_keep=1)
            self._cache.batch_repeat_interleave(len(prompts))
        rests = [prompt[len(shared) :] for prompt in prompts]
        width = max(map(len, rests))
        pads = [width - len(rest) for rest in rests]
        ids = torch.tensor([[0] * pad + rest for pad, rest in zip(pads, rests, strict=True)], device=device)
        owners = torch.full((len(prompts), len(shared) + width), _PROMPT, device=device)
        for row, pad in enumerate(pads):
            owners[row, len(shared) : len(shared) + pad] = _NOTHING
        visible = owners == _PROMPT
        positions = (visible.cumsum(1) - 1).clamp(min=0)[:, len(shared) :]
        output = self._model(
            input_ids=ids,
            attention_mask=visible.long(),
            position_ids=positions,
            past_key_values=self._cache,
            logits_to_keep=1,
        )
        rows = torch.tensor([prompts.index(pack.prompt) for pack in self.packs], device=device)
        self._cache.batch_select_indices(rows)
        self._owners = owners[rows]
        self._lengths = visible.sum(1)[rows]
        self._logits = output.logits[rows]
        self._columns = [[0] * len(pack.samples) for pack in self.packs]

    def _forward(self) -> None:
        """Feed the token last drawn of every unfinished sample."""
        import torch

        device = self._model.device
        active = [pack.active for pack in self.packs]
        width = max(map(len, active))
        ids = torch.zeros((len(active), width), dtype=torch.long)
        owners = torch.full((len(active), width), _NOTHING)
        steps = torch.zeros((len(active), width), dtype=torch.long)
        for row, (pack, places) in enumerate(zip(self.packs, active, strict=True)):
            for column, place in enumerate(places):
                ids[row, column] = pack.samples[place].tokens[-1]
                owners[row, column] = place
                steps[row, column] = len(pack.samples[place].tokens) - 1
        owners = owners.to(device)
        self._owners = torch.cat([self._owners, owners], dim=1)
        keys = self._owners[:, None, :]
        mask = (keys == _PROMPT) | (keys == owners[:, :, None])
        self._logits = self._model(
            input_ids=ids.to(device),
            attention_mask=mask[:, None],
            position_ids=self._lengths[:, None] + steps.to(device),
            past_key_values=self._cache,
        ).logits
        self._columns = [list(range(len(places))) for places in active]

    def _draw(self) -> None:
        assert self._logits is not None
        samples = [pack.samples[place] for pack in self.packs for place in pack.active]
        rows = [row for row, columns in enumerate(self._columns) for _ in columns]
        columns = [column for columns in self._columns for column in columns]
        logits = self._logits[rows, columns].float()
        if self._grammars is not None:
            self._grammars.mask(logits, [sample.matcher for sample in samples])
        for sample, token in zip(samples, draw(logits, samples, self._sampling), strict=True):
            self._accept(sample, token)

    def _accept(self, sample: Sample, token: int) -> None:
        sample.tokens.append(token)
        if sample.matcher is not None:
            sample.matcher.accept_token(token)
        ended = token in self._eos
        cut = len(sample.tokens) == self._sampling.max_tokens
        if not (ended or cut or self._sampling.stop):
            return
        written = sample.tokens[:-1] if ended else sample.tokens
        text: str = self._tokenizer.decode(written, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        before_stop = cut_at_stop(text, self._sampling.stop)
        sample.text = text if before_stop is None else before_stop
        if ended or before_stop is not None:
            sample.finish_reason = "stop"
        elif cut:
            sample.finish_reason = "length"

    def _keep(self, rows: list[int]) -> None:
        import torch

        self.packs = [self.packs[row] for row in rows]
        index = torch.tensor(rows, dtype=torch.long, device=self._model.device)
        self._cache.batch_select_indices(index)
        self._owners = self._owners[index]
        self._lengths = self._lengths[index]


def draw(logits: torch.Tensor, samples: Sequence[Sample], sampling: Sampling) -> list[int]:
    """The next token of every sample: greedy, or exact sampling from each sample's own noise.

    A token i of probability p_i wins the race argmax p_i / E_i with exponential E_i, which is the Gumbel-max trick:
    it wins with probability p_i, and a small change of p rarely changes the winner.

    Args:
        logits: float32 of shape (number of samples, vocabulary); changed in place.
        samples: whose noise is used, one draw per token of the vocabulary.
        sampling: temperature and nucleus.
    """
    if sampling.temperature == 0:
        greedy: list[int] = logits.argmax(-1).tolist()
        return greedy
    probabilities = logits.div_(sampling.temperature).softmax(-1)
    if sampling.top_p < 1:
        ordered, order = probabilities.sort(-1, descending=True)
        ordered[ordered.cumsum(-1) - ordered >= sampling.top_p] = 0
        probabilities = probabilities.scatter(-1, order, ordered)
    rows = probabilities.cpu().numpy()
    return [
        int(np.argmax(row / sample.noise.standard_exponential(row.size)))
        for row, sample in zip(rows, samples, strict=True)
    ]


def _common_prefix(prompts: Sequence[list[int]]) -> list[int]:
    """The tokens that all prompts begin with, short of the last token of each; none for a single prompt."""
    if len(prompts) < 2:
        return []
    same = takewhile(lambda pair: pair[0] == pair[1], zip(min(prompts), max(prompts), strict=False))
    return [token for token, _ in same][: min(map(len, prompts)) - 1]
