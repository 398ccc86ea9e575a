"""`python -m cdptui` is `cdptui`."""

from cdptui.cli.main import main

if __name__ == "__main__":
    main()
