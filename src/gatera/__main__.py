"""`python -m gatera`, the same as the command `gatera`."""

from gatera.cli.main import main

if __name__ == "__main__":
    main()
