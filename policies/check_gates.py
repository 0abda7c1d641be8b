"""Gating rules that never decide, and those that contradict each other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, TypeAlias

import numpy as np

from policies.domain import OTHER, Domain
from policies.gates import fits_device, names_intent
from policies.model import STRICTNESS, GatingRule, Policy
from policies.moments import Mask

Fault: TypeAlias = tuple[Literal["error", "note"], tuple[str, ...], str]


def gate_faults(policy: Policy, domain: Domain) -> Iterator[Fault]:
    """Every act a rule could be asked about, at every moment: who decides, and who never does.

    A rule that is stricter about a part of another is a refinement. Two rules that overlap,
    each reaching further than the other, with different answers, are a contradiction.
    """
    rules = policy.gating.rules
    masks = {name: _mask(rule, policy, domain) for name, rule in rules.items()}
    for name, rule in rules.items():
        entry = ("gating", "rules", name)
        mask = masks[name]
        if not mask.any():
            yield "error", entry, "contradicts itself: there is no moment at which it holds"
            continue
        earlier = [masks[other] for other in rules if _comes_before(other, name, rules)]
        if earlier and not (mask & ~np.logical_or.reduce(earlier)).any():
            yield "error", entry, "is shadowed: stricter or earlier rules cover all of it"
            continue
        for other, other_mask in masks.items():
            if other == name:
                break
            if rules[other].confirm != rule.confirm and _cross(mask, other_mask):
                yield "error", entry, f"contradicts gating.rules.{other}: {rules[other].confirm}"


def _comes_before(other: str, name: str, rules: dict[str, GatingRule]) -> bool:
    """Whether a rule decides before another where both fit."""
    order = list(rules)
    mine, theirs = STRICTNESS[rules[name].confirm], STRICTNESS[rules[other].confirm]
    return theirs > mine or (theirs == mine and order.index(other) < order.index(name))


def _cross(one: Mask, other: Mask) -> bool:
    return bool((one & other).any() and (one & ~other).any() and (other & ~one).any())


def _mask(rule: GatingRule, policy: Policy, domain: Domain) -> Mask:
    """intents x devices x moments x locations"""
    rules = policy.gating.rules.values()
    intents = sorted({name for each in rules for name in each.intents} | set(domain.intents))
    # A pattern stands for a name that begins so and that no other rule mentions.
    named = [names_intent(rule, intent.replace("*", "\N{MIDDLE DOT}")) for intent in intents]
    domains = (*sorted({name for each in rules for name in each.domains}), OTHER)
    classes = sorted({name for each in rules for name in each.device_classes})
    kinds = [(kind, "") for kind in (*classes, OTHER)] + [(None, name) for name in (*classes, "")]
    devices = [fits_device(rule, device, kind, name) for device in domains for kind, name in kinds]
    acts = np.array(named)[:, None] & np.array(devices)
    mask: Mask = acts[:, :, None, None] & domain.open(rule)
    return mask
