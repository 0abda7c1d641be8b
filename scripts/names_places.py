"""Medicine, employers and addresses."""

from __future__ import annotations

from names_numbers import ONES, number
from names_people import People

_DOSES = (" milligrams", " milligrams", " mg", " micrograms", " milligram", " units", " mils")


class Places(People):
    """Fills slots of medicine, employers, places and addresses."""

    def _hidden_cond(self) -> str:
        kind = self.rng.random()
        if kind < 0.16:
            return (
                self._pick("condition_start")
                + self.rng.choice(("", "o", "al"))
                + self._pick("condition_end")
            )
        if kind < 0.34:
            return self._body_trouble()
        prefix = self.rng.choice(("", "", "", "", "", "chronic ", "severe ", "mild ", "acute "))
        found = self._pick("condition")
        return found if found.split()[0] in {"a", "an"} else prefix + found

    def _body_trouble(self) -> str:
        """ "a torn hamstring", "gum infection", "swelling in my left knee"."""
        part = self.rng.choice(("", "", "", "left ", "right ")) + self._pick("body_part")
        kind = self.rng.random()
        if kind < 0.3:
            return self.rng.choice(("", "a ")) + f"{self._pick('body_state')} {part}"
        if kind < 0.8:
            return self.rng.choice(("", "", "a ")) + f"{part} {self._pick('body_trouble')}"
        preposition, whose = self.rng.choice(("in", "on", "of")), self.rng.choice(("my", "the"))
        return f"{self._pick('body_trouble')} {preposition} {whose} {part}"

    def _hidden_drug(self) -> str:
        kind = self.rng.random()
        if kind < 0.06:
            return f"{self._pick('condition', 'body_part')} {self._pick('medicine_form')}"
        if kind < 0.16:
            return f"{self._pick('drug')} {self._pick('medicine_form')}"
        if self.rng.random() < 0.2:
            found = (
                self._pick("drug_start")
                + self.rng.choice(("", "", "l", "t", "n", "r"))
                + self._pick("drug_end")
            )
        else:
            found = self._pick("drug")
        if self.rng.random() < 0.12:
            found += (
                f" {self._num_of(self.rng.choice((5, 10, 20, 25, 40, 50, 75, 100, 200, 400, 500)))}"
            )
            if self.rng.random() < 0.5:
                found += self.rng.choice(_DOSES)
        return found

    def _hidden_medthing(self) -> str:
        return self._pick("medical_thing")

    def _hidden_clinic(self) -> str:
        return self._pick("clinic")

    def _hidden_test(self) -> str:
        return self._pick("medical_test")

    def _hidden_complaint(self) -> str:
        return self._pick("complaint")

    def _hidden_proc(self) -> str:
        if self.rng.random() < 0.25:
            before = self.rng.choice(("", "a ", "a ", "an "))
            return f"{before}{self._pick('body_part')} {self._pick('body_operation')}"
        return self._pick("procedure")

    def _hidden_symptom(self) -> str:
        return self._pick("symptom")

    def _hidden_med(self) -> str:
        return self._hidden_drug() if self.rng.random() < 0.5 else self._hidden_cond()

    def _hidden_diag(self) -> str:
        return self._pick("diagnosis")

    def _hidden_measure(self) -> str:
        return self._pick("measure")

    def _hidden_pregnant(self) -> str:
        """ "fourteen weeks pregnant"."""
        count = self._num_of(self.rng.randrange(3, 41))
        time = self.rng.choice(("weeks", "weeks", "weeks", "months", "days"))
        end = self.rng.choice(("pregnant", "pregnant", "gone", "along", "postpartum", "post op"))
        return f"{count} {time} {end}"

    def _illness(self) -> str:
        """An illness that nobody is said to have."""
        return self._pick("condition", "procedure")

    def _hidden_blood(self) -> str:
        return self.rng.choice(("a", "b", "o", "a b")) + self.rng.choice((" positive", " negative"))

    def _hidden_allergen(self) -> str:
        return self.rng.choice(self.lists["allergen"])

    def _hidden_reading(self) -> str:
        high, low = self.rng.randrange(95, 190), self.rng.randrange(55, 110)
        if self.rng.random() < 0.5:
            return (
                f"{self._num_of(high)} over {self._num_of(low)}"
                if not self.digits
                else f"{high} over {low}"
            )
        if self.digits:
            return f"{self.rng.randrange(4, 20)}.{self.rng.randrange(10)}"
        return self.rng.choice(
            (
                f"{ONES[self.rng.randrange(4, 9)]} point {ONES[self.rng.randrange(10)]}",
                self._num_of(high),
            )
        )

    def _hidden_org(self) -> str:
        kind = self.rng.random()
        if kind < 0.15:
            return self._pick("employer")
        first = (
            self._pick("org_word")
            if kind < 0.6
            else self._hidden_l()
            if kind < 0.85
            else self._pick("city", "town")
        )
        if kind > 0.95:
            return f"{self._hidden_l()} and {self._hidden_l()}"
        tail = f" {self._pick('org_tail')}" if self.rng.random() < 0.12 else ""
        return f"{first} {self._pick('org_kind')}{tail}"

    def _hidden_loc(self) -> str:
        kind = self.rng.random()
        if kind < 0.42:
            return self._pick("city")
        if kind < 0.7:
            return self._pick("town")
        if kind < 0.8:
            return self._pick("country", "state", "hood")
        if kind < 0.93:
            return f"{self._pick('town', 'city')} {self._pick('state', 'country')}"
        return self._pick("last")

    def _street(self) -> str:
        kind = self.rng.random()
        if kind < 0.07:
            return self._pick("foreign_street")
        if kind < 0.13:
            kind_first = self.rng.choice(self.lists["foreign_street_kind"])
            name = self.rng.choice((self._hidden_l(), self._made_up(), self._pick("first")))
            return f"{kind_first} {name}"
        if kind < 0.16:
            return self._made_up() + self.rng.choice(
                (
                    "strasse",
                    "gata",
                    "gatan",
                    "vej",
                    "vagen",
                    "weg",
                    "straat",
                    "laan",
                    "platz",
                    "gasse",
                    "utca",
                )
            )
        name = (
            self._pick("street_word")
            if kind < 0.72
            else self._hidden_l()
            if kind < 0.95
            else self._hidden_f()
        )
        side = self.rng.choice(("", "", "", "", "", "", "north ", "south ", "east ", "west "))
        return f"{side}{name} {self._pick('street_kind')}"

    def _house(self) -> str:
        value = self.rng.choice(
            (self.rng.randrange(1, 100), self.rng.randrange(1, 400), self.rng.randrange(100, 9999))
        )
        if self.digits:
            return str(value) + self.rng.choice(("", "", "", "", "", "a", "b"))
        if value > 99 and self.rng.random() < 0.8:
            head, rest = divmod(value, 100)
            tail = number(rest) if rest > 9 else f"oh {number(rest)}" if rest else "hundred"
            if self.rng.random() < 0.15:
                return number(value).replace("hundred ", "hundred and ")
            return f"{number(head)} {tail}"
        if self.rng.random() < 0.15:
            return " ".join(ONES[int(digit)] for digit in str(value))
        return number(value) + self.rng.choice(("", "", "", "", "", " a", " b"))

    def _dwelling(self) -> str:
        name = self.rng.choice(
            """apartment apt flat unit suite room number floor lot block pitch plot berth
            pod""".split()
        )
        return f"{name} {self._num_of(self.rng.randrange(1, 60))}" + self.rng.choice(
            ("", "", f" {self.rng.choice('abcdef')}")
        )

    def _hidden_addr(self) -> str:
        kind = self.rng.random()
        if kind < 0.06:
            base = f"{self._pick('building')} {self._street()}"
        elif kind < 0.08:
            return f"the corner of {self._hidden_corner()}"
        elif kind < 0.1:
            return f"{self._pick('building')} {self._pick('town', 'city')}"
        elif kind < 0.14:
            base = f"{self._pick('foreign_street')} {self._house()}"
        elif kind < 0.3:
            base = self._named_home()
        elif kind < 0.36:
            base = f"{self._dwelling()} {self._house()} {self._street()}"
        else:
            base = f"{self._house()} {self._street()}"
            if self.rng.random() < 0.15:
                base += f" {self._dwelling()}"
        if self.rng.random() < 0.35:
            between = "" if self.digits else self.rng.choice(("", "in ", ""))
            base += f" {between}{self._pick('town', 'city')}"
            if self.rng.random() < 0.5:
                base += f" {self._pick('state')}"
            if self.rng.random() < 0.5:
                base += f" {self._hidden_zip()}"
        elif self.rng.random() < 0.08:
            base += f" {self._hidden_zip()}"
        return base

    def _named_home(self) -> str:
        """ "three maple court", "unit four riverside trading estate": homes without a street."""
        name = self.rng.choice(
            (self._pick("street_word"), self._hidden_l(), self._pick("town"), self._noun())
        )
        house = self._house() if self.rng.random() < 0.5 else self._dwelling()
        floor = self.rng.choice(("", "", "", "", " ground floor", " top floor", " the annexe"))
        return f"{house} {name} {self._pick('home_kind')}{floor}"

    def _hidden_three(self) -> str:
        """Three words that stand for a square of three metres."""
        join = "." if self.digits else self.rng.choice((" ", " ", " dot "))
        return join.join(self._noun().split()[-1] for _ in range(3))

    def _hidden_street(self) -> str:
        return self._street()

    def _hidden_corner(self) -> str:
        return f"{self._pick('street_word')} and {self._pick('street_word')}" + self.rng.choice(
            ("", " street", " avenue")
        )

    def _hidden_zip(self) -> str:
        if self.rng.random() < 0.6:
            return self._digits(5)
        letters = self.rng.choices("abcdeghlmnprstw", k=4)
        one, two = self._num_of(self.rng.randrange(1, 30)), self._num_of(self.rng.randrange(1, 9))
        if self.digits:
            return f"{letters[0]}{letters[1]}{one} {two}{letters[2]}{letters[3]}".upper()
        return f"{letters[0]} {letters[1]} {one} {two} {letters[2]} {letters[3]}"

    def _hidden_unit(self) -> str:
        return self._num_of(self.rng.randrange(1, 400))
