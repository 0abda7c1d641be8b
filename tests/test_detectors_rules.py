"""What people say about themselves is found; what they say to an assistant is not."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.private import Private
from assistant.types import Transcript
from pipeline.detectors.rules import Rules
from pipeline.redact import redact
from pipeline.redactor import redact_utterance

RULES = Rules()


def redacted(text: str) -> str:
    transcript = Transcript(1, Private(text), 1.0)
    return redact(transcript, RULES.find(transcript))[0].text


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("put sir ran down as the emergency contact", "put PERSON_1 down as the emergency contact"),
        ("put down shiv on as my guarantor", "put down PERSON_1 as my guarantor"),
        ("my next of kin is yev genia", "my next of kin is PERSON_1"),
        ("a man called zbigniew rang", "a man called PERSON_1"),
        ("our new tenants are called the papadakises",
         "our new tenants are called the PERSON_1"),
        ("spelled like the flower iris then b", "spelled like the flower PERSON_1 then b"),
        ("ambulance please it's seven willow court the back door's open",
         "ambulance please it's ADDRESS_1 the back door's open"),
        ("come to room three one two cromwell halls", "come to ADDRESS_1"),
        ("send it to unit two no sorry unit twelve meadow business park", "send it to ADDRESS_1"),
        ("Skip to 9 Tannery Cottages, Mill Lane by Friday.", "Skip to ADDRESS_1 by Friday."),
        ("what three words is filled dot count dot soap that's the barn",
         "what three words is ADDRESS_1 that's the barn"),
        ("so it's all the hendersons at hot mail dot com", "so it's EMAIL_ADDRESS_1"),
        ("um it's first initial j then mackenzie at telenor dot no", "um it's EMAIL_ADDRESS_1"),
        ("what is it we are the robinsons at outlook dot com", "what is it EMAIL_ADDRESS_1"),
        ("oh one six one four nine six oh three no wait it's oh one six one four nine six oh four",
         "PHONE_NUMBER_1"),
        ("five one oh five one oh five one no hang on yes five one oh five one oh five one",
         "CREDIT_CARD_1"),
        ("my youtube channel's called grumpy gardening grandad",
         "my youtube channel's called USERNAME_1"),
        ("for the modem it's admin and then purple at sign capital r rhubarb nine",
         "for the modem it's admin and then SECRET_1"),
        ("it's area code six one seven then five five five then oh one nine nine",
         "it's PHONE_NUMBER_1"),
        ("call five five five oh one double nine no sorry double eight", "call PHONE_NUMBER_1"),
        ("put her in, plus two three four eight oh three five five five",
         "put her in, PHONE_NUMBER_1"),
        ("the number is (555) 013-8820, extension 14.",
         "the number is PHONE_NUMBER_1."),
        ("ring the office on five five five oh one seven two um extension two one four please",
         "ring the office on PHONE_NUMBER_1 please"),
        ("the last four of my card are nineteen eighty four",
         "the last four of my card are CREDIT_CARD_1"),
        ("it's a visa four one one one one one one one expiring oh two twenty six",
         "it's a visa CREDIT_CARD_1 expiring CARD_EXPIRY_1"),
        ("Expiry is December 2029, security code 0 4 4.",
         "Expiry is CARD_EXPIRY_1, security code SECRET_1."),
        ("my social's one two three dash forty five dash six seven eight nine",
         "my social's US_SSN_1"),
        ("sort code 20-40-60, account number 12345678",
         "sort code US_BANK_NUMBER_1, account number BANK_ACCOUNT_1"),
        ("send it to GB29 NWBK 6016 1331 9268 19 please", "send it to IBAN_CODE_1 please"),
        ("my driver's licence is morgan six five seven oh five four",
         "my driver's licence is ID_DOC_1"),
        ("plate's seven kilo lima mike one two three", "plate's LICENSE_PLATE_1"),
        ("4711 is my pin", "SECRET_1 is my pin"),
        ("my pins are 1234 and 5678", "my pins are SECRET_1 and SECRET_2"),
        ("gate code hash one two three four star", "gate code hash SECRET_1 star"),
        ("the safe is left twelve right thirty four left eight", "the safe is SECRET_1"),
        ("the wifi password at tyler's place is pizza dinosaur ninety nine",
         "the wifi password at tyler's place is SECRET_1"),
        ("my password is salt and pepper 22 and tell her that",
         "my password is SECRET_1 and tell her that"),
        ("set my password to hunter2!", "set my password to SECRET_1"),
        ("my password cookie eight oh", "my password SECRET_1"),
        ("i live at two twenty one b baker street", "i live at ADDRESS_1"),
        ("send a cab to flat three ten downing street please", "send a cab to ADDRESS_1 please"),
        ("take it to Hauptstraße 3, 50968 Köln", "take it to ADDRESS_1"),
        ("pick me up at the corner of fifth and main", "pick me up at ADDRESS_1"),
        ("po box four fifty one springfield", "ADDRESS_1"),
        ("we're at psc oh two seven two box sixteen apo aa nine four five",
         "we're at ADDRESS_1"),
        ("the blue house on Quarry Lane", "the blue house on ADDRESS_1"),
        ("my postcode's EH3 9QN, check", "my postcode's ADDRESS_1, check"),
        ("write to jane dot doe forty two at gmail dot com", "write to EMAIL_ADDRESS_1"),
        ("my email's jane at doe dot com", "my email's EMAIL_ADDRESS_1"),
        ("it's info at acme dash tools dot c o m", "it's EMAIL_ADDRESS_1"),
        ("send it to b o b at gmail", "send it to EMAIL_ADDRESS_1"),
        ("open github dot com slash ruth segura please", "open URL_1 please"),
        ("my site is w w w dot smith family dot net", "my site is URL_1"),
        ("my username is lily dot daniel eighty three", "my username is USERNAME_1"),
        ("at jane underscore d on instagram", "at USERNAME_1 on instagram"),
        ("find me on tiktok at knit with kemal", "find me on tiktok at USERNAME_1"),
        ("ping one nine two dot one six eight dot oh dot four", "ping IP_ADDRESS_1"),
        ("mac is 00:1A:2B:3C:4D:5E", "mac is MAC_ADDRESS_1"),
        ("i was born on the ninth of april nineteen forty four", "i was born on DATE_OF_BIRTH_1"),
        ("dob four slash twenty two slash eighty seven", "dob DATE_OF_BIRTH_1"),
        ("my surname is lee spelled l e e", "my surname is PERSON_1 spelled PERSON_2"),
        ("five one five eight nine four three", "PHONE_NUMBER_1"),
        ("Policy HPX-2210-88", "Policy CODE_1"),
        ("put nine three five five five zero one two three four in as my work phone",
         "put PHONE_NUMBER_1 in as my work phone"),
        ("enter 0998 at the keypad", "enter SECRET_1 at the keypad"),
        ("give me a ring on too six four six one seven seven three three one",
         "give me a ring on PHONE_NUMBER_1"),
        ("my member id is for um sixty two forty three seventy five", "my member id is CODE_1"),
        ("charge the visa four one one to uh one one one one one one one one one one one one",
         "charge the visa CREDIT_CARD_1"),
        ("the car with plate are 181 is gone", "the car with plate LICENSE_PLATE_1 is gone"),
        ("note the license plate vey-547 down", "note the license plate LICENSE_PLATE_1 down"),
        ("my plate is o as in orange five uh seven eight b a g",
         "my plate is LICENSE_PLATE_1"),
        ("tow the car 169-abh", "tow the car LICENSE_PLATE_1"),
        ("KT19 ZRF is my number plate", "LICENSE_PLATE_1 is my number plate"),
        ("email paula at no wait pauline at north star dot org", "email EMAIL_ADDRESS_1"),
        ("find me on insta it's at the muddy allotment", "find me on insta it's at USERNAME_1"),
        ("it is on my blog knitting with noreen dot blogspot dot com", "it is on my blog URL_1"),
        ("her birthday is october third no october thirteenth nineteen ninety",
         "her birthday is DATE_OF_BIRTH_1"),
        ("on may third nineteen eighty she was born", "on DATE_OF_BIRTH_1 she was born"),
        ("the safe opens with thirty one left um no nineteen right four left",
         "the safe opens with SECRET_1"),
        ("the burglar alarm is one nine six six", "the burglar alarm is SECRET_1"),
    ],
)  # fmt: skip
def test_what_is_private_is_hidden(said, expected):
    assert redacted(said) == expected


@pytest.mark.parametrize(
    "said",
    [
        "Is 7 x 13 91?",
        "a shelf 90 x 30 x 2",
        "Today is Friday, November 20th, 2026.",
        "it's three house rules",
        "what three words would you use to describe it",
        "my channel's called off",
        "what's the channel called",
        "play a boy named sue",
        "what's a kitten called in french",
        "put the milk down as urgent",
        "put an exclamation mark at the end",
        'set a timer for four minutes',
        'turn on the hall light at seven thirty',
        'play nineteen eighty nine by taylor swift',
        'play eight six seven five three oh nine by tommy tutone',
        "what's twelve times forty five",
        'add two cups of flour',
        'set brightness to fifty percent',
        'convert 350 fahrenheit to celsius',
        'set three alarms six ten and six twenty',
        'wake me up at 2:45 a.m.. thanks',
        'cancel my five five fifty alarm',
        'tune the radio to ninety eight point seven f m',
        'tune to one oh four point nine f m',
        'lakers beat the celtics one twelve to one oh four',
        'change it from seventy two to seventy four',
        'what happened in seventeen seventy six',
        'that cost me forty nine ninety five',
        'set the color to 255 100 50',
        'call nine one one',
        "put on nineteen eighty nine",
        "park the car on level two",
        "my new car is a mazda three",
        "pay 250000 for the house",
        "turn left and then right after two miles",
        'what is my password',
        'my password is not working',
        'reset the wifi password',
        'how do i check the balance on my credit card',
        'my birthday is coming up',
        'who was born on april fifteenth',
        "what's the dress code",
        "what's the traffic like on main street",
        'twenty one jump street',
        'directions to heathrow terminal five',
        'open youtube dot com',
        'google the dot com bubble',
        'remind me on 2024-05-06',
        'a fifty fifty chance',
        'pi is three point one four one five nine',
        'five four three two one blast off',
        "what's one million minus one",
    ],
)  # fmt: skip
def test_what_a_command_needs_is_left_alone(said):
    assert redacted(said) == said


pieces = st.lists(
    st.sampled_from(
        [
            "five",
            "4711",
            "double",
            "uh",
            "no",
            "wait",
            "at",
            "dot",
            "com",
            "gmail",
            "underscore",
            "@",
            "://",
            "www",
            ".",
            ",",
            "-",
            "(",
            "+1",
            "12:30",
            "my",
            "pin",
            "password",
            "is",
            "born",
            "may",
            "on",
            "elm",
            "street",
            "corner",
            "of",
            "and",
            "box",
            "apo",
            "username",
            "b",
            "as",
            "in",
            "x",
            "boy",
            "a",
            "i",
            "l",
            "é",
            "ß",
            "👍",
            "\u202e",
            "\x00",
            "٣",
            "İ",
        ]
    ),
    max_size=40,
)


@given(pieces, st.sampled_from(["", " "]))
def test_any_text_is_dealt_with(said, between):
    text = between.join(said)
    for finding in RULES.find(Transcript(1, Private(text), 1.0)):
        assert 0 <= finding.start < finding.end <= len(text)
        assert finding.type in RULES.types
        assert 0 < finding.score <= 1


BAIT = (
    "five ", "a.", "1 ", "a@", "1.1.", "x-", "(1", "4 to ", "a dot ", "at gmail dot ", "double ",
    "my pin is ", "password ", "no wait ", "uh ", "b as in boy ", "one hundred ", "12 elm ", "a_",
    "corner of ", "born may ", "jane underscore ", "www.", "http://a", "username is ", "5, ", "i ",
    "unit 5 ", "rue ", "street ", "five and ", ":", "9", "👍", "\n",
)  # fmt: skip
LENGTH = 100_000
MICROSECONDS = 100
"""Of the processor, for a letter: ten times what the slowest bait takes, and a hundredth of
what it would take at this length if the work grew with the square."""


@pytest.mark.parametrize("unit", BAIT)
def test_the_work_grows_with_the_length_of_the_text_and_no_faster(unit):
    text = (unit * LENGTH)[:LENGTH]
    start = time.process_time()
    redact_utterance((RULES,), Transcript(1, Private(text), 1.0))
    assert time.process_time() - start < LENGTH * MICROSECONDS / 1e6
