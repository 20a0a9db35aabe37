"""What ``--help`` says of each command: a description, and examples."""

from __future__ import annotations

DESCRIPTION = """\
Which model and how many samples at which stage of an LLM pipeline give the best score within a budget?
A search tries allocations of the budget by running them, and learns from their scores.
"""

EXAMPLES = """\
examples:
  agenttts tasks                               what can be searched
  agenttts search --help                       all options of a search
  agenttts search --task fictional-qa --engine scripted --trials 20 --out runs/first
                                               a search in seconds, without any model (its scores are meaningless)
  agenttts search --task fictional-qa --backend replay --cost flops --budget 4e11 --out runs/replayed
                                               a search in seconds over recorded outcomes of a real model
  agenttts compare --help                      compare searchers, on simulated tasks or recorded outcomes
  agenttts record --help                       record outcomes of your own
  agenttts paper                               the experiments of the paper, each one command
  agenttts oracle --task 2wikimultihopqa       the best allocation there is, where all can be computed
  agenttts show runs/first                     tables and plot of a run, finished or running
"""

SEARCH_DESCRIPTION = """\
Search for the allocation with the best score within a budget.

Every sample is kept in a store before it is used: stop a search at any time, give the same command again, and it goes
on without computing anything twice. At the end the best allocation is scored once on the sealed test split.
"""

SEARCH_EXAMPLES = """\
examples:
  a search in seconds, without any model (its scores are meaningless):
    agenttts search --task fictional-qa --engine scripted --models smollm2-135m,smollm2-360m --trials 20

  real inference on a laptop: up to 16 samples at each of two stages, within 400 GFLOPs per example:
    agenttts search --task fictional-qa --engine transformers --models smollm2-135m \\
      --max-samples 16 --cost flops --budget 4e11 --trials 15 --examples 20 --test-examples 50

  your own task, which the module my_task.py in this folder registers:
    agenttts search --task my_task:NAME --engine scripted

  an LLM as the searcher, models behind an OpenAI-compatible server, tracked offline:
    agenttts search --task 2wikimultihopqa --data DIR --engine openai --base-url http://HOST:8000/v1 \\
      --models retrieve=qwen2.5-7b,qwen2.5-72b --models answer=llama-3.2-3b \\
      --searcher agenttts --llm openai:qwen2.5-72b --wandb offline
"""

COMPARE_DESCRIPTION = """\
Compare searchers: every searcher on every task with every seed, measured against the best allocation there is. Tasks
are simulated: no model runs, and the scores are no measurements. With --llm the searchers that need an LLM take part,
whose replies are real.

With --backend replay the scores are recorded outcomes of real models, and incumbents are judged by the recorded test
split. A seed then decides the searcher's random choices and, where --examples are fewer than were recorded, which of
the recorded search examples are seen: intervals contain these two, and nothing of which examples and samples were
recorded.

Every finished run is kept at once: stop a comparison at any time, give the same command again, and it goes on. At the
end come tables, a page (report.html), plots, CSV and Parquet; `agenttts report DIR` makes them again.
"""

COMPARE_EXAMPLES = """\
examples:
  all simulated tasks, all searchers that need no LLM: a few minutes on 2 cores
    agenttts compare

  a look, in seconds:
    agenttts compare --tasks cwq,webqsp --searchers random,tpe,tpe+init --seeds 5 --trials 20 --out runs/look

  one task at every budget that figures were published for:
    agenttts compare --tasks 2wikimultihopqa --budgets published --out runs/budgets

  searchers with options of their own, in dollars:
    agenttts compare --searchers random,tpe,insight-rules,insight-rules:insight_1=false --cost usd --out runs/ablation

  the LLM-driven searchers too, their LLM behind an OpenAI-compatible server:
    agenttts compare --llm openai:qwen2.5-72b --base-url http://HOST:8000/v1 --seeds 5 --out runs/llm

  on recorded outcomes of a real model; each seed sees 25 of the 50 recorded search examples:
    agenttts compare --backend replay --tasks fictional-qa --cost flops --budgets 4e11 --examples 25 --out runs/replay

  on tables of your own, each at a budget of its own (they know their tasks):
    agenttts compare --backend replay --table a.npz,b.npz --cost flops --budgets TASK=4e11 --budgets TASK=2e12

  the same options in a file (TOML, or YAML where PyYAML is installed), fields as the options here; the command line
  has precedence:
    agenttts compare --config comparison.toml --jobs 8
"""

