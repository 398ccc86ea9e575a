"""The recording: a SQLite file per node and account, its writer thread and its readers. The only package with SQL."""
