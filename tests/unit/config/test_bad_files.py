"""Invalid configuration files: every problem is reported with file, line and suggestion."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdptui.config.errors import InvalidConfigError
from cdptui.config.loader import load_config
from cdptui.config.schema import ConfigSchema
from cdptui.config.validation import validate
from tests.unit.config.files import loaded, words

NO_SECRETS = (
    "is not allowed: secrets do not belong in this file; use one of password_command, password_file, keyring, "
    "session_file, access_key_file in [profiles.prod.auth]"
)
NO_CREDENTIALS = "a URL must not contain credentials; use --account and a password prompt, file or pipe"
COMMAND = "a command: text, or a list of program and arguments"
VIEW = "a saved view: its number, 1 to 9, or its name"
ACCENTS = "red, orange, yellow, green, cyan, blue, purple, grey"
PROD = '[profiles.prod]\nurl = "node"\n'
EVERY_KIND = """\
foo = 1
default_profile = "nope"
[profiles.one]
url = "ftp://x"
interval = 0.2
[profiles.two]
[keys]
bogus = "Q"
[ui]
columns = ["nope"]
"""

BAD = {
    "a key that was mistyped": (
        PROD + "\nintervall = 3\n",
        ["4: unknown key 'intervall' in [profiles.prod]; did you mean 'interval'?"],
    ),
    "a key that is like nothing": (PROD + "zzz = 3\n", ["3: unknown key 'zzz' in [profiles.prod]"]),
    "a table that was mistyped": ("[loog]\n", ["1: unknown key 'loog'; did you mean 'log'?"]),
    "a key of another table": (
        PROD + 'ca_file = "x"\n',
        ["3: unknown key 'ca_file' in [profiles.prod]; it belongs in [profiles.prod.tls]"],
    ),
    "text for a number": (
        PROD + 'interval = "ten"\n',
        ["3: 'interval' in [profiles.prod] must be seconds from 1 to 3600, not 'ten'"],
    ),
    "a number for text": ("default_profile = 3\n", ["1: 'default_profile' must be text, not 3"]),
    "a truth for a number": (
        "[defaults]\ntimeout = true\n",
        ["2: 'timeout' in [defaults] must be seconds from 0.1 to 300, not true"],
    ),
    "a number for a truth": ("[ui]\n\nmouse = 1\n", ["3: 'mouse' in [ui] must be true or false, not 1"]),
    "a date for text": (PROD + "account = 2026-01-01\n", ["3: 'account' in [profiles.prod] must be text, not a date"]),
    "empty text": (PROD + 'account = ""\n', ["3: 'account' in [profiles.prod] must be text, not empty text"]),
    "a number too small": (
        "[defaults]\ninterval = 0.5\n",
        ["2: 'interval' in [defaults] must be seconds from 1 to 3600, not 0.5"],
    ),
    "a number that is none": (
        "[defaults]\ninterval = nan\n",
        ["2: 'interval' in [defaults] must be seconds from 1 to 3600, not nan"],
    ),
    "a word that is not offered": (
        PROD + 'accent = "pink"\n',
        [f"3: 'accent' in [profiles.prod] must be one of {ACCENTS}, not 'pink'"],
    ),
    "a table that is none": ("ui = 3\n", ["1: 'ui' must be a table, not a number"]),
    "a profile that is none": ("[profiles]\nprod = 3\n", ["2: 'prod' in [profiles] must be a table, not a number"]),
    "profiles that are none": ("profiles = 3\n", ["1: 'profiles' must be a table, not a number"]),
    "a password": (PROD + 'password = "hunter2"\n', [f"3: 'password' in [profiles.prod] {NO_SECRETS}"]),
    "a password in an inline table": (
        PROD + 'auth = { password = "hunter2" }\n',
        [f"3: 'password' in [profiles.prod.auth] {NO_SECRETS}"],
    ),
    "a session": (
        PROD + '[profiles.prod.auth]\nsession = "hunter2"\n',
        [f"4: 'session' in [profiles.prod.auth] {NO_SECRETS}"],
    ),
    "a password as something else": (
        PROD + '[profiles.prod.auth]\nkeyring = "hunter2"\n',
        ["4: 'keyring' in [profiles.prod.auth] must be true or false, not text"],
    ),
    "two ways to log in": (
        PROD + '[profiles.prod.auth]\nkeyring = true\npassword_file = "f"\n',
        ["4: 'password_file' and 'keyring' in [profiles.prod.auth] exclude each other"],
    ),
    "a command without words": (
        PROD + "[profiles.prod.auth]\npassword_command = []\n",
        [
            f"4: 'password_command' in [profiles.prod.auth] must be {COMMAND}, not an empty list",
        ],
    ),
    "a command that is empty": (
        PROD + '[profiles.prod.auth]\npassword_command = ""\n',
        [f"4: 'password_command' in [profiles.prod.auth] must be {COMMAND}, not empty text"],
    ),
    "a command that is blank": (
        PROD + '[profiles.prod.auth]\npassword_command = " "\n',
        ["4: 'password_command' in [profiles.prod.auth] does not name a program"],
    ),
    "a command of blank words": (
        PROD + '[profiles.prod.auth]\npassword_command = [" ", "x"]\n',
        ["4: 'password_command' in [profiles.prod.auth] does not name a program"],
    ),
    "a view that no number has": (PROD + "view = 77\n", [f"3: 'view' in [profiles.prod] must be {VIEW}, not 77"]),
    "a view of number nothing": ("[defaults]\nview = 0\n", [f"2: 'view' in [defaults] must be {VIEW}, not 0"]),
    "a view without a name": ('[defaults]\nview = ""\n', [f"2: 'view' in [defaults] must be {VIEW}, not empty text"]),
    "a key without its certificate": (
        PROD + '[profiles.prod.tls]\nclient_key = "k"\n',
        ["4: 'client_key' in [profiles.prod.tls] needs a 'client_cert'"],
    ),
    "a bad url": (
        '[profiles.prod]\nurl = "ftp://node"\n',
        ["2: 'url' in [profiles.prod]: invalid URL 'ftp://node': the scheme must be http or https"],
    ),
    "a password in a url": (
        '[profiles.prod]\nurl = "http://me:hunter2@node"\n',
        [
            f"2: 'url' in [profiles.prod]: {NO_CREDENTIALS}",
        ],
    ),
    "a profile without a url": ("[profiles.prod]\ninterval = 3\n", ["1: profile 'prod' has no url"]),
    "a bad name": (
        '[profiles."a b"]\nurl = "node"\n',
        ["1: a profile name has at most 40 letters, digits, '.', '_' and '-'; not 'a b'"],
    ),
    "an unknown profile": (
        'default_profile = "prd"\n' + PROD,
        ["1: default_profile: unknown profile 'prd'; did you mean 'prod'?"],
    ),
    "an unknown theme": (
        '[ui]\ntheme = "drak"\n',
        ["2: unknown theme 'drak', available: dark, light; did you mean 'dark'?"],
    ),
    "an unknown column": (
        '[ui]\ncolumns = [\n  "name",\n  "satus",\n]\n',
        ["2: unknown column 'satus'; did you mean 'status'?"],
    ),
    "a list of other things": (
        "[ui]\ncolumns = [1]\n",
        ["2: 'columns' in [ui] must be a list of column names, not this list"],
    ),
    "an unknown action": ('[keys]\nqiut = "Q"\n', ["2: unknown action 'qiut'; did you mean 'quit'?"]),
    "an unknown key": ('[keys]\nquit = "ctlr+q"\n', ["2: 'quit' in [keys]: unknown key 'ctlr+q'"]),
    "no key at all": ('[keys]\nquit = " "\n', ["2: 'quit' in [keys] needs a key"]),
    "a key that another action has": ('[keys]\nhelp = "h q"\n', ["2: key 'q' is assigned to both 'quit' and 'help'"]),
    "a key that another action is given": (
        '[keys]\nhelp = "f2"\nquit = ["f2"]\n',
        ["3: key 'f2' is assigned to both 'help' and 'quit'"],
    ),
    "a key under another name": ('[keys]\nquit = "?"\n', ["2: key '?' is assigned to both 'help' and 'quit'"]),
    "no TOML": ("a = 1\nb =\n", ["2: invalid TOML: Invalid value (column 4)"]),
    "an end too soon": ('a = """x\n\n', ["2: invalid TOML: Unterminated string"]),
    "the same key twice": (
        "[ui]\nmouse = true\nmouse = true\n",
        ["3: invalid TOML: Cannot overwrite a value (column 13)"],
    ),
    "everything at once, in the order of the file": (
        'default_profile = 1\n[ui]\nmouse = 2\ntheme = 3\n[log]\nlevel = "loud"\n',
        [
            "1: 'default_profile' must be text, not 1",
            "3: 'mouse' in [ui] must be true or false, not 2",
            "4: 'theme' in [ui] must be text, not 3",
            "6: 'level' in [log] must be one of debug, info, warning, error, not 'loud'",
        ],
    ),
    "everything at once, of whatever kind": (
        EVERY_KIND,
        [
            "1: unknown key 'foo'",
            "2: default_profile: unknown profile 'nope'",
            "4: 'url' in [profiles.one]: invalid URL 'ftp://x': the scheme must be http or https",
            "5: 'interval' in [profiles.one] must be seconds from 1 to 3600, not 0.2",
            "6: profile 'two' has no url",
            "8: unknown action 'bogus'",
            "10: unknown column 'nope'; o in the program lists them",
        ],
    ),
    "a url that is none, and is there": (
        "[profiles.prod]\nurl = 3\n",
        ["2: 'url' in [profiles.prod] must be text, not 3"],
    ),
    "a url for all that is none": (
        "[defaults]\nurl = 3\n[profiles.prod]\n",
        ["2: 'url' in [defaults] must be text, not 3"],
    ),
    "a profile that is none, and is named": (
        'default_profile = "prod"\n[profiles]\nprod = 3\n',
        ["3: 'prod' in [profiles] must be a table, not a number"],
    ),
    "a certificate that is none": (
        PROD + "[profiles.prod.tls]\nclient_cert = 3\nclient_key = 'k'\n",
        ["4: 'client_cert' in [profiles.prod.tls] must be a file name, not 3"],
    ),
    "a key that is free once another is right": (
        '[keys]\nquit = 3\nhelp = "q"\n',
        ['2: \'quit\' in [keys] must be keys: text such as "x" or "x ctrl+x", or a list, not 3'],
    ),
    "text that a terminal would act upon": ('"\\u001b[31m" = 1\n', ["1: unknown key '␛[31m'"]),
}


