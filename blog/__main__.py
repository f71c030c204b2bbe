"""``python -m blog`` is ``crosstag``."""

from blog.cli import main

if __name__ == "__main__":
    main()
