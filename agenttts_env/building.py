"""From the names and numbers that users write to the objects that run."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from agenttts_env.cache import cache_folder
from agenttts_env.engines import make_engine
from agenttts_env.errors import InvalidInputError, MissingExtraError
from agenttts_env.model import MODELS, Model
from agenttts_env.pipeline import Example
from agenttts_env.sampler import Sampler
from agenttts_env.stage import Fusion
from agenttts_env.store import SampleStore
from agenttts_env.task import Task
from agenttts_env.tasks import get_entry, split

T = TypeVar("T")


def resolve_model(text: str) -> Model:
    """A model by what users write.

    Args:
        text: a name in :data:`agenttts_env.model.MODELS`; or a folder with ``config.json`` and safetensors; or a
            Hugging Face name (looked up online); or ``NAME@PARAMETERS`` (say ``my-model@8e9``) for any other model that
            a server offers under that name.

    Raises:
        InvalidInputError: it is none of these.
    """
    if text in MODELS:
        return MODELS[text]
    if "@" in text:
        name, _, size = text.rpartition("@")
        try:
            return Model(name, float(size))
        except ValueError as error:
            if isinstance(error, InvalidInputError):
                raise
            raise InvalidInputError(f"NAME@PARAMETERS needs a number after the '@', but got {text!r}") from None
    if os.path.isdir(text):
        return _from_folder(Path(text))
    if text.count("/") == 1:
        return _from_hub(text)
    raise InvalidInputError(
        f"a model is one of {', '.join(MODELS)}, a folder, a Hugging Face name ORG/NAME, or NAME@PARAMETERS, "
        f"but got {text!r}"
    )


def _from_folder(folder: Path) -> Model:
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        layers, width = int(config["num_hidden_layers"]), int(config["hidden_size"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InvalidInputError(
            f"a model's folder needs a config.json with num_hidden_layers and hidden_size, but {folder}: {error!r}"
        ) from error
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise InvalidInputError(f"a model's folder needs safetensors files to count parameters, but {folder} has none")
    parameters = sum(_parameters(file) for file in files)
    return Model(folder.resolve().name, parameters, layers, width, source=str(folder))


def _parameters(file: Path) -> int:
    """Number of parameters in a safetensors file, from its header alone."""
    try:
        with file.open("rb") as stream:
            header = json.loads(stream.read(int.from_bytes(stream.read(8), "little")))
        return sum(math.prod(tensor["shape"]) for name, tensor in header.items() if name != "__metadata__")
    except (ValueError, KeyError, TypeError, OverflowError, MemoryError) as error:
        raise InvalidInputError(f"{file} is not a safetensors file: {error!r}") from error


def _from_hub(name: str) -> Model:
    try:
        from huggingface_hub import get_safetensors_metadata, hf_hub_download
    except ImportError:
        raise MissingExtraError("huggingface_hub", "transformers") from None
    try:
        parameters = sum(get_safetensors_metadata(name).parameter_count.values())
        config = json.loads(Path(hf_hub_download(name, "config.json")).read_text(encoding="utf-8"))
    except Exception as error:  # the hub's client raises many kinds; all mean that it cannot be looked up
        raise InvalidInputError(
            f"cannot look up the size of {name!r} on the Hugging Face hub ({type(error).__name__}: {error}); "
            f"offline, give a folder, or the size as {name}@PARAMETERS"
        ) from error
    return Model(name.split("/")[1], parameters, config["num_hidden_layers"], config["hidden_size"], source=name)


def build_task(
    name: str,
    *,
    models: Mapping[str, Sequence[str]] = MappingProxyType({}),
    temperatures: Mapping[str, float] = MappingProxyType({}),
    fusions: Mapping[str, Fusion] = MappingProxyType({}),
    options: Mapping[str, Any] = MappingProxyType({}),
) -> Task:
    """A registered task with its own ``options``, and with other models, temperatures or fusions at the named stages.

    Models are written as in :func:`resolve_model`.

    The key ``"*"`` stands for every stage that is not named.
    """
    task = get_entry(name).build(**options)
    named = {stage: tuple(map(resolve_model, texts)) for stage, texts in _spread(task, models).items()}
    return task.with_stages(models=named, temperatures=_spread(task, temperatures), fusions=_spread(task, fusions))


def _spread(task: Task, values: Mapping[str, T]) -> dict[str, T]:
    spread = {stage.name: values["*"] for stage in task.stages} if "*" in values else {}
    return spread | {stage: value for stage, value in values.items() if stage != "*"}


def build_splits(
    name: str,
    *,
    data: str | None = None,
    search: int = 50,
    test: int = 0,
    seed: int = 0,
    options: Mapping[str, Any] = MappingProxyType({}),
) -> tuple[tuple[Example, ...], tuple[Example, ...]]:
    """The search split and the test split of a task's data: disjoint, and the same for the same seed.

    Args:
        name: of the task.
        data: folder or Hugging Face name; the task's default if None.
        search: size of the search split, >= 1.
        test: size of the test split, >= 0. The search split does not depend on it.
        seed: of the split.
        options: of the data set, such as the number of candidates.

    Raises:
        InvalidInputError: no data, bad data, or too little.
    """
    if search < 1 or test < 0:
        raise InvalidInputError(f"need search >= 1 and test >= 0 examples, but got {search} and {test}")
    return split(get_entry(name).load(data, size=search + test, seed=seed, **options), search, test, seed)


def backend_name(engine: str) -> str:
    """What evaluations by this engine are called: nothing that no model wrote may look live."""
    return "scripted" if engine == "scripted" else "live"


def build_sampler(
    engine: str, store: str | Path | None = None, *, seed: int = 0, engine_options: Mapping[str, Any] | None = None
) -> Sampler:
    """A sampler over an engine by name.

    Args:
        engine: ``transformers``, ``vllm``, ``openai`` or ``scripted``.
        store: file of the sample store; by default one in the cache folder (:mod:`agenttts_env.cache`) that all
            environments share, so that nothing is ever computed twice. ``":memory:"`` keeps nothing.
        seed: which sample pool.
        engine_options: for the engine's constructor.
    """
    make: Callable[[Model], Any] = partial(make_engine, engine, **(engine_options or {}))
    return Sampler(SampleStore(cache_folder() / "samples.sqlite" if store is None else store), make, seed=seed)