@pytest.mark.parametrize(("text", "expected"), BAD.values(), ids=BAD)
def test_problem_is_reported_with_its_line(tmp_path: Path, text: str, expected: list[str]) -> None:
    with pytest.raises(InvalidConfigError) as caught:
        loaded(tmp_path, text)
    assert list(caught.value.problems) == [f"{tmp_path / 'config.toml'}:{line}" for line in expected]
    assert "hunter2" not in str(caught.value)


def test_problems_of_both_files_are_reported(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfigError) as caught:
        loaded(tmp_path, "a = 1\n", "b = 1\n")
    assert [problem.partition(": ")[0] for problem in caught.value.problems] == [
        f"{tmp_path / 'etc.toml'}:1",
        f"{tmp_path / 'config.toml'}:1",
    ]


def test_key_assigned_in_the_system_file_is_in_use(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfigError, match="key 'f2' is assigned to both 'help' and 'quit'"):
        loaded(tmp_path, '[keys]\nquit = "f2"\n', '[keys]\nhelp = "f2"\n')


@pytest.mark.parametrize("view", ["1", "9", '"my own"', '"9"'])
def test_view_setting_is_a_number_or_a_name(tmp_path: Path, view: str) -> None:
    (file,) = loaded(tmp_path, f"[defaults]\nview = {view}\n").files
    assert repr(file.content.defaults.view) == view.replace('"', "'")


