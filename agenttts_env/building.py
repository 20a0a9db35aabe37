"""From the names and numbers that users write to the objects that run."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib.resources import as_file, files
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from agenttts_env.cache import cache_folder
from agenttts_env.engines import make_engine
from agenttts_env.errors import InvalidInputError, MissingExtraError
from agenttts_env.model import MODELS, Model
from agenttts_env.outcome_file import load_table
from agenttts_env.outcomes import OutcomeTable
from agenttts_env.pipeline import Example
from agenttts_env.sampler import Sampler
from agenttts_env.simulation.landscape import REFERENCE_TEMPERATURE, Landscape, load_landscape
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


def build_simulated(
    name: str,
    *,
    models: Mapping[str, Sequence[str]] = MappingProxyType({}),
    temperatures: Mapping[str, float] = MappingProxyType({}),
    fusions: Mapping[str, Fusion] = MappingProxyType({}),
    landscape: Landscape | None = None,
) -> tuple[Task, Landscape]:
    """A registered task as its landscape simulates it, and the landscape.

    Where nothing else is named, stages sample at the temperature that the landscape was fitted at, and their own model
    fuses the samples. The landscape is the package's own by default. Other arguments as in :func:`build_task`.

    Raises:
        InvalidInputError: the task has no landscape, or its landscape lacks a model.
    """
    landscape = landscape or load_landscape(name)
    task = build_task(
        name,
        models=models,
        temperatures={"*": REFERENCE_TEMPERATURE, **temperatures},
        fusions={"*": "llm", **fusions},
    )
    return landscape.simulated(task), landscape


def shipped_tables() -> tuple[str, ...]:
    """Names of the recorded tables that this package has."""
    names = [file.name for file in files("agenttts_env.tables").iterdir()]
    return tuple(sorted(name.removesuffix(".npz") for name in names if name.endswith(".npz")))


def find_table(table: str | Path) -> OutcomeTable:
    """A recorded table by what users write: a file ``….npz``, or a name in :func:`shipped_tables`.

    Raises:
        InvalidInputError: it is neither, or the file is damaged.
    """
    if str(table).endswith(".npz"):
        return load_table(table)
    if table not in shipped_tables():
        raise InvalidInputError(
            f"a table is a file .npz or one of {', '.join(shipped_tables())}, but got {str(table)!r}; "
            "record one with: agenttts record"
        )
    with as_file(files("agenttts_env.tables") / f"{table}.npz") as path:
        return load_table(path)


def build_replay(
    name: str,
    table: str | Path | None = None,
    *,
    models: Mapping[str, Sequence[str]] = MappingProxyType({}),
    levels: Sequence[int] = (),
    temperatures: Mapping[str, float] = MappingProxyType({}),
    fusions: Mapping[str, str] = MappingProxyType({}),
    task_options: Mapping[str, Any] = MappingProxyType({}),
    data: str | None = None,
    data_options: Mapping[str, Any] = MappingProxyType({}),
    data_seed: int | None = None,
    engine: str | None = None,
    sample_seed: int | None = None,
) -> OutcomeTable:
    """The recorded table of a task, restricted to these models; its ``task`` and its ``levels`` are what can be asked.

    Whatever else is given must have been recorded; whatever is not given is as it was recorded.

    Args:
        name: of the task.
        table: see :func:`find_table`; by default the one that this package has of the task.
        models: names of recorded models by stage.
        levels: sample counts.
        temperatures: by stage.
        fusions: by stage.
        task_options: of the task.
        data: folder or Hugging Face name.
        data_options: of the data set.
        data_seed: of the splits.
        engine: by name.
        sample_seed: which sample pool.

    The key ``"*"`` stands for every stage that is not named.

    Raises:
        InvalidInputError: there is no such table, it is another task's, or something else was recorded; says what.
    """
    entry = get_entry(name)
    if table is None and entry.name not in shipped_tables():
        raise InvalidInputError(
            f"this package has no recorded table of task {entry.name!r}: record one with "
            f"`agenttts record --task {name}` and name its file"
        )
    found = find_table(entry.name if table is None else table)
    task, provenance = found.task, found.provenance
    if task.name != entry.name:
        raise InvalidInputError(f"the table must be of task {entry.name!r}, but is of {task.name!r}")
    if missing := [level for level in levels if level not in found.levels]:
        raise InvalidInputError(
            f"`levels` must be among those recorded, {', '.join(map(str, found.levels))}, but have {missing[0]}"
        )
    if data is not None:
        data = data_name(data)
    temperature = {stage.name: stage.temperature for stage in task.stages}
    fusion = {stage.name: stage.fusion for stage in task.stages}
    for option, recorded, value in (
        ("temperatures", temperature, temperature | _spread(task, temperatures)),
        ("fusions", fusion, fusion | _spread(task, fusions)),
        ("task_options", provenance.task_options, {**provenance.task_options, **task_options}),
        ("data", provenance.data, data),
        ("data_options", provenance.data_options, {**provenance.data_options, **data_options}),
        ("data_seed", provenance.data_seed, data_seed),
        ("engine", provenance.engine, engine),
        ("sample_seed", provenance.sample_seed, sample_seed),
    ):
        if value is not None and value != recorded:
            raise InvalidInputError(f"the table was recorded with {option} = {recorded!r}, but got {value!r}")
    return found.with_models(_spread(task, models)) if models else found


def data_name(data: str) -> str:
    """Where data came from, as a table says it: a folder by its name without the way to it, else as users write it."""
    return Path(data).resolve().name if Path(data).exists() else data


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
