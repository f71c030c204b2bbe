"""``python -m blog`` is ``crosstag``."""

from blog.cli import main

main()