def test_rejected_values_do_not_hide_those_of_another_file(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfigError) as caught:
        loaded(
            tmp_path, '[keys]\nhelp = "f2"\nquit = "j"\nbogus = "z"\n', '[keys]\nquit = "f2"\nbogus = "b"\ndown = 3\n'
        )
    assert [problem.removeprefix(f"{tmp_path}/") for problem in caught.value.problems] == [
        "etc.toml:3: unknown action 'bogus'",
        'etc.toml:4: \'down\' in [keys] must be keys: text such as "x" or "x ctrl+x", or a list, not 3',
        "config.toml:4: unknown action 'bogus'",
    ]


def test_unreadable_file_suppresses_missing_value_problems(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfigError) as caught:
        loaded(tmp_path, 'default_profile = "prod"\nfoo = 1\n', "=")
    assert [problem.partition(": ")[0].removeprefix(f"{tmp_path}/") for problem in caught.value.problems] == [
        "etc.toml:1",
        "config.toml:2",
    ]


def test_keys_may_change_places(tmp_path: Path) -> None:
    assert loaded(tmp_path, '[keys]\nquit = "x"\nprofile = "q"\n').keys == {"quit": ["x"], "profile": ["q"]}


def test_shared_default_key_can_be_reassigned_but_not_to_a_third_action(tmp_path: Path) -> None:
    assert loaded(tmp_path, '[keys]\ntop = "t u"\n').keys == {"top": ["t", "u"]}
    with pytest.raises(InvalidConfigError, match="key 't' is assigned to both 'top' and 'help'"):
        loaded(tmp_path, '[keys]\nhelp = "t"\n')


