"""A wrapper for what somebody said: it does not print, pickle or turn into JSON."""

from __future__ import annotations

from typing import Generic, NoReturn, TypeVar, final

T_co = TypeVar("T_co", covariant=True)


@final
class Private(Generic[T_co]):
    """Holds a value that may be seen only through `reveal()`.

    Every caller of `reveal` is listed in `tests/test_shape.py`. The wrapper is a fence
    against accidents (a log line, an f-string, a pickle), not against hostile code in the
    same process; processes keep those apart.
    """

    __slots__ = ("__value",)

    def __init__(self, value: T_co) -> None:
        self.__value = value

    def reveal(self) -> T_co:
        """Return the value itself."""
        return self.__value

    def __repr__(self) -> str:
        return "[private]"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return "[private]"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Private) and bool(self.__value == other.__value)

    def __hash__(self) -> int:
        raise TypeError("a private value has no hash: a hash of speech is a copy of it")

    def __reduce__(self) -> NoReturn:
        raise TypeError("a private value is not pickled or copied")

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a private value is not pickled or copied")
