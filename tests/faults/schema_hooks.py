"""Hooks of schemathesis: requests that break a rule which no schema can say are not sent."""

from collections.abc import Mapping
from typing import Any

import schemathesis


@schemathesis.hook
def filter_case(context: schemathesis.HookContext, case: schemathesis.Case[Any]) -> bool:
    return case.operation.path != "/generate" or _keeps_the_rules(case.query, case.body)


def _keeps_the_rules(query: Any, body: Any) -> bool:
    in_query = query if isinstance(query, Mapping) else {}
    in_body = body if isinstance(body, Mapping) else {}
    # Query and body may both hold a field, but not with two values.
    if any(f"{in_query[name]}" != f"{in_body[name]}" for name in in_query.keys() & in_body.keys()):
        return False
    # The service has no secret to sign events with.
    if "callback_url" in {*in_query, *in_body}:
        return False
    # One of the two has to hold the prompt, in which something has to be visible.
    prompt = in_query.get("prompt", in_body.get("prompt", ""))
    return any(char.isprintable() and not char.isspace() for char in f"{prompt}")
