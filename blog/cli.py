"""The command line: ``crosstag``. The only place that turns errors into exit codes.

Exit codes: 0 all well; 1 it could not be done, with the reason on standard error; 2 the
command was called wrongly; 3 an import went through, but some items could not be imported.
"""

from __future__ import annotations

import gc
import sys
from importlib import import_module
from pathlib import Path
from typing import Final

import click
from sqlalchemy.exc import SQLAlchemyError

from blog.commands.console import err
from blog.domain.errors import CrosstagError

# In the order in which a newcomer needs them: the module of each, and its name there.
COMMANDS: Final = {
    "serve": ("serve", "serve"),
    "init": ("upkeep", "init"),
    "import": ("bringing_in", "import_"),
    "reindex": ("upkeep", "reindex"),
    "stats": ("upkeep", "stats"),
    "migrate": ("upkeep", "migrate_"),
    "check": ("upkeep", "check"),
    "imports": ("imports", "imports"),
    "same": ("same", "same"),
    "conflicts": ("same", "conflicts"),
    "export": ("export", "export"),
    "restore": ("export", "restore"),
    "source": ("sources", "source"),
    "poll": ("sources", "poll"),
    "rule": ("rules", "rule"),
    "user": ("users", "user"),
    "migrate-data": ("export", "migrate_data"),
}


class Commands(click.Group):
    """The commands; what one needs is loaded when it is called, as all of it takes some seconds."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command by its name, None if there is none."""
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name]
        # What is loaded stays, and walking through it again and again was a quarter of the time of loading.
        gc.disable()
        try:
            command: click.Command = getattr(import_module(f"blog.commands.{module}"), name)
        finally:
            gc.enable()
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("data"),
    envvar="CROSSTAG_DATA",
    show_default=True,
    help="The directory that holds the blog: its database, its text index and its settings.",
)
@click.version_option(package_name="crosstag", prog_name="crosstag")
@click.pass_context
def cli(context: click.Context, data: Path) -> None:
    """A linkblog whose every intersection of tags is a page with facets and a feed.

    Start with "crosstag serve": it makes what is missing. Bring in what you have written
    elsewhere with "crosstag import".
    """
    context.obj = data


def main() -> None:
    """Run the command that was typed."""
    try:
        code = cli(standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except CrosstagError as error:
        err.print(error.sentence, style="red", markup=False, soft_wrap=True)
        sys.exit(1)
    except (OSError, SQLAlchemyError) as error:
        # A directory that cannot be written to, a damaged database, a server that does not answer.
        first_line = str(error.__cause__ or error).strip().partition("\n")[0]
        err.print(f"It could not be done: {first_line}", style="red", markup=False, soft_wrap=True)
        sys.exit(1)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        err.print("Stopped. What was finished is kept; the same command goes on from there.")
        sys.exit(130)
