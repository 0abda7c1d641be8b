"""Numbers, codes and addresses said in German, French and Spanish."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.private import Private
from assistant.settings import RedactionSettings
from assistant.types import Transcript
from pipeline.detectors import make_detectors
from pipeline.detectors.language_tables import (
    FRENCH_NUMBERS,
    GERMAN,
    GERMAN_NUMBERS,
    SPANISH_NUMBERS,
)
from pipeline.detectors.languages import Language, translate
from pipeline.detectors.numbers import find_runs
from pipeline.detectors.reading import read
from pipeline.detectors.rules import Rules
from pipeline.redact import redact

LANGUAGES: tuple[Language, ...] = ("de", "fr", "es")


def redacted(text: str, language: Language) -> str:
    transcript = Transcript(1, Private(text), 1.0)
    return redact(transcript, Rules(language).find(transcript))[0].text


def code(text: str, language: Language) -> str:
    """The digits and letters that the text says."""
    return "".join(run.code for run in find_runs(translate(read(text), language)))


@pytest.mark.parametrize(
    ("language", "said", "digits"),
    [
        ("de", "null dreißig zweiundvierzig siebzehn acht neun", "030421789"),
        ("de", "sieben und vierzig", "47"),
        ("de", "zweihundertdrei", "203"),
        ("de", "fuenf doppel eins", "511"),
        ("fr", "zéro six douze trente-quatre cinquante-six soixante-dix-huit", "0612345678"),
        ("fr", "soixante et onze quatre-vingt-dix-sept quatre-vingts", "719780"),
        ("fr", "cent vingt", "120"),
        ("es", "seiscientos doce treinta y cuatro cincuenta y seis setenta y ocho", "612345678"),
        ("es", "veintidós mil quinientos", "22500"),
        ("es", "ciento uno", "101"),
    ],
)
def test_number_words_are_read_as_people_say_them(language, said, digits):
    assert code(said, language) == digits


@pytest.mark.parametrize(
    ("language", "said", "expected"),
    [
        ("de", "ruf null dreißig zweiundvierzig siebzehn acht neun an", "ruf PHONE_NUMBER_1 an"),
        ("de", "die pin lautet vier äh sieben doppel eins", "die pin lautet SECRET_1"),
        ("de", "kennzeichen m x y vier vier sieben", "kennzeichen LICENSE_PLATE_1"),
        ("de", "schreib an ada punkt l klammeraffe web punkt de", "schreib an EMAIL_ADDRESS_1"),
        ("de", "meine iban ist DE 89 3704 0044 0532 0130 00", "meine iban ist IBAN_CODE_1"),
        ("de", "sie ist am dritten mai neunzehnhundertachtzig geboren",
         "sie ist am DATE_OF_BIRTH_1 geboren"),
        ("de", "mein passwort ist sonnenblume zwölf", "mein passwort ist SECRET_1"),
        ("fr", "appelle le zéro un quarante deux soixante et onze quatre-vingt-dix-sept vingt",
         "appelle le PHONE_NUMBER_1"),
        ("fr", "ma carte bancaire est " + "quatre un un un " * 4 + "merci",
         "ma carte bancaire est CREDIT_CARD_1 merci"),
        ("fr", "écris à jean point d arobase orange point fr", "écris à EMAIL_ADDRESS_1"),
        ("fr", "le code de la porte est quarante-deux dix-sept",
         "le code de la porte est SECRET_1"),
        ("fr", "je suis née le douze mars mille neuf cent quatre-vingt-quatre",
         "je suis née DATE_OF_BIRTH_1"),
        ("es", "llama al seiscientos doce treinta y cuatro cincuenta y seis setenta y ocho",
         "llama al PHONE_NUMBER_1"),
        ("es", "mi correo es juan guion bajo p arroba yahoo punto es",
         "mi correo es EMAIL_ADDRESS_1"),
        ("es", "mi dni es uno dos tres cuatro cinco seis siete ocho z", "mi dni es ID_DOC_1"),
        ("es", "el código es cuatro eh doble dos no tres", "el código es SECRET_1"),
    ],
)  # fmt: skip
def test_what_is_private_is_hidden(language, said, expected):
    assert redacted(said, language) == expected


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("de", "stell einen timer auf fünf minuten"),
        ("de", "mach das licht auf fünfzig prozent"),
        ("de", "wecke mich um sieben uhr dreißig"),
        ("de", "was ist zwölf mal fünfundvierzig"),
        ("de", "es ist zwanzig grad warm"),
        ("fr", "réveille-moi à sept heures trente"),
        ("fr", "deux cents grammes de farine"),
        ("fr", "en mille neuf cent quatre-vingt-neuf"),
        ("fr", "ça coûte quarante-neuf euros quatre-vingt-dix"),
        ("es", "enciende la luz al cincuenta por ciento"),
        ("es", "cuánto es doce por cuarenta y cinco"),
        ("es", "en mil novecientos ochenta y nueve"),
        ("es", "cuesta cuarenta y nueve euros"),
    ],
)
def test_commands_are_left_alone(language, said):
    assert redacted(said, language) == said


def test_english_is_read_as_it_is():
    reading = read("call five five five")
    assert translate(reading, "en") is reading


def test_the_seam_takes_the_language():
    rules, *_ = make_detectors(RedactionSettings(), language="de")
    said = Transcript(1, Private("die geheimzahl ist siebenundvierzig elf"), 1.0)
    assert {finding.type for finding in rules.find(said)} == {"SECRET"}


WORDS = [*GERMAN_NUMBERS, *FRENCH_NUMBERS, *SPANISH_NUMBERS, *"|".join(GERMAN.values()).split("|"),
         "hundert", "tausend", "cent", "mille", "mil", "et", "y", "ß", "ada", "."]  # fmt: skip


@given(st.lists(st.sampled_from(WORDS), max_size=30), st.sampled_from(LANGUAGES))
def test_every_word_keeps_its_place(words, language):
    text = " ".join(words)
    reading, said = translate(read(text), language), read(text)
    assert len(reading.words) == len(reading.starts) == len(reading.ends)
    assert set(reading.starts) <= set(said.starts)
    assert set(reading.ends) <= set(said.ends)
    assert reading.starts == sorted(reading.starts)
    for finding in Rules(language).find(Transcript(1, Private(text), 1.0)):
        assert 0 <= finding.start < finding.end <= len(text)
