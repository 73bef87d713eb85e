"""`python -m knitwork` is the command `knitwork`."""

from knitwork.cli import main

if __name__ == "__main__":
    main()
