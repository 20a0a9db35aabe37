"""The contract of an engine, as a test that whoever writes one runs with one line."""

from __future__ import annotations

import pickle
from collections import defaultdict
from collections.abc import Sequence

from agenttts_env.engines.base import Completion, Engine, Message, Request, Sampling


def check_engine(engine: Engine, *, deterministic: bool, reload: bool = True) -> None:
    """Assert that an engine keeps its contract. It draws about 30 short samples, three times.

    Args:
        engine: the engine to test.
        deterministic: whether sample i is promised to be a function of (prompt, sampling, seed, i). With a real model
            that holds up to floating-point noise: test it in float32.
        reload: also test that it goes on after ``close`` and after pickling, which loads the model again.

    Raises:
        AssertionError: it breaks the contract.
    """
    assert engine.identity, "`identity` must not be empty"
    assert engine.identity.split() == [engine.identity], f"`identity` must hold no spaces, but is {engine.identity!r}"
    assert list(engine.generate([])) == [], "no requests must make no completions"
    capital = (Message("user", "Name the capital of France. Answer: <city>"),)
    rivers = (Message("system", "Be brief."), Message("user", "Name three rivers:\n1.\n2.\n3."))
    warm = Sampling(temperature=1.0, max_tokens=12, top_p=0.95)
    requests = [
        Request(capital, 0, 6, warm, seed=1),
        Request(rivers, 2, 4, warm, seed=1),
        Request(capital, 9, 1, warm, seed=1),
        Request(rivers, 0, 2, Sampling(temperature=0.0, max_tokens=5), seed=1),
    ]
    drawn = collect(engine, requests)
    assert drawn[0][0].prompt_tokens == drawn[2][9].prompt_tokens, "`prompt_tokens` must depend on the prompt only"
    assert drawn[1][2].prompt_tokens == drawn[3][0].prompt_tokens, "`prompt_tokens` must depend on the prompt only"

    abandoned = engine.generate(requests)
    next(abandoned)
    abandoned.close()  # type: ignore[attr-defined]
    window = collect(engine, [Request(capital, 3, 2, warm, seed=1)])[0]
    if deterministic:
        for index in (3, 4):
            assert window[index].text == drawn[0][index].text, f"sample {index} must not depend on its company"
    if reload:
        copy = pickle.loads(pickle.dumps(engine))
        assert copy.identity == engine.identity, "pickling must keep `identity`"
        engine.close()
        engine.close()
        again = collect(engine, requests)
        engine.close()
        if deterministic:
            assert _texts(again) == _texts(drawn), "the same requests must draw the same samples"


def collect(engine: Engine, requests: Sequence[Request]) -> list[dict[int, Completion]]:
    """All completions of an engine, by request and by index; asserts that each comes once, in its bounds."""
    drawn: dict[int, dict[int, Completion]] = defaultdict(dict)
    for position, completions in engine.generate(requests):
        assert 0 <= position < len(requests), f"there is no request number {position}"
        for completion in completions:
            assert completion.index not in drawn[position], f"sample {completion.index} came twice"
            drawn[position][completion.index] = completion
    for position, request in enumerate(requests):
        asked = list(range(request.first, request.first + request.count))
        assert sorted(drawn[position]) == asked, f"samples {asked} were asked for, but {sorted(drawn[position])} came"
        assert len({completion.prompt_tokens for completion in drawn[position].values()}) == 1
        for completion in drawn[position].values():
            assert completion.prompt_tokens >= 0
            assert 0 <= completion.decode_tokens <= request.sampling.max_tokens
            assert completion.finish_reason in ("stop", "length")
            assert completion.seconds >= 0
            assert not any(stop in completion.text for stop in request.sampling.stop)
    return [drawn[position] for position in range(len(requests))]


def _texts(drawn: Sequence[dict[int, Completion]]) -> list[list[str]]:
    return [[completion.text for _, completion in sorted(samples.items())] for samples in drawn]
