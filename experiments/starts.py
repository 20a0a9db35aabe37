"""Where the calibration of the simulated tasks starts, and what it does not fit: assumptions, in one place."""

from __future__ import annotations

from collections.abc import Mapping

from agenttts_env.simulation.landscape import Landscape, Metric, StageLandscape

COMMON = 0.3
"""Correlation of an example's difficulties with what its stages share. Nothing is published: assumed."""

QWEN_3 = ("qwen2.5-7b", "qwen2.5-32b", "qwen2.5-72b")
LLAMA_3 = ("llama-3.2-3b", "llama-3.1-8b", "llama-3.1-70b")


def _stage(
    name: str,
    models: tuple[str, ...],
    skills: tuple[float, ...],
    *,
    reliance: tuple[float, ...] | None = None,
    half_loss: float = 0.5,
    capacity: tuple[float, ...],
    decline: float = 1.0,
    spread: float = 2.0,
    trap: float = 0.3,
    trap_share: float = 0.5,
) -> StageLandscape:
    return StageLandscape(
        name,
        models,
        skills,
        reliance or (0.0,) * len(models),
        half_loss,
        capacity,
        decline,
        spread,
        COMMON,
        trap,
        trap_share,
    )


def _retrieval_qa(task: str, first: StageLandscape, second: StageLandscape, budgets: tuple[float, ...]) -> Landscape:
    metrics = {
        "em": Metric("answer", (0.0, 0.0, 1.0)),
        # A shared wrong choice holds half of what is needed.
        "ret_f1": Metric("retrieve", (0.0, 0.5, 1.0)),
    }
    return Landscape(task, (first, second), metrics, budgets)


def _multi_hop(task: str, budgets: tuple[float, ...]) -> Landscape:
    """Found by hand and by earlier fits: the statements leave little room, and squares alone do not find it."""
    return _retrieval_qa(
        task,
        _stage(
            "retrieve",
            QWEN_3,
            (-9.444, 4.848, 16.42),
            capacity=(1.238, 1.593, 1.837),
            decline=0.382,
            spread=17.55,
            trap=0.7087,
            trap_share=0.09545,
        ),
        _stage(
            "answer",
            LLAMA_3,
            (1.18, 1.187, 1.199),
            capacity=(118.6, 143.1, 348.0),
            decline=0.9634,
            spread=0.7695,
            trap=0.852,
            trap_share=0.8532,
            reliance=(5.789, 5.573, 3.516),
            half_loss=0.03259,
        ),
        budgets,
    )


def _knowledge_graph(task: str, shift: float) -> Landscape:
    return _retrieval_qa(
        task,
        _stage("retrieve", (QWEN_3[0], QWEN_3[2]), (0.5, 1.5), capacity=(60.0, 300.0), spread=3.0, trap=0.8),
        _stage(
            "answer", LLAMA_3[1:], (2.5 + shift, 2.8 + shift), reliance=(2.0, 1.2), capacity=(300.0, 2000.0), spread=3.0
        ),
        (550.0,),
    )


START: Mapping[str, Landscape] = {
    "2wikimultihopqa": _multi_hop("2wikimultihopqa", (1000.0, 500.0, 850.0, 900.0, 2000.0)),
    "hotpotqa": _multi_hop("hotpotqa", (1000.0,)),
    "cwq": _knowledge_graph("cwq", 0.0),
    "webqsp": _knowledge_graph("webqsp", 1.5),
    "taskbench": Landscape(
        "taskbench",
        (
            _stage("decompose", LLAMA_3[1:], (0.5, 1.0), capacity=(100.0, 500.0), spread=2.0, trap=0.6),
            _stage(
                "select", LLAMA_3[1:], (0.8, 1.5), reliance=(1.5, 1.2), capacity=(200.0, 1000.0), spread=2.0, trap=0.6
            ),
            _stage("fill", LLAMA_3[1:], (0.6, 1.0), reliance=(2.5, 2.0), capacity=(100.0, 500.0), spread=3.0, trap=0.6),
        ),
        {
            "p_f1": Metric("fill", (0.0, 0.5, 1.0)),
            "node_f1": Metric("select", (0.25, 0.625, 1.0)),
            "step_rouge_l": Metric("decompose", (0.125, 0.375, 0.75)),
        },
        (2000.0,),
    ),
    "chatdev": Landscape(
        "chatdev",
        (
            _stage("code", (LLAMA_3[0], LLAMA_3[2]), (0.0, 1.5), capacity=(60.0, 500.0), spread=2.0),
            _stage(
                "static_test",
                (LLAMA_3[0], LLAMA_3[2]),
                (1.0, 2.0),
                reliance=(2.0, 1.5),
                capacity=(60.0, 500.0),
                spread=2.0,
            ),
            _stage(
                "dynamic_test",
                (LLAMA_3[0], LLAMA_3[2]),
                (1.5, 2.2),
                reliance=(2.5, 2.0),
                capacity=(100.0, 500.0),
                spread=2.0,
            ),
        ),
        {"consistency": Metric("dynamic_test", (0.625, 0.703125, 0.796875))},
        (2000.0,),
    ),
}
"""By task. Guesses from the shape of the published statements; the fit moves what the figures decide."""
