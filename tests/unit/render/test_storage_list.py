from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from cdptui.models.aggregates import GroupSummary
from cdptui.models.capacity import GrowthRate
from cdptui.models.failure import Failure, FailureKind
from cdptui.models.inventory import BackupStorage, FetchState
from cdptui.models.severity import Severity
from cdptui.models.storages import StorageSummary, summarize_storage
from cdptui.render.columns import BY_KEY
from cdptui.render.spans import plain_text
from cdptui.render.storage_list import (
    STORAGE_COLUMNS,
    ListContext,
    StorageOrder,
    heading_line,
    hidden_lines,
    note_lines,
    place_storage_columns,
    sort_storages,
    storage_line,
    storage_order,
)
from cdptui.render.tabs.group import group_lines
from cdptui.render.task_cells import CellContext
from cdptui.tui.keymap import DEFAULT_KEYMAP
from tests.doubles import EPOCH, GIB
from tests.unit.models.test_storages import TRUSTED_S, a_storage, growing
from tests.unit.render.rows import a_row

NAMES = {"s-1": "backup-server-wenzhou"}
LISTED: FetchState[Mapping[str, BackupStorage]] = FetchState(value={}, fetched_at=1.0)


def figures(summary: StorageSummary) -> dict[str, str]:
    return {column.key: plain_text(column.cell(summary, NAMES)) for column in STORAGE_COLUMNS}


def notes(*summaries: StorageSummary, fetch: FetchState[Mapping[str, BackupStorage]] = LISTED) -> str:
    return "\n".join(
        plain_text(line) for line in note_lines(summaries, ListContext(NAMES, DEFAULT_KEYMAP.labels, fetch), 200)
    )


def test_a_storage_shows_all_its_figures() -> None:
    assert figures(growing(10, TRUSTED_S, name="", available_bytes=15 * GIB)) == {
        "name": "backup-server-wenzhou",
        "connection": "● Connected",
        "capacity": "1000 GiB",
        "use": "98%",
        "free": "15 GiB",
        "planned": "100 GiB",
        "spare": "−5 GiB",
        "growth": "+10 GiB/h",
        "full-in": "1 h",
        "tasks": "1",
        "unhealthy": "0",
    }


@pytest.mark.parametrize(
    ("summary", "said"),
    [
        (summarize_storage("gone", [a_row()]), {"name": "gone", "connection": "? not listed"}),
        (growing(1, TRUSTED_S, status=None), {"connection": "◔ not known"}),
        (growing(1, 60.0), {"growth": "~1 GiB/h", "full-in": "~20 d"}),
        (summarize_storage("s-1", [a_row()], a_storage()), {"growth": "–", "full-in": "–", "spare": "440 GiB"}),
        (growing(1, TRUSTED_S, available_bytes=0), {"full-in": "full"}),
        (growing(0.01, TRUSTED_S), {"full-in": "> 1 y"}),
        (growing(0.01, 60.0), {"growth": "~10.2 MiB/h", "full-in": "> 1 y"}),
        (summarize_storage("", [a_row()]), {"name": "no storage reported", "connection": ""}),
    ],
)
def test_what_is_unknown_or_not_reliable_says_so(summary: StorageSummary, said: dict[str, str]) -> None:
    shown = figures(summary)
    assert {key: shown[key] for key in said} == said


@pytest.mark.parametrize("storage", [None, a_storage(total_bytes=None, available_bytes=None)])
def test_unknown_capacity_is_never_shown_as_zero(storage: BackupStorage | None) -> None:
    shown = figures(summarize_storage("s-1", [a_row(growth=GrowthRate(1.0, TRUSTED_S))], storage))
    assert (shown["capacity"], shown["free"]) == ("not known", "not known")
    assert (shown["spare"], shown["use"], shown["full-in"]) == ("–", "–", "–")


def test_notes_name_what_is_missing_and_why() -> None:
    denied = Failure(FailureKind.PERMISSION_DENIED, "no", url="")
    assert notes(growing(1, TRUSTED_S)) == ""
    assert "1 storage has tasks, but is not listed" in notes(summarize_storage("gone", [a_row()]))
    assert "Capacity not known" in notes(growing(1, TRUSTED_S, available_bytes=None))
    assert "~ not reliable" in notes(growing(1, 60.0))
    assert "Storages: no permission" in notes(growing(1, TRUSTED_S), fetch=FetchState(failure=denied))
    assert "Loading storages" in notes(fetch=FetchState())
    assert "more storages than it listed" in notes(fetch=FetchState(value={}, fetched_at=1.0, is_partial=True))
    assert "came from a cache and were 2 min old on arrival" in notes(
        fetch=FetchState(value={}, fetched_at=1.0, cached_s=120.0)
    )
    assert "cache" not in notes(fetch=FetchState(value={}, fetched_at=1.0, cached_s=60.0))


WORST_FIRST = [
    growing(1, TRUSTED_S, name="b-away", status="Disconnected"),
    growing(100, TRUSTED_S, name="a-full-in-5h"),
    growing(10, TRUSTED_S, name="c-full-in-50h"),
    growing(0, TRUSTED_S, name="d-fine"),
    summarize_storage("s-1", [], a_storage("e-empty")),
]


def sorted_names(storages: Sequence[StorageSummary], order: StorageOrder) -> list[str]:
    return [plain_text(STORAGE_COLUMNS[0].cell(storage, {})) for storage in sort_storages(storages, order, {})]


def test_storages_are_sorted_worst_first_the_more_urgent_one_before() -> None:
    in_order = ["b-away", "a-full-in-5h", "c-full-in-50h", "d-fine", "e-empty"]
    assert sorted_names(WORST_FIRST[::-1], storage_order()) == in_order


