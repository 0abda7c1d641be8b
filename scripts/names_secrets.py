"""Names on the net, passwords and codes."""

from __future__ import annotations

import string

from names_places import Places


class Secrets(Places):
    """Fills slots of user names, passwords, mail and web addresses."""

    def _hidden_user(self) -> str:
        words = [self._pick("username_word") for _ in range(self.rng.choice((1, 2, 2, 3)))]
        kind = self.rng.random()
        if kind < 0.3:
            words = [
                self._hidden_f(),
                self.rng.choice(
                    (self._hidden_l(), self._pick("username_word"), self._pick("noun"))
                ),
            ]
        if kind > 0.8:
            words = [self._made_up()]
        if kind > 0.93:
            return " ".join(letter for letter in self._hidden_f() + self.rng.choice("abcdefg"))
        join = (
            self.rng.choice((" ", " ", "", " underscore ", " dot ", " dash "))
            if not self.digits
            else self.rng.choice(("", "", "_", "."))
        )
        text = join.join(words)
        if not self.digits and self.rng.random() < 0.1:
            edge = self.rng.choice(("x x", "x", "underscore", "underscore underscore", "the real"))
            text = f"{edge} {text}" + self.rng.choice(("", f" {edge}"))
        if self.rng.random() < 0.45:
            value = self.rng.choice((self.rng.randrange(100), self.rng.randrange(1940, 2015)))
            text += f"{'' if self.digits else ' '}{self._num_of(value)}"
        return text

    def _hidden_pass(self) -> str:
        kind = self.rng.random()
        words = [
            self._pick("password_word", "noun", "adjective", "password_word")
            for _ in range(self.rng.choice((1, 2, 2, 3, 4)))
        ]
        if kind < 0.12:
            words = [
                self._hidden_f(),
                self.rng.choice((self._pick("noun"), self._num_of(self.rng.randrange(99)))),
            ]
        if self.digits:
            text = "".join(
                word.title() if self.rng.random() < 0.5 else word for word in words
            ).replace(" ", "")
            return (
                text
                + (self._digits(self.rng.choice((1, 2, 4))) if self.rng.random() < 0.6 else "")
                + self.rng.choice(("", "", "!", "#"))
            )
        if self.rng.random() < 0.25:
            words.insert(
                self.rng.randrange(len(words) + 1), self.rng.choice(self.lists["special_sign"])
            )
        if self.rng.random() < 0.55:
            words.append(
                self._num_of(
                    self.rng.choice((self.rng.randrange(100), self.rng.randrange(1900, 2030)))
                )
            )
        if kind > 0.9:
            words = [*self.rng.choices(self.lists["nato"], k=4)]
        return " ".join(words)

    def _hidden_phrase(self) -> str:
        return " ".join(
            self._pick("noun", "verb", "adjective") for _ in range(self.rng.choice((4, 6, 12)))
        )

    def _hidden_pin(self) -> str:
        return self._digits(self.rng.choice((4, 4, 4, 6, 5)))

    def _hidden_email(self) -> str:
        local = self.rng.choice(
            (
                self._hidden_f(),
                f"{self._hidden_f()} dot {self._hidden_l()}",
                f"{self._hidden_f()} {self._hidden_l()}",
                self._hidden_user(),
                f"{self.rng.choice(string.ascii_lowercase)} {self._hidden_l()}",
                f"{self.rng.choice(('all ', '', ''))}the {self._hidden_ls()}",
                f"first initial {self.rng.choice(string.ascii_lowercase)} then {self._hidden_l()}",
            )
        )
        if self.rng.random() < 0.25:
            local += f" {self._num_of(self.rng.randrange(1, 2010))}"
        host = self._pick("mail_host") if self.rng.random() < 0.7 else self._hidden_org()
        if self.digits:
            clean = local.replace(" dot ", ".").replace(" ", "") + "@" + host.replace(" ", "") + "."
            return clean + self._pick("tld").replace(" dot ", ".").replace(" ", "")
        sign = self.rng.choice(("at", "at", "at", "at sign", "add"))
        return f"{local} {sign} {host} dot {self._pick('tld')}"

    def _hidden_url(self) -> str:
        name = self.rng.choice(
            (
                f"{self._hidden_f()} {self._hidden_l()}",
                f"{self._hidden_f()} {self._pick('verb')}s",
                self._hidden_user(),
                f"the {self._pick('adjective')} {self._pick('noun')}",
                f"{self._hidden_f()} and {self._hidden_f()}",
                f"{self._hidden_l()} {self._pick('noun', 'org_kind')}",
            )
        )
        tail = ""
        if self.rng.random() < 0.3:
            name, tail = (
                self._pick("site"),
                self.rng.choice(
                    (
                        self._hidden_user(),
                        self._hidden_f(),
                        f"{self._hidden_f()} {self._hidden_l()}",
                    )
                ),
            )
        if self.digits:
            base = (
                name.replace(" ", "")
                + "."
                + self._pick("tld").replace(" dot ", ".").replace(" ", "")
            )
            return (
                self.rng.choice(("", "", "www.", "https://"))
                + base
                + (f"/{tail.replace(' ', '')}" if tail else "")
            )
        start = self.rng.choice(
            ("", "", "", "w w w dot ", "www dot ", "h t t p s colon slash slash ")
        )
        return f"{start}{name} dot {self._pick('tld')}" + (
            f" {self.rng.choice(('slash', 'forward slash'))} {tail}" if tail else ""
        )
