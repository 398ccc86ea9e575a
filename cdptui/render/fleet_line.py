"""The second header line: the problems of all tasks in words, worst first, and the totals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from cdptui.models.aggregates import SHARED_CAUSES, FleetSummary, ProblemCount
from cdptui.render import formatting
from cdptui.render.line_fitting import Measure, cut, cut_text, joined, line_width, spread
from cdptui.render.problem_text import problem_phrase
from cdptui.render.spans import Line, Role, Span
from cdptui.render.statuses import ROLES, SIGNS, status_rank

_SEPARATOR: Final = " · "
_MIN_NAME: Final = 6
"""Cells to which the name of a storage is cut at most."""


def fleet_line(
    fleet: FleetSummary | None, names: Mapping[str, str], width: int, measure: Measure, more_key: str = ""
) -> Line:
    """Return the problems at the left and the totals at the right, in the longest form that fits.

    Problems come first: the totals give way before a problem does, and the last problems before the first. `names` are
    names by UUID, `more_key` is the key that lists what there is no room for. The line is empty before the first list
    was read: zeros would be wrong.
    """
    if fleet is None:
        return ()
    if not fleet.problems:
        calm = [_no_problems(fleet)]
        return _with_totals(calm, fleet, width, measure) or cut(calm, width, measure)
    problems = [_problem_span(problem, names) for problem in fleet.problems]
    worst = fleet.problems[0]
    # For terminals without colours.
    sign = SIGNS[worst.severity]
    glyph = Span(f"{sign} " if sign else "", problems[0].role)
    whole = _with_totals((glyph, *joined(problems, _SEPARATOR)), fleet, width, measure)
    if whole is not None:
        return whole
    for shown in range(len(problems) - 1, 0, -1):
        line = (glyph, *joined([*problems[:shown], _rest(fleet, shown, more_key)], _SEPARATOR))
        if line_width(line, measure) <= width:
            return line
    # Without room for two problems the name of the cause is worth more than the verb.
    more = [Span(_SEPARATOR), _rest(fleet, 1, more_key, verb="")] if len(problems) > 1 else []
    room = width - measure(glyph.text) - line_width(more, measure)
    first = Span(_shortened(worst, names.get(worst.cause_uuid, ""), room, measure), problems[0].role)
    return cut((glyph, first, *more), width, measure)


def _with_totals(left: Sequence[Span], fleet: FleetSummary, width: int, measure: Measure) -> Line | None:
    lines = (spread(left, joined(totals, "   "), width, measure) for totals in _totals(fleet))
    return next((line for line in lines if line is not None), None)


def _rest(fleet: FleetSummary, shown: int, key: str, verb: str = " lists them") -> Span:
    count = sum(problem.count for problem in fleet.problems[shown:])
    return Span(f"{count} more ({key}{verb})" if key else f"{count} more", Role.DIM)


def _problem_span(problem: ProblemCount, names: Mapping[str, str]) -> Span:
    return Span(_problem_text(problem, names.get(problem.cause_uuid, "")), ROLES[problem.severity])


def _problem_text(problem: ProblemCount, name: str) -> str:
    """Return a problem in words: a shared cause with the number of tasks that it affects, else tasks and problem."""
    phrase = problem_phrase(problem.kind, name)
    if problem.kind not in SHARED_CAUSES:
        return f"{problem.count} {phrase}"
    return f"{phrase}: {_tasks(problem.count)} affected"


def _shortened(problem: ProblemCount, name: str, width: int, measure: Measure) -> str:
    """Return a problem in about `width` cells: the name of its cause gives way before the number of tasks does."""
    text = _problem_text(problem, name).removesuffix(" affected")
    excess = measure(text) - width
    if not name or excess <= 0:
        return text
    shorter = cut_text(name, max(_MIN_NAME, measure(name) - excess), measure)
    return _problem_text(problem, shorter).removesuffix(" affected")


def _tasks(count: int) -> str:
    return "1 task" if count == 1 else f"{count} tasks"


def _no_problems(fleet: FleetSummary) -> Span:
    if not fleet.count:
        return Span("No tasks", Role.DIM)
    return Span(f"● No problems in {_tasks(fleet.count)}", Role.OK)


def _totals(fleet: FleetSummary) -> Iterator[list[Span]]:
    """Yield the totals, longest first; at last none."""
    ratio = fleet.used_bytes / fleet.plan_bytes if fleet.plan_bytes else None
    percent = formatting.percent(ratio)
    used, plan = formatting.size(fleet.used_bytes), formatting.size(fleet.plan_bytes)
    whole = Span(f"{used} of {plan} used ({percent})" if ratio is not None else f"{used} used, no plan set")
    yield [Span(_status_counts(fleet), Role.DIM), whole]
    yield [whole]
    if ratio is not None:
        yield [Span(f"{percent} used")]
    yield []


def _status_counts(fleet: FleetSummary) -> str:
    ranked = sorted(fleet.statuses, key=lambda counted: (status_rank(counted[0]), counted[0]))
    return ", ".join(f"{count} {status}" for status, count, _ in ranked)