@pytest.mark.parametrize("column", [column.key for column in STORAGE_COLUMNS])
@pytest.mark.parametrize("is_inverted", [False, True])
def test_any_column_sorts_and_unknown_values_come_last(column: str, *, is_inverted: bool) -> None:
    storages = {f"s-{at}": summary for at, summary in enumerate(WORST_FIRST)}
    renamed = [StorageSummary(uuid, summary.tasks, summary.storage) for uuid, summary in storages.items()]
    order = storage_order(column, is_inverted=is_inverted)
    value = next(entry for entry in STORAGE_COLUMNS if entry.key == column).sort_value
    values = [value(summary, {}) for summary in sort_storages(renamed, order, {})]
    known = [found for found in values if found is not None]
    assert values[: len(known)] == sorted(known, reverse=order.is_descending)


def test_next_column_walks_all_columns_and_returns_to_worst_first() -> None:
    order, seen = storage_order(), []
    for _ in range(len(STORAGE_COLUMNS) + 1):
        seen.append(order.key)
        order = order.next_column(1)
    assert seen == ["health", *(column.key for column in STORAGE_COLUMNS)]
    assert order == storage_order()


@pytest.mark.parametrize("width", [40, 58, 78, 118, 198])
@pytest.mark.parametrize("column", ["health", *(column.key for column in STORAGE_COLUMNS)])
def test_every_figure_is_on_screen_at_every_width_and_the_sort_column_with_its_arrow(width: int, column: str) -> None:
    order = storage_order(column)
    placed = place_storage_columns(width, order)
    summary = growing(10, TRUSTED_S)
    heading, line = plain_text(heading_line(placed, order)), plain_text(storage_line(summary, placed, NAMES))
    below = [plain_text(text) for text in hidden_lines(summary, placed, NAMES, width)]
    assert all(cell_len(text) <= width for text in (heading, line, *below))
    assert ("▼" in heading) != ("▲" in heading)
    shown = " ".join((line, *below))
    for key, text in figures(summary).items():
        assert text in shown or key == "name", key


def test_all_columns_fit_beside_each_other_at_120_cells() -> None:
    assert len(place_storage_columns(118, storage_order())) == len(STORAGE_COLUMNS)


@settings(max_examples=100)
@given(
    st.none() | st.integers(0, 2**60),
    st.none() | st.integers(0, 2**60),
    st.floats(0, 1e12),
    st.integers(0, 99_999),
    st.text("a财\u0301", max_size=40),
)
def test_figures_of_any_storage_fit_their_columns(
    total: int | None, free: int | None, rate: float, count: int, name: str
) -> None:
    tasks = GroupSummary(
        "storage", "s-1", count, count, Severity.WARNING, growth_bytes_per_s=rate, committed_bytes=2**60
    )
    summary = StorageSummary("s-1", tasks, a_storage(name, total_bytes=total, available_bytes=free))
    placed = place_storage_columns(118, storage_order())
    assert cell_len(plain_text(storage_line(summary, placed, {}))) == cell_len(
        plain_text(heading_line(placed, storage_order()))
    )
    for column in STORAGE_COLUMNS[1:]:
        assert cell_len(plain_text(column.cell(summary, {}))) <= column.width, column.key


def test_group_by_storage_says_the_same_as_the_list_of_storages() -> None:
    growth = GrowthRate(10 * GIB / 3600, TRUSTED_S)
    rows = [a_row("a", used_bytes=80 * GIB, growth=growth), a_row("no plan", used_bytes=0, plan_bytes=0, growth=growth)]
    summary = summarize_storage("s-1", rows, a_storage(available_bytes=15 * GIB))
    context, shown = CellContext(EPOCH, NAMES, storages={"s-1": summary}), figures(summary)

    def cell(key: str) -> str:
        group_cell = BY_KEY[key].group_cell
        assert group_cell is not None
        return plain_text(group_cell(summary.tasks, context))

    assert (cell("plan"), cell("growth"), cell("full-in")) == (shown["planned"], shown["growth"], shown["full-in"])
    assert cell("protects") == "15 GiB free"
    pane = {text[:14].strip(): text[14:] for text in map(plain_text, group_lines(summary.tasks, context))}
    assert pane["used"] == f"80 GiB of {shown['planned']} planned"
    for key in ("connection", "capacity", "use", "free", "planned", "spare", "growth", "full-in"):
        assert pane[key.replace("full-in", "full in")] == shown[key], key


@pytest.mark.parametrize(
    ("summary", "problem"),
    [
        (growing(0, TRUSTED_S), ""),
        (growing(10, TRUSTED_S), "full in 2 d"),
        (growing(10, TRUSTED_S, available_bytes=0), "storage full"),
        (growing(0, TRUSTED_S, status="Disconnected"), "disconnected"),
        (growing(0, TRUSTED_S, available_bytes=50 * GIB), "95% used"),
        (growing(0, TRUSTED_S, total_bytes=100 * GIB, available_bytes=15 * GIB), "over-commit 5 GiB"),
        (growing(0, TRUSTED_S, state="Disabled"), "state Disabled"),
        (summarize_storage("s-1", [a_row()]), "storage not listed"),
    ],
)
def test_group_by_storage_names_the_worst_problem_of_the_storage(summary: StorageSummary, problem: str) -> None:
    group_cell = BY_KEY["problem"].group_cell
    assert group_cell is not None
    context = CellContext(EPOCH, NAMES, storages={"s-1": summary})
    assert plain_text(group_cell(summary.tasks, context)) == problem
