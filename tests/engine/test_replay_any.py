"""Any process made of steps, branches, races and loops replays to where it was, whatever the order of results."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from perintis import Case, SentBack, all_of, any_of
from perintis.engine.steps import Step
from perintis.words.recorded import Key
from tests.engine.replaying import NO, START, YES, Answer, Application, audit, check, pay, start


@dataclass(frozen=True)
class Plan:
    """A made-up piece of process: a step, or plans one after another, side by side, or in a race."""

    kind: str
    parts: tuple[Plan, ...] = ()
    step: Step[Answer] | None = None

    async def run(self, case: Case[Application]) -> Any:
        if self.step is not None:
            try:
                return (await self.step(case)).ok
            except SentBack:
                return await self.step(case)
        if self.kind == "loop":
            return [await part.run(case) for part in self.parts for _ in range(2)]
        if self.kind == "sequence":
            return [await part.run(case) for part in self.parts]
        branches = [part.run(case) for part in self.parts]
        return await (all_of(*branches) if self.kind == "all" else any_of(*branches))


LEAVES = st.sampled_from([check, audit, pay]).map(lambda s: Plan("step", step=s))
PLANS = st.recursive(
    LEAVES,
    lambda parts: st.builds(
        Plan, st.sampled_from(["loop", "sequence", "all", "any"]), st.lists(parts, min_size=1, max_size=3).map(tuple)
    ),
    max_leaves=10,
)


@given(plan=PLANS, data=st.data())
def test_any_interleaving_gives_the_same_requests_on_replay(plan: Plan, data: st.DataObject) -> None:
    """Whatever the process and the order of results, a fresh replay of what was recorded stands where the first did."""

    async def process(case: Case[Application]) -> Any:
        return await plan.run(case)

    live = start(process)
    history: list[tuple[Key, Any]] = []
    for _ in range(12):
        if live.finished:
            break
        open_or_lost = [*live.outstanding, *(k for k in sorted(live.abandoned) if k not in {h[0] for h in history})]
        chosen = data.draw(st.sampled_from(open_or_lost))
        result = data.draw(st.sampled_from([YES, NO] + [SentBack(chosen.step, "x")] * (chosen.visit == 1)))
        history.append((chosen, result))
        live.feed(chosen, result, START)
        again = start(process)
        for recorded, value in history:
            again.feed(recorded, value, START)
        assert list(again.outstanding) == list(live.outstanding)
        assert (again.abandoned, again.finished) == (live.abandoned, live.finished)
        assert again.decision == live.decision
        again.close()
    live.close()