VALIDATE_DESCRIPTION = """\
Check every trial that a result.json claims, by running all of it again: the same version, settings and seeds. Ends with
0 if every trial is confirmed, with 1 if one is refuted, and with 2 if the file is no result of this version.

Of searchers that an LLM drives, the allocations that they asked for are evaluated again; no LLM is asked. A replay
needs the tables that it was made with, where they were or beside RESULT.json; others are refused by their SHA-256.
"""

REPORT_DESCRIPTION = """\
Show the tables of a comparison, finished or running, and write its page (report.html), plots, CSV and Parquet. Reads
files only.
"""

POWER_DESCRIPTION = """\
How many seeds does it take to tell a difference in normalised regret between two searchers with 80% power? By the
stratified signed-rank test on runs that are paired by seed, at 5%.
"""

POWER_EXAMPLES = """\
examples:
  from a finished comparison:
    agenttts power runs/compare --difference 0.1

  from a deviation, on six problems:
    agenttts power --difference 0.1 --deviation 0.5 --problems 6
"""

RECORD_DESCRIPTION = """\
Run a pipeline once with everything that any allocation asks for, and write the outcomes to a table (no text, neither of
the data nor of a model). A search with --backend replay then scores every allocation as a live one would, in no time.

Every sample is kept in a store before it is used: stop a recording at any time, give the same command again, and it
goes on without computing anything twice.
"""

RECORD_EXAMPLES = """\
examples:
  in seconds, without any model (its scores are meaningless):
    agenttts record --task fictional-qa --engine scripted --models smollm2-135m --max-samples 8 --out toy.npz

  two models, at most 16 samples, of which only some numbers are on offer:
    agenttts record --task fictional-qa --models smollm2-135m,smollm2-360m --max-samples 16 --levels 1,2,4,8,16 \\
      --examples 50 --test-examples 50 --out smollm2.npz
"""

ORACLE_DESCRIPTION = """\
Find the best allocation by computing all of them: every choice of models and every number of samples, by expected score
in a simulation, or by recorded score. A simulation runs no model, and its scores are no measurements.
"""

ORACLE_EXAMPLES = """\
examples:
  all tasks that can be simulated, in one table:
    agenttts oracle

  one of them, with everything there is to write and draw:
    agenttts oracle --task 2wikimultihopqa --budget 1000 --out oracles

  of a recorded table, by the scores of its test split:
    agenttts oracle --task fictional-qa --backend replay --table smollm2.npz --cost flops --split test
"""

TRAIN_DESCRIPTION = """\
Train a policy that allocates, by reinforcement learning in a simulation: no model runs, and the scores are no
measurements. The policy is evaluated on data sets that it is not trained on.

Every evaluation comes with a checkpoint: stop a training at any time, give the same command again, and it goes on
exactly as it would have. TensorBoard reads the curves in OUT/tensorboard.
"""

TRAIN_EXAMPLES = """\
examples:
  one allocation, stage by stage, at any budget: a minute on 2 cores
    agenttts train --env AgentTTS/CWQ-Stagewise-v0 --out runs/stagewise

  a search policy for a task that it has never seen:
    agenttts train --env AgentTTS/Mixture-v0 --held-out cwq --steps 2000000 --out runs/mixture

  other hyperparameters, another learner, the same options in a file (YAML); the command line has precedence:
    agenttts train --env AgentTTS/CWQ-v0 --algo A2C --hyperparameter learning_rate=0.0005
    agenttts train --config training.yaml --seed 3
"""

PAPER_DESCRIPTION = """\
Repeat an experiment of the paper: its searches, its plots, and a page that says what the paper reports, what comes out
here, and where the two differ. Without NAME: the list of them. Scores are simulated, by landscapes that were fitted to
figures of that very paper; each page says which of its numbers were.

Every finished search is kept at once: stop a preset at any time, give the same command again, and it goes on. At
the end OUT/NAME holds page.md, numbers.csv, and plots as PNG and SVG.
"""

PAPER_EXAMPLES = """\
examples:
  what there is:
    agenttts paper

  one figure; all of them, with their pages as documentation:
    agenttts paper fig6
    agenttts paper all --markdown docs/paper

  what an LLM writes:
    agenttts paper fig5 --llm transformers:smollm2-135m --llm-max-tokens 300 --trials 20
"""