@pytest.mark.parametrize(
    ("content", "mode", "why"),
    [
        pytest.param(b"\xff\n", 0o600, ":1: not UTF-8 text", id="no text"),
        pytest.param(b"", 0o602, " is writable by others: chmod o-w ", id="writable by all"),
        pytest.param(b"#" * ((1 << 20) + 1), 0o600, "it is larger than 1 MiB", id="endless"),
        pytest.param(None, 0, ": No such file or directory", id="named and not there"),
    ],
)
def test_unreadable_file_is_reported(tmp_path: Path, content: bytes | None, mode: int, why: str) -> None:
    path = tmp_path / "config.toml"
    if content is not None:
        path.write_bytes(content)
        path.chmod(mode)
    with pytest.raises(InvalidConfigError) as caught:
        load_config(path, words, system=tmp_path / "nowhere")
    (problem,) = caught.value.problems
    assert why in problem


DEEP = {
    "brackets": ("[ui]\ncolumns = " + "[" * 100_000, 2),
    "closed brackets": ("x = " + "[" * 100_000 + "]" * 100_000, 1),
    "inline tables": ("\n\nx = " + "{a = " * 20_000, 3),
    "a dotted key": ("a" + ".a" * 50_000 + " = 1\n", 1),
    "a dotted key with quotes": ('"a"' + " . 'a'" * 20_000 + " = 1\n", 1),
    "a dotted header": ("[a" + ".a" * 50_000 + "]\n", 1),
    "a dotted key in an inline table": ("\nx = {a" + ".a" * 50_000 + " = 1}\n", 2),
}


@pytest.mark.parametrize(("text", "line"), DEEP.values(), ids=DEEP)
def test_too_deep_nesting_is_rejected_with_its_line(tmp_path: Path, text: str, line: int) -> None:
    with pytest.raises(InvalidConfigError) as caught:
        loaded(tmp_path, text)
    assert str(caught.value) == f"{tmp_path / 'config.toml'}:{line}: nested deeper than 16 levels"


@pytest.mark.parametrize(
    "value",
    [
        "[" * 16 + "]" * 16,
        f"'{'[' * 50}'",
        f'"""{"[" * 50}{"." * 50}\\""" {{"""',
        f"'''{'{' * 50}'''",
        f"1  # {'[' * 50}",
        "[" + "[], " * 50 + "]",
        "[" + "1.5, " * 50 + "]",
    ],
)
def test_brackets_in_strings_and_comments_are_not_nesting(tmp_path: Path, value: str) -> None:
    with pytest.raises(InvalidConfigError, match="unknown key 'zzz'"):
        loaded(tmp_path, f"zzz = {value}\n")


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"k{number} = 1\n" for number in range(50_000)),
        "[ui]\ncolumns = [\n" + '"x",\n' * 50_000 + "]\n",
        "[keys]\n" + "".join(f'k{number} = "q"\n' for number in range(30_000)),
        "[keys]\nquit = '" + " ".join(f"k{number}" for number in range(100_000)) + "'\n",
        "".join(f"[profiles.p{number}]\n" for number in range(10_000)),
    ],
)
def test_thousands_of_problems_are_not_listed(tmp_path: Path, text: str) -> None:
    with pytest.raises(InvalidConfigError) as caught:
        loaded(tmp_path, text)
    *listed, last = caught.value.problems
    assert len(listed) == 100
    assert last == "more than 100 problems; the rest is not listed"


