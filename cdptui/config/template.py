"""The template that `cdptui config init` writes: all keys, commented out."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Final

from cdptui.config.errors import ConfigError
from cdptui.config.input_files import describe_kind, describe_open_error
from cdptui.config.private_files import create_file, create_folder, follow_links

TEMPLATE: Final = """\
# Configuration of cdptui. `cdptui config check` lists all errors in this file.
# Precedence, highest first: command-line options, environment variables, the profile, the rest of this file,
# /etc/cdptui/config.toml, the defaults. `cdptui config show --origin` shows where each value comes from.
# Secrets do not belong in this file; name their source instead.

# The initial profile; x in the program switches to another one.
#default_profile = "prod"

# Defaults for all profiles; the same keys as in a profile.
[defaults]
#interval = 10
#timeout = 15

# A profile is one management node. There can be any number of profiles.
#[profiles.prod]
#url = "https://cloud.example.com"
#account = "admin"
#server_zone = "+08:00"         # time zone of the node, if it cannot be queried; access keys sign with it
#interval = 10                  # seconds between polls, 1 to 3600
#timeout = 15                   # seconds to wait for data from the node
#view = 1                       # startup view: a saved view by number, 1 to 9, or by name
#accent = "red"                 # colour of the profile name: red, orange, yellow, green, cyan, blue, purple, grey

# Login. Set at most one of the first five keys; without any, cdptui prompts for the password.
#[profiles.prod.auth]
#password_command = ["pass", "show", "cloud/prod"]   # run without a shell; first line of output
#password_file = "~/.cloud-prod"                     # first line; readable only by you
#keyring = true                                      # stored with: keyring set cdptui prod
#session_file = "~/.cloud-session"                   # an existing session id; not renewed
#access_key_file = "~/.cloud-key"
#login_type = "account"         # account, user, ldap, iam2, iam2-ldap, unified, unified-iam2, unified-ldap
#user = "eve"                   # for login_type "user": the user of the account
#project = "production"         # for virtual IDs: the IAM2 project

#[profiles.prod.tls]
#ca_file = "cloud-ca.pem"       # relative to the folder of this file
#insecure = false               # true: do not verify the certificate; the header shows a warning
#client_cert = "me.pem"
#client_key = "me.key"

# Keys by action; they replace the default keys. Separate several keys by blanks; `?` in the program lists all keys.
[keys]
#profile = "x"
#down = "down j"

[ui]
#theme = "dark"
#columns = ["name", "status", "used"]
#mouse = true
#ascii = false                  # true: use only ASCII characters
#low_bandwidth = false
#utc = false                    # true: show times in UTC instead of the zone of this machine

[record]
#enabled = true                 # false: record nothing
#limit = "256M"                 # size of the recording of a node, 1M to 1T

[log]
#file = "~/cdptui.log"
#level = "warning"              # debug, info, warning, error
"""


def write_template(path: Path) -> None:
    """Create the file, readable only by its owner. Raises ConfigError if anything with this name exists.

    For a dangling link, the file that it points to is created.
    """
    try:
        target = follow_links(path)
        create_folder(target.parent)
        create_file(target, [TEMPLATE.encode()])
    except FileExistsError as error:
        kind = target.lstat().st_mode
        what = "" if stat.S_ISREG(kind) else f" as {describe_kind(kind)}"
        message = f"{path} already exists{what}; it was not changed"
        raise ConfigError(message) from error
    except OSError as error:
        message = f"cannot write {path}: {describe_open_error(path, error)}"
        raise ConfigError(message) from error
