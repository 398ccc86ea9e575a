"""`python -m cdptui` is `cdptui`."""

from cdptui.cli.entry import main

if __name__ == "__main__":
    main()
