"""Settings of a simulated management node: address, size of the fleet, server version and accounts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """Differences between server generations. The defaults are those of a 5.2 server."""

    java9_dates: bool = False
    """A comma after the year in dates, as the server prints them on Java 9 and newer."""
    float_numbers: bool = False
    """Numbers of tasks as Java doubles (`1.048576E8`), as the vendor's examples show them."""
    latency: Literal["lastLatency", "currentLatency", "absent"] = "lastLatency"
    """Name of the RPO field: `lastLatency` since 4.4.24, `currentLatency` in 4.4.8 builds; older ones have neither the
    RPO nor its target."""
    statuses: Literal["all", "no-stopping", "basic"] = "all"
    """Statuses that the server knows: all eight, without `Stopping` as most released servers, or also without
    `DataMerging` as before 4.7.11. A task in a status that the server does not know is `Running`."""
    extra_fields: bool = False
    """Add `scene`, a field of a development branch that no released client knows."""
    newer_errors: bool = False
    """Error codes with globalErrorCode, retryable and httpStatus, localized by Accept-Language."""
    locale: Literal["zh_CN", "en_US"] = "zh_CN"
    """Language of the `details` of errors; the real server's default is Chinese."""
    check_time_zone: bool = False
    """For access keys: compare moments. If off (the vendor's default), wall-clock times are compared without zones."""
    unique_session: bool = False
    """A login ends the older sessions of the same account."""


@dataclass(frozen=True, kw_only=True)
class SimulatorSettings:
    """One node and its fleet."""

    host: str = "127.0.0.1"
    port: int = 8080
    """0 is any free port."""
    control: bool = False
    """Serve the control endpoint, to loopback only. If off, its paths are 404."""
    tasks: int = 60
    """Number of tasks at the start, up to 100,000. It later varies by up to ten percent."""
    seed: int = 1
    speed: float = 1.0
    """Speed of fleet time relative to the wall clock. Dates in responses remain wall-clock times."""
    past_minutes: int = 0
    """Fleet minutes before the start in which the fleet has lived already: its first problems came about in them, and
    the `now` of the node may be moved through them. 0: the fleet is new."""
    account: str = "admin"
    password: str = field(default="password", repr=False)
    user: str = "operator"
    """A user of the account. It, `virtual_id` and `ldap_uid` have the account's password."""
    virtual_id: str = "virtual-operator"
    """An IAM2 user."""
    ldap_uid: str = "directory-operator"
    project: str = "production"
    """The only IAM2 project."""
    two_factor_code: str | None = field(default=None, repr=False)
    """The six-digit code that every login must contain; None for no second factor."""
    login_control: Literal["off", "captcha", "lock"] = "off"
    """Effect of six failed logins of one name: none, a captcha, or a lock of ten minutes."""
    access_key_id: str = "CDPTUISIMULATOR01"
    access_key_secret: str = field(default="secret0123456789", repr=False)
    access_key_owner: str | None = None
    """Account of the key; None for `account`. Any other is a normal account, which is denied every API."""
    session_timeout_s: float = 7200.0
    """Seconds until an unused session expires; every authenticated call renews it."""
    web_hook_retry_s: float = 2.0
    """Seconds between two tries to post the result of a job to a web hook."""
    zone: str = "Asia/Shanghai"
    """Time zone of the server's JVM. Dates in responses do not contain it."""
    version: str = "5.2.1"
    dialect: Dialect = field(default_factory=Dialect)
