"""Replies from Home Assistant's response templates, and those of own sentences."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from jinja2 import Template, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from assistant.errors import outline
from assistant.skill import Intent
from assistant.types import Number

log = logging.getLogger(__name__)

DONE = "Done"
"""The reply where a template is missing or fails."""
LONGEST = 1_000
"""Letters of a reply."""


class Replies:
    """Renders the reply template of an intent; templates run in jinja2's sandbox."""

    def __init__(self, responses: Mapping[str, Mapping[str, str]]) -> None:
        """Take templates by intent and key, as `pipeline.sentences.merge` gives them."""
        self._responses = responses
        self._environment = ImmutableSandboxedEnvironment()
        self._compiled: dict[str, Template] = {}

    def render(
        self, intent: Intent, slots: Mapping[str, Any] | None = None, **values: object
    ) -> str:
        """The reply; `slots` are laid over the intent's, `values` are `state`, `query`, ...

        Templates see slots as text, as Home Assistant shows them what was said.
        """
        templates = self._responses.get(intent.name, {})
        template = templates.get(intent.response, templates.get("default"))
        if template is None:
            return DONE
        shown = {**_spoken(intent), **(slots or {})}
        try:
            text = self._template(template).render({"slots": shown, **values})
        except (TemplateError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
            log.warning("reply %s.%s: %s", intent.name, intent.response, outline(error))
            return DONE
        return " ".join(text.split())[:LONGEST]

    def use(self, responses: Mapping[str, Mapping[str, str]]) -> None:
        """Render these templates from now on."""
        self._responses = responses

    def _template(self, source: str) -> Template:
        if source not in self._compiled:
            self._compiled[source] = self._environment.from_string(source)
        return self._compiled[source]

    def own(self, intent: Intent) -> str | None:
        """The reply of an intent that no skill answers, if its sentences came with one."""
        return self.render(intent) if intent.name in self._responses else None


def _spoken(intent: Intent) -> dict[str, Any]:
    return {
        name: str(value) if isinstance(intent.slots[name], Number) else value
        for name, value in intent.items()
    }
