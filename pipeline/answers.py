"""What counts as a yes or a no. Anything else, and silence, is no yes."""

from __future__ import annotations

import re

YES = frozenset(
    "yes|yeah|yep|yup|yes please|please do|sure|sure thing|do it|go ahead|confirm|confirmed|"
    "i confirm|i am sure|i'm sure|yes i am sure|yes i'm sure|yes do it|yes go ahead|"
    "that's right|yes that's right".split("|")
)
NO = frozenset(
    "no|nope|nah|no thanks|no thank you|no please don't|don't|do not|don't do it|stop|cancel|"
    "never mind|nevermind|forget it|leave it|not now".split("|")
)
SURE = 0.5
"""The least confidence with which a yes must be heard."""

_WORD = re.compile(r"[a-z']+")
_HESITATION = frozenset({"um", "uh", "er", "erm", "hm", "hmm", "mm", "well", "oh", "okay", "ok"})


def yes_or_no(text: str) -> bool | None:
    """True for a plain yes, False for a plain no, None for anything else."""
    words = _WORD.findall(text.casefold().replace("\u2019", "'"))
    said = " ".join(word for word in words if word not in _HESITATION)
    if said in YES:
        return True
    return False if said in NO else None
