"""Says what a wheel lacks of the files that the program reads at run time."""

import sys
import zipfile

NEEDED = (
    "blog/_bundled/templates/base.html",
    "blog/_bundled/templates/filter.html",
    "blog/_bundled/migrations/env.py",
    "blog/_bundled/migrations/versions/0001_the_tables.py",
    "blog/static/style.css",
    "blog/demo/_blog.yaml",
    "importers/registry.py",
)
STRAY = ("tests/", "templates/", "migrations/", "tools/", "benchmarks/")


def main(path: str) -> int:
    """Return 0 where the wheel holds what it should, and nothing beside."""
    names = zipfile.ZipFile(path).namelist()
    missing = [name for name in NEEDED if name not in names]
    stray = [name for name in names if name.startswith(STRAY)]
    for name in missing:
        print(f"{path} lacks {name}")
    for name in stray:
        print(f"{path} should not hold {name}")
    return 1 if missing or stray else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
