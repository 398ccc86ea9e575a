"""Configuration: settings from options, environment variables and files; URLs, credentials, TLS, paths, saved views.

A new setting touches these places:

- `schema`: the key and its type in the file, with a description for error messages;
- `loader`: a `SettingDef` in one of the tuples of settings, with key, option, variables and default;
- `template`: a commented line in the file that `cdptui config init` writes;
- `environment`: the names of its variables, if it has any;
- `cdptui.cli.options`: the option, and its name in the lists of option names there;
- the consumer: `settings.MonitorSettings`, which `cdptui.cli.monitor_settings` builds, or `DisplaySettings` in
  `cdptui.cli.effective_config`;
- the settings table of the README.
"""
