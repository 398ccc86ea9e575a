"""Settings of a simulated management node: address, size of the fleet, server version and accounts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """Switches for what differs between server generations. The defaults are a 5.2 server."""

    java9_dates: bool = False
    """A comma after the year, as the same code prints on Java 9 and newer."""
    float_numbers: bool = False
    """Numbers of tasks as Java doubles (`1.048576E8`), as the vendor's examples show them."""
    latency: Literal["lastLatency", "currentLatency", "absent"] = "lastLatency"
    """Name of the RPO field: 4.4.24 and newer, 4.4.8 builds, and older ones without it or its target."""
    extra_fields: bool = False
    """Adds `scene`, a field of a development branch that no released client knows."""
    newer_errors: bool = False
    """Error codes with globalErrorCode, retryable and httpStatus, localized by Accept-Language."""
    locale: Literal["zh_CN", "en_US"] = "zh_CN"
    """Language of the `details` of errors; the real server's default is Chinese."""
    check_time_zone: bool = False
    """Access keys: compare moments. Off (the vendor's default), the zone is dropped and wall clocks are compared."""
    unique_session: bool = False
    """A new login ends the older sessions of the same account."""


@dataclass(frozen=True, kw_only=True)
class SimulatorSettings:
    """One node and its fleet."""

    host: str = "127.0.0.1"
    port: int = 8080
    """0 is any free port."""
    control: bool = False
    """Serve the control endpoint, to loopback only. Off, its paths are unknown like any other."""
    tasks: int = 60
    """Number of tasks at the start, exactly; later within ten percent of it. Up to 100,000."""
    seed: int = 1
    speed: float = 1.0
    """The fleet's time runs this many times as fast as the wall clock. Dates on the wire stay wall-clock moments."""
    account: str = "admin"
    password: str = field(default="password", repr=False)
    user: str = "operator"
    """A user of the account. It and the two below have the account's password."""
    virtual_id: str = "virtual-operator"
    """An IAM2 user."""
    ldap_uid: str = "directory-operator"
    project: str = "production"
    """The one IAM2 project."""
    two_factor_code: str | None = field(default=None, repr=False)
    """The six digits that every login must bring; None is no second factor."""
    login_control: Literal["off", "captcha", "lock"] = "off"
    """After six failures of one name: nothing, a captcha, or ten minutes locked."""
    access_key_id: str = "CDPTUISIMULATOR01"
    access_key_secret: str = field(default="secret0123456789", repr=False)
    access_key_owner: str | None = None
    """Account that the key belongs to; None is `account`. Any other is a normal one, to which all is denied."""
    session_timeout_s: float = 7200.0
    """Sliding: every authenticated call renews the session."""
    zone: str = "Asia/Shanghai"
    """Zone of the server's Java machine: dates on the wire have no zone of their own."""
    version: str = "5.2.1"
    dialect: Dialect = field(default_factory=Dialect)