def test_key_that_is_named_many_times_for_one_action_is_one(tmp_path: Path) -> None:
    assert set(loaded(tmp_path, f"[keys]\nquit = '{'x ' * 200_000}'\nprofile = 'z'\n").keys["quit"]) == {"x"}


@pytest.mark.parametrize("value", ["9" * 5000, "0x" + "f" * 5000])
def test_number_that_python_does_not_print_is_a_problem(tmp_path: Path, value: str) -> None:
    with pytest.raises(InvalidConfigError, match=":2: "):
        loaded(tmp_path, f"[defaults]\ninterval = {value}\n")


def test_byte_order_mark_is_ignored_and_a_nul_is_not(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"\xef\xbb\xbf[ui]\nmouse = true\n")
    assert load_config(path, words, system=tmp_path / "nowhere").files[0].content.ui.mouse is True
    path.write_bytes(b"[ui]\nmouse = true\0\n")
    with pytest.raises(InvalidConfigError, match=":2: invalid TOML"):
        load_config(path, words, system=tmp_path / "nowhere")


CHARACTERS = st.sampled_from(b"[]{}a.=\"'#,\\1_-+TZ:\n\r\0\xff").map(lambda byte: bytes([byte]))
PIECES = st.sampled_from(
    [b'"""', b"'''", b"\xef\xbb\xbf", b"[ui]\n", b"[keys]\nquit = ", b"\ninterval = ", b"\nx = ", b"0x", b"1979-05-27"]
)


@given(st.lists(PIECES | CHARACTERS | st.binary(max_size=4), max_size=60))
def test_any_bytes_give_a_configuration_or_problems(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[bytes]
) -> None:
    path = tmp_path_factory.getbasetemp() / "bytes.toml"
    path.write_bytes(b"".join(pieces))
    problems: tuple[str, ...] = ()
    try:
        load_config(path, words, system=path.with_name("nowhere"))
    except InvalidConfigError as error:
        problems = error.problems
    assert all(re.match(rf"{re.escape(str(path))}:\d+: ", problem) for problem in problems)


SCALARS = st.none() | st.booleans() | st.integers(-5, 5) | st.floats() | st.text(max_size=5) | st.dates()
WORDS = (
    "default_profile",
    "defaults",
    "profiles",
    "prod",
    "keys",
    "ui",
    "log",
    "url",
    "account",
    "auth",
    "tls",
    "interval",
    "timeout",
    "view",
    "accent",
    "theme",
    "columns",
    "mouse",
    "file",
    "level",
    "password_command",
    "keyring",
    "login_type",
    "ca_file",
    "client_key",
    "quit",
    "down",
    "password",
    "zzz",
)
NAMES = st.sampled_from(WORDS)
TABLES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4))


@given(st.dictionaries(NAMES, TABLES, max_size=5))
def test_any_content_is_valid_or_reported(content: dict[str, object]) -> None:
    found = validate(content, words)
    assert all(problem.text for problem in found.problems)
    if not found.problems:
        assert msgspec.convert(content, ConfigSchema) == found.content


@given(st.dictionaries(NAMES, TABLES, max_size=5))
def test_problems_of_one_table_do_not_hide_those_of_another(content: dict[str, object]) -> None:
    alone = [problem for key, value in content.items() for problem in validate({key: value}, words).problems]
    together = validate(content, words).problems
    assert sorted(together, key=repr) == sorted(alone, key=repr)


@given(st.text())
def test_any_text_gives_a_configuration_or_problems(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_text(text, encoding="utf-8", errors="replace", newline="")
    with contextlib.suppress(InvalidConfigError):
        load_config(path, words, system=path.with_name("nowhere"))
