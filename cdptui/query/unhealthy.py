"""What is not as it should be: one expression, for the key that shows nothing else."""

from __future__ import annotations

from typing import Final

from cdptui.models.severity import Severity
from cdptui.query.expression import And, Comparison, Expression, Level, Operator, Or, Text

UNHEALTHY: Final[Expression] = Or(
    (
        Comparison("severity", Operator.AT_LEAST, Level(Severity.WARNING)),
        Comparison("reason", Operator.DIFFERENT, Text("none")),
    )
)


def unhealthy(expression: Expression | None) -> Expression:
    """What is not as it should be, of what an expression means."""
    return UNHEALTHY if expression is None else And((UNHEALTHY, expression))
