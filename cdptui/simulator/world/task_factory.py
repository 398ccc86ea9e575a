"""Creates tasks from the fleet's seed: plan, write rate, rhythm and failure rates."""

from __future__ import annotations

import math
from collections.abc import Sequence
from random import Random

from cdptui.simulator.world.resources import GIB, TIB, Machine, Policy, Storage, hex_uuid
from cdptui.simulator.world.task import SimulatedTask

_SYSTEMS = (
    "erp", "crm", "oa", "mail", "hr", "wms", "mes", "bi", "git", "ci", "dns", "ldap", "portal", "pay", "order", "stock",
    "k8s", "harbor", "zabbix", "elk", "redis", "kafka", "mq", "report", "file", "print", "vpn", "sso", "cms", "pacs",
    "lis", "his", "scada", "plm", "sap", "billing", "search", "cache", "proxy", "web",
)  # fmt: skip
_ROLES = ("db", "app", "web", "api", "node", "master", "slave", "test", "prod", "gw", "srv", "mgmt")
_CHINESE = (
    "财务系统",
    "人事系统",
    "核心数据库",
    "门户网站",
    "生产管理",
    "仓储系统",
    "邮件服务器",
    "档案库",
    "监控平台",
    "考勤系统",
    "医院信息系统",
    "电子病历",
)
_CHINESE_TAILS = ("-CDP", "-保护", "-容灾", "-cdp-01", "-备份任务")
_AWKWARD = (
    "cdp-[test]",
    "cdp-🚀-launch",
    "CDP task for the old accounting system of the Hangzhou branch office, keep until the audit is over (ask Wang)",
    "cdp-[/]-[red]db",
    "  cdp-spaces  ",
    "cdp-o'brien & <sons>=1",
    "cdp-שרת-נתונים",
    "cdp-مخدم",
    "cdp-e\u0301cole-日本語ｶﾅ",
    "cdp-👩‍👩‍👧-family",
    "cdp-100%_done",
)
_DESCRIPTIONS = (
    "ERP database",
    "nightly batch host",
    "do not disable",
    "迁移后删除",
    "owner: infra team",
    "等保三级",
    "24x7",
)


def task_name(rng: Random, number: int) -> str:
    """Return a name for the task with that number; not unique, as on the real server."""
    kind = rng.random()
    if number == 7 or kind > 0.985:
        return _AWKWARD[rng.randrange(len(_AWKWARD))] if number != 7 else _AWKWARD[0]
    if kind > 0.9:
        return rng.choice(_CHINESE) + rng.choice(_CHINESE_TAILS)
    if kind > 0.45:
        return f"cdp-{rng.choice(_SYSTEMS)}-{rng.choice(_ROLES)}"
    return f"cdp-{rng.choice(_SYSTEMS)}-{rng.choice(_ROLES)}-{rng.randrange(1, 20):02d}"


def machine_name(task: str, number: int) -> str:
    """Return the name of the VM that a task protects."""
    stem = task.strip().removeprefix("cdp-").removesuffix("-CDP")
    return f"{stem}-{number % 8 + 1:02d}" if stem.isascii() and len(stem) < 40 else stem[:40]


def description(rng: Random) -> str | None:
    """Return a description, or None for three out of four tasks."""
    return rng.choice(_DESCRIPTIONS) if rng.random() < 0.25 else None


_PLANS = (50, 100, 100, 150, 200, 200, 300, 500, 500, 800, 1024, 1024, 2048, 3072, 4096)
_TARGETS_MS = (600_000,) * 8 + (300_000, 900_000, 1_800_000, 60_000)
_BANDWIDTHS = (0, 0, 104_857_600, 104_857_600, 52_428_800, 209_715_200)
_YEAR_S = 364 * 86400.0

LARGEST_PLAN = 4 * TIB
_TIGHT_SHARE = 0.13
_NO_PLAN_EVERY = 40
_NO_MACHINE_EVERY = 45
_EDGE_EVERY = 25
"""One task of this many is in the branch office. A random choice would sometimes put a tenth of the fleet there."""


class TaskFactory:
    """Creates tasks in sequence; the same seed gives the same tasks."""

    def __init__(self, rng: Random, policies: Sequence[Policy], storages: Sequence[Storage]) -> None:
        self._rng = rng
        self._policies = policies
        self._edge, *self._big = storages
        self._made = 0

    def create(self, wall: float, *, is_new: bool) -> SimulatedTask:
        """Create a task as of a wall-clock time: new, or up to a year old."""
        rng = self._rng
        number = self._made
        self._made += 1
        name = task_name(rng, number)
        created = wall if is_new else wall - rng.random() ** 0.7 * _YEAR_S - 3600
        plan = rng.choice(_PLANS) * GIB
        pace, floor, keep, merge_every = self._growth_profile(plan)
        task = SimulatedTask(
            uuid=hex_uuid(rng),
            name=name,
            description=description(rng),
            policy=self._policies[min(2, int(rng.random() * 3.2))],
            storage=self._edge if number % _EDGE_EVERY == _EDGE_EVERY - 1 else rng.choice(self._big),
            machine=self._machine(name, number, created),
            bandwidth=rng.choice(_BANDWIDTHS),
            plan=0 if number % _NO_PLAN_EVERY == _NO_PLAN_EVERY // 2 else plan,
            max_latency=rng.choice(_TARGETS_MS),
            created=created,
            changed=created + (wall - created) * rng.random(),
            seed=rng.getrandbits(64),
            rhythm=rng.randrange(3),
            pace=pace,
            floor=floor,
            keep=keep,
            merge_every=merge_every,
            base_latency=int(700 * math.exp(rng.random() * 2.6)),
        )
        journal = self._journal(task)
        task.used = floor * 0.02 if is_new else floor + journal * (keep + (1 - keep) * rng.random())
        return task

    def _growth_profile(self, plan: int) -> tuple[float, float, float, int]:
        """Return pace (bytes per hour), floor, keep and hours between merges of a task whose size is stable over time.

        A merge removes (1 - keep) of the journal, so the journal oscillates around pace * hours / (1 - keep).
        """
        rng = self._rng
        if rng.random() < _TIGHT_SHARE:
            days = 2.5 + rng.random() * 6
            return plan * 0.55 / (days * 24), plan * 0.4, 0.93, 30
        share_a_day = 0.0004 * math.exp(rng.random() * 5.2)
        hours = 18 + rng.randrange(42)
        keep = 0.3 + rng.random() * 0.3
        fill = 0.3 + rng.random() * 0.48 if rng.random() < 0.86 else 0.8 + rng.random() * 0.13
        journal = min(share_a_day * hours / 24 / (1 - keep), fill * 0.6)
        return plan * journal * (1 - keep) / hours, plan * (fill - journal * 0.8), keep, hours

    def _journal(self, task: SimulatedTask) -> float:
        if task.keep > 0.9:
            return self._rng.random() * 0.5 * (task.floor / 0.4)
        return task.pace * task.merge_every / (1 - task.keep)

    def _machine(self, task: str, number: int, created: float) -> Machine | None:
        rng = self._rng
        uuid, seed, chance = hex_uuid(rng), rng.getrandbits(62), rng.random()
        if number % _NO_MACHINE_EVERY == _NO_MACHINE_EVERY // 4:
            return None
        state = "Running" if chance < 0.95 else ("Stopped" if chance < 0.985 else "Paused")
        return Machine(uuid, machine_name(task, number), seed, state, created - 86400.0 * rng.randrange(1, 200))
