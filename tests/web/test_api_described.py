"""The description of the API, held to the API by whoever thinks of requests that nobody would send."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from acting import Program
from hypothesis import HealthCheck, settings
from library import opened
from schemathesis.config import (
    ChecksConfig,
    PositiveDataAcceptanceConfig,
    ProjectConfig,
    ProjectsConfig,
    SchemathesisConfig,
)
from schemathesis.config._checks import MissingRequiredHeaderConfig, NegativeDataRejectionConfig

from blog.web.api.openapi import SCHEMAS, document
from blog.web.api.operation import PREFIX
from blog.web.api.routes import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

# CROSSTAG_FUZZ=500 hunts; without it there are some requests to each operation, always the same.
EXAMPLES = int(os.environ.get("CROSSTAG_FUZZ", "25"))
# What a schema cannot say: a link needs a url, a tag a letter or digit, and a change the version it is of.
MAY_REFUSE = ["2xx", "400", "404", "409", "412", "413", "422"]
REFUSES = ["400", "401", "403", "404", "405", "412", "413", "415", "422", "428"]
CONFIG = SchemathesisConfig(
    projects=ProjectsConfig(
        default=ProjectConfig(
            checks=ChecksConfig(
                positive_data_acceptance=PositiveDataAcceptanceConfig(expected_statuses=MAY_REFUSE),
                negative_data_rejection=NegativeDataRejectionConfig(expected_statuses=REFUSES),
                missing_required_header=MissingRequiredHeaderConfig(expected_statuses=REFUSES),
            )
        )
    )
)
_serving: list[Program] = []


def _app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """The application, which is there only once the tests run; the description is needed before."""
    return _serving[-1].client.application(environ, start_response)


DESCRIBED = document(OPERATIONS, f"http://localhost{PREFIX}")
# The token is sent with every request: test_bearer.py is about those without a good one.
schema = schemathesis.openapi.from_dict(
    {name: value for name, value in DESCRIBED.items() if name != "security"}, config=CONFIG
)
schema.config.update(base_url=f"http://localhost{PREFIX}")
schema.app = _app


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    with opened(tmp_path_factory.mktemp("library"), api_requests=0) as blog:
        _serving.append(Program(blog))
        yield _serving[-1]
        _serving.pop()


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="CROSSTAG_FUZZ" not in os.environ,
    suppress_health_check=list(HealthCheck),
)
def test_every_answer_is_as_the_description_says(case: schemathesis.Case[Any], program: Program) -> None:
    case.call_and_validate(headers={"Authorization": f"Bearer {program.token}"})


def test_every_operation_and_every_schema_is_described_once() -> None:
    said = document(OPERATIONS, "http://localhost")
    described = [(method.upper(), path) for path, methods in said["paths"].items() for method in methods]
    assert described == [
        (one.method, one.path)
        for one in sorted(OPERATIONS, key=lambda one: list(said["paths"]).index(one.path))
    ]
    named = {name for one in OPERATIONS for name in (one.takes, one.answers)} - {""}
    assert named | {"Entry", "Change", "Tag", "Source", "Import", "Problem"} == set(SCHEMAS)


def test_every_route_of_the_api_is_an_operation(program: Program) -> None:
    rules = {
        (method, rule.rule.removeprefix(PREFIX))
        for rule in program.client.application.url_map.iter_rules()
        if rule.rule.startswith("/api/")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert rules == {(one.method, one.rule) for one in OPERATIONS}


def test_the_description_is_served(program: Program) -> None:
    said: dict[str, Any] = program.get(f"{PREFIX}/openapi.json").json
    assert said == DESCRIBED
