"""Checks sentence templates: brackets that close, and references that lead somewhere.

The template language is hassil's: `[optional]`, `(a|b)`, `(a;b)` in any order, `{list}`,
`{list:slot}`, `{0..100:slot}`, `<rule>`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from hassil import Expression, Group, ListReference, RuleReference, parse_sentence
from hassil.parser import ParseError

HOUSE_LISTS = frozenset({"name", "area", "floor", "zone"})
"""Lists that the things in the house fill."""


class TemplateError(Exception):
    """What is wrong with a template, in a few words."""


def check_template(template: str, lists: Collection[str], rules: Mapping[str, str]) -> None:
    """Raise TemplateError unless the template is whole and everything it names is there."""
    for reference in _references(_parse(template)):
        if isinstance(reference, RuleReference):
            _check_rule(reference.rule_name, lists, rules, ())
        else:
            _check_list(reference, lists)


def _check_rule(
    name: str, lists: Collection[str], rules: Mapping[str, str], inside: tuple[str, ...]
) -> None:
    if name not in rules:
        raise TemplateError(f"there is no rule <{name}>")
    if name in inside:
        raise TemplateError(f"the rule <{name}> contains itself")
    try:
        references = tuple(_references(_parse(rules[name])))
    except TemplateError as error:
        raise TemplateError(f"in the rule <{name}>: {error}") from None
    for reference in references:
        if isinstance(reference, RuleReference):
            _check_rule(reference.rule_name, lists, rules, (*inside, name))
        else:
            _check_list(reference, lists)


def _check_list(reference: ListReference, lists: Collection[str]) -> None:
    name = reference.list_name
    if name in lists or name in HOUSE_LISTS:
        return
    bounds = reference.get_inline_range()
    if bounds is None:
        raise TemplateError(f"there is no list {{{name}}}")
    if bounds[0] > bounds[1] or bounds[2] < 1:
        raise TemplateError(f"the range {{{name}}} is empty")


def _parse(template: str) -> Expression:
    try:
        return parse_sentence(template).expression
    except ParseError:
        raise TemplateError("a bracket is not opened or not closed") from None
    except (AssertionError, ValueError, IndexError):
        raise TemplateError("empty, or with an empty {} or <> in it") from None
    except RecursionError:
        raise TemplateError("nested too deeply") from None


def _references(expression: Expression) -> Iterator[ListReference | RuleReference]:
    if isinstance(expression, ListReference | RuleReference):
        yield expression
    elif isinstance(expression, Group):
        for item in expression.items:
            yield from _references(item)
