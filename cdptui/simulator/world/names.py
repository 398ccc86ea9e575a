"""Names as operators give them: mostly dull, some Chinese, now and then one that breaks a careless screen."""

from __future__ import annotations

from random import Random

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
    """A name for the task with that number; not unique, as on the real server."""
    kind = rng.random()
    if number == 7 or kind > 0.985:
        return _AWKWARD[rng.randrange(len(_AWKWARD))] if number != 7 else _AWKWARD[0]
    if kind > 0.9:
        return rng.choice(_CHINESE) + rng.choice(_CHINESE_TAILS)
    if kind > 0.45:
        return f"cdp-{rng.choice(_SYSTEMS)}-{rng.choice(_ROLES)}"
    return f"cdp-{rng.choice(_SYSTEMS)}-{rng.choice(_ROLES)}-{rng.randrange(1, 20):02d}"


def machine_name(task: str, number: int) -> str:
    """The name of the machine that such a task protects."""
    stem = task.strip().removeprefix("cdp-").removesuffix("-CDP")
    return f"{stem}-{number % 8 + 1:02d}" if stem.isascii() and len(stem) < 40 else stem[:40]


def description(rng: Random) -> str | None:
    """Most tasks have none."""
    return rng.choice(_DESCRIPTIONS) if rng.random() < 0.25 else None
