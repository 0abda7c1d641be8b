"""The words that announce what a number, a code or a word is."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.detectors.reading import Reading

PHONE = "PHONE_NUMBER"
CARD = "CREDIT_CARD"
EXPIRY = "CARD_EXPIRY"
SECRET = "SECRET"  # noqa: S105  # a type's name
SSN = "US_SSN"
NATIONAL_ID = "NATIONAL_ID"
ACCOUNT = "BANK_ACCOUNT"
ROUTING = "US_BANK_NUMBER"
IBAN = "IBAN_CODE"
DOCUMENT = "ID_DOC"
PLATE = "LICENSE_PLATE"
NETWORK = "IP_ADDRESS"
ADDRESS = "ADDRESS"
BIRTH = "DATE_OF_BIRTH"
CODE = "CODE"
COORDINATES = "COORDINATES"


@dataclass(frozen=True, slots=True)
class Cue:
    """Words that announce a code."""

    type: str
    sure: bool
    """After it, what looks like a year or a time of day is a code too."""
    fewest: int = 3
    """Digits or letters that are enough right after it."""


_SURE = {
    CARD: """credit card|debit card|card number|card ending|card is|visa|mastercard|
        master card|amex|american express|card ending in|ending in|ends in|ends with|cc|
        cc number|card|charge it to|cards|diners club|maestro|card it's|discover card|
        gift card number|visa card""",
    EXPIRY: """expiring|expires|expiry|expiration|expiration date|expiry date|exp|exp date|
        valid until|valid thru|valid through|good through|good thru|expires on|expiring on|
        expires in|expiration is|expiry is""",
    SSN: """social|ssn|s s n|social security|social security number|social insurance|s i n|
        social is|soc|socials""",
    NATIONAL_ID: """national insurance|insurance number|medicare number|medicare|medicaid|
        n h s number|nhs number|tax id|tax number|taxpayer id|tin|itin|ein|e i n|
        tax file number|sin number|national id|identity number|identity card|personal number|
        aadhaar|ni number|n i number|tax identification|health card|health number|
        medicaid number""",
    ACCOUNT: """account|account number|bank account|savings account|checking account|checking|
        acct|account is|accounts|account no|iban account|current account|account ending""",
    ROUTING: """routing|routing number|sort code|aba|a b a|transit number|b s b|bsb|swift|
        swift code|bic|branch code|branch number""",
    IBAN: """iban|i ban|eye ban|i b a n|ibans|international bank account""",
    DOCUMENT: """passport|passport number|driver's license|drivers license|driving licence|
        driving license|driver's licence|license number|licence number|license|licence|
        id number|i d number|identification number|green card|visa number|d l number|
        driver license|id card|i d card|permit number|identification|license is|badge number|
        badge|student id|employee id|employee number|student number|id|i d|staff number|
        military id|dl""",
    PLATE: """plate|license plate|licence plate|number plate|plate number|plates|registration|
        reg|tag number|license tag|vehicle registration|registration number|vin|v i n|
        vin number|tags|the car|plate is""",
    NETWORK: """ip|i p|ip address|i p address|ping|server address|router's address|
        router address|dns server|gateway|subnet|host|static ip|ssh to|ssh into|mac address""",
    SECRET: """pin|pin number|pin code|p i n|passcode|pass code|password|passwords|pass word|
        code|access code|security code|door code|gate code|alarm code|entry code|cvv|c v v|
        cvc|c v c|cvv2|cvv code|cvc code|combination|combo|combination is|otp|o t p|
        verification code|one time code|one time password|unlock code|safe code|lock code|
        garage code|burglar alarm|house alarm|alarm panel|passphrase|
        security number|key code|keycode|three digits on the back|
        code on the back|digits on the back|number on the back|on the back|back of it|
        back of the card|pins|codes|auth code|authentication code|confirmation code|
        login code|two factor code|backup code|recovery code|secret number|unlock|passkey|
        pass phrase|secret|cvn|digits|buzzer|suitcase|briefcase|luggage|locker|safe|padlock|
        lock|vault|keypad|verification number|sign in code|tan|wifi key|network key""",
    ADDRESS: """zip|zip code|zipcode|zip coat|eircode|eir code|pin code|postcode|post code|
        postal code|zips|p o box|po box""",
    COORDINATES: """latitude|longitude|coordinates|gps""",
    CODE: """rx|claim|booking|flight booking|order|policy number|member number|
        membership number|member id|membership|policy|insurance id|order number|
        booking reference|booking number|reservation number|confirmation number|confirmation|
        tracking number|reference number|reference|case number|ticket number|claim number|
        customer number|customer id|invoice number|serial number|medical record number|
        patient number|patient id|group number|loyalty number|frequent flyer number|
        frequent flyer|record number|record locator|locator|prescription number|rx number|
        imei|i m e i|license key|serial|parcel number|policy is|client number|meter number|
        subscriber number|known traveler number|redress number|library card|
        library card number|user id|case|file number|docket number|group|api key|product key|
        activation code|activation key|pension number|mrn|m r n|locker combination|
        locker number|voucher|voucher code|social worker number|crypto wallet|wallet|
        device id|tracking|ticket""",
}
_SHORT = {PHONE: "extension|ext|extension number"}
"""Announce a code of two digits or more."""
_UNSURE = {
    PHONE: """call|ring|text|dial|phone|telephone|cell|mobile|number|call me at|call me on|
        reach me at|reach me on|reach|contact|fax|landline|number's|phone number|phone's|
        cell number|cell phone|mobile number|home number|work number|office number|whatsapp|
        whats app|called|calling|voicemail|message|messages|sms|contact number|hotline|beeper|
        pager|caller|callback|call back|registered|phone is|cell is|numbers|reach him|
        reach her|reach us|reach them|line is|text message|facetime|signal|telegram|call me|
        call us|call him|call her|text me|dialed|called me from|voice mail|area code|lines""",
}
_NEED_DIGITS = {CARD: 3, SECRET: 3, EXPIRY: 3, NETWORK: 4, PHONE: 4, CODE: 4, PLATE: 3, DOCUMENT: 4}
_NO_CODES = (
    "dress code|error code|bar code|barcode|promo code|source code|area code|country code|qr code|"
    "zip file|discount code|morse code|color code|code red|status code|building code|"
    "batting order|episode number|channel number|page number|chapter number|track number|"
    "flight number|bus number|number one|room number|model number|house number|question number|"
    "problem number|exercise number|gas mark|lottery number|winning number|atomic number|"
    "code names|cheat code|coupon code|emergency number"
)


def _table() -> dict[str, list[tuple[tuple[str, ...], Cue | None]]]:
    """By the last word of a cue, the cues that end with it, longest first."""
    cues: dict[tuple[str, ...], Cue | None] = {}
    for sure, kinds in ((True, _SURE), (False, _UNSURE)):
        for kind, phrases in kinds.items():
            cue = Cue(kind, sure, _NEED_DIGITS.get(kind, 3))
            cues |= {tuple(phrase.split()): cue for phrase in phrases.split("|")}
    for kind, phrases in _SHORT.items():
        cues |= {tuple(phrase.split()): Cue(kind, True, 2) for phrase in phrases.split("|")}
    cues |= {tuple(phrase.split()): None for phrase in _NO_CODES.split("|")}
    table: dict[str, list[tuple[tuple[str, ...], Cue | None]]] = {}
    for words, named in sorted(cues.items(), key=lambda item: -len(item[0])):
        table.setdefault(words[-1], []).append((words, named))
    return table


CUES = _table()


def cue_at(reading: Reading, last: int) -> tuple[Cue | None, int]:
    """The cue whose last word is word `last`, and its first word (-1: there is none).

    A cue of None is a phrase that announces something public: "error code".
    """
    word = reading.words[last].removesuffix("'s")
    for words, cue in CUES.get(word, ()):
        first = last - len(words) + 1
        if first >= 0 and tuple(reading.words[first:last]) == words[:-1]:
            return cue, first
    return None, -1
