"""The file that `cdptui config init` writes: every key there is, commented out."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Final

from cdptui.config.errors import ConfigError
from cdptui.config.input_files import describe_kind, describe_open_error
from cdptui.config.private_files import create_file, create_folder, follow_links

TEMPLATE: Final = """\
# cdptui reads this file at its start; `cdptui config check` tells everything that is wrong in it.
# What counts, the strongest first: an option that was typed, the environment, the profile, the rest of this file,
# /etc/cdptui/config.toml, the default. `cdptui config show --origin` says which one won.
# No secret stands in this file: say where it is.

# The profile to begin with; x goes to another one.
#default_profile = "prod"

# What all profiles have in common, as far as they do not say otherwise. The same keys as in a profile.
[defaults]
#interval = 10
#timeout = 15

# A management node; as many as you like, each under a name of its own.
#[profiles.prod]
#url = "https://cloud.example.com"
#account = "admin"
#server_zone = "+08:00"         # where it cannot be found: access keys sign in the node's time
#interval = 10                  # seconds from poll to poll, 1 to 3600
#timeout = 15                   # seconds to wait for the node's next byte
#view = 1                       # a saved view to begin with: its number, 1 to 9, or its name
#accent = "red"                 # red, orange, yellow, green, cyan, blue, purple, grey: its name in the header

# How to log in; at most one of the first five. Without any, the password is asked for.
#[profiles.prod.auth]
#password_command = ["pass", "show", "cloud/prod"]   # run without a shell; its first line of output
#password_file = "~/.cloud-prod"                     # its first line; only you may be able to read it
#keyring = true                                      # stored with: keyring set cdptui prod
#session_file = "~/.cloud-session"                   # a ready session id; used as it is
#access_key_file = "~/.cloud-key"
#login_type = "account"         # account, user, ldap, iam2, iam2-ldap, unified, unified-iam2, unified-ldap
#user = "eve"                   # for login_type "user": a user of the account
#project = "production"         # for virtual IDs: the project to enter

#[profiles.prod.tls]
#ca_file = "cloud-ca.pem"       # relative to the folder of this file
#insecure = false               # true checks no certificate, and says so all the time
#client_cert = "me.pem"
#client_key = "me.key"

# Other keys for actions; these replace the action's own. `?` in the program shows all; several stand apart by blanks.
[keys]
#profile = "x"
#down = "down j"

[ui]
#theme = "dark"
#columns = ["name", "status", "used"]
#mouse = true
#ascii = false                  # true draws nothing that is not in ASCII
#low_bandwidth = false

[log]
#file = "~/cdptui.log"
#level = "warning"              # debug, info, warning, error
"""


def write_template(path: Path) -> None:
    """Create the file, readable by its owner only. Raises ConfigError when anything has its name: it is not replaced.

    A link to a file that is missing creates that file.
    """
    try:
        target = follow_links(path)
        create_folder(target.parent)
        create_file(target, [TEMPLATE.encode()])
    except FileExistsError as error:
        kind = target.lstat().st_mode
        what = "" if stat.S_ISREG(kind) else f"{describe_kind(kind)}, "
        message = f"{path} is {what}there already, and is left as it is"
        raise ConfigError(message) from error
    except OSError as error:
        message = f"cannot write {path}: {describe_open_error(path, error)}"
        raise ConfigError(message) from error
