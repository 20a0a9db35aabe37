from __future__ import annotations

from agent_runs import PROBLEM, SMALL

from agenttts_env.agents.prompts import make_prompt, request, table, with_rejections
from agenttts_env.agents.proposals import Proposal, parse_proposals
from agenttts_env.allocation import Allocation
from agenttts_env.trial import Trial


def test_empty_parts_leave_no_gap() -> None:
    system, user = make_prompt("one", "", "two")
    assert (system.role, user.role) == ("system", "user")
    assert user.content == "one\n\ntwo"


def test_rejections_are_few_and_short() -> None:
    prompt = make_prompt("question")
    assert with_rejections(prompt, []) == prompt
    told = with_rejections(prompt, [Proposal("invalid", None, f"reason {number}", "") for number in range(9)])
    assert told[0] == prompt[0]
    assert told[1].content.startswith("question\n\nYour last reply could not be used:\n- (nothing): reason 0\n")
    assert [f"reason {number}" in told[1].content for number in range(9)] == [True] * 5 + [False] * 4


def test_the_form_that_is_asked_for_can_be_read() -> None:
    for count in (1, 3):
        (proposal,) = parse_proposals(request(PROBLEM, count), PROBLEM)
        assert proposal.kind == "new"
    assert "3 allocations for the next trials, all different" in request(PROBLEM, 3)
    assert "one allocation for the next trial." in request(PROBLEM, 1)
    assert "shown above" not in request(PROBLEM, 3, after_trials=False)


def test_trials_on_lines() -> None:
    assert table("Trials", []) == ""
    trial = Trial(7, Allocation.of((SMALL.name, 2), (SMALL.name, 3)), None, "failed", cost=12.0, reason="secret")
    assert table("Trials", [trial]).splitlines()[1] == f"7. {SMALL.name} x2 + {SMALL.name} x3 | cost 12 | failed"
