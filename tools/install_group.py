"""Installs a group of ``[dependency-groups]`` (PEP 735) with the pip that is there.

``pip install --group`` came with pip 25.1, and the pip that a new Python 3.11 brings is
older: this reads the list and hands it over.
"""

import subprocess
import sys
import tomllib
from pathlib import Path


def main(group: str) -> int:
    """Install one group of dependencies; return pip's exit code."""
    project = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = project["dependency-groups"][group]
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wanted]
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
