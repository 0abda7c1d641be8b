"""What German, French and Spanish words mean to the rules, without accents, ß as ss."""

from __future__ import annotations


def _numbered(words: str, first: int, step: int = 1) -> dict[str, int]:
    """Words for numbers in a row; those between bars mean the same one."""
    return {
        word: first + step * place
        for place, same in enumerate(words.split())
        for word in same.split("|")
    }


GERMAN_NUMBERS = _numbered(
    "null eins|ein|eine zwei|zwo drei vier funf|fuenf sechs sieben acht neun zehn elf "
    "zwolf|zwoelf dreizehn vierzehn funfzehn|fuenfzehn sechzehn siebzehn achtzehn neunzehn",
    0,
) | _numbered("zwanzig dreissig vierzig funfzig|fuenfzig sechzig siebzig achtzig neunzig", 20, 10)
FRENCH_NUMBERS = (
    _numbered(
        "zero un|une deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze "
        "quinze seize",
        0,
    )
    | _numbered("vingt|vingts trente quarante cinquante soixante septante|septente", 20, 10)
    | {"huitante": 80, "octante": 80, "nonante": 90}
)
SPANISH_NUMBERS = (
    _numbered(
        "cero uno|un|una dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce "
        "quince dieciseis diecisiete dieciocho diecinueve veinte veintiuno|veintiun veintidos "
        "veintitres veinticuatro veinticinco veintiseis veintisiete veintiocho veintinueve",
        0,
    )
    | _numbered("treinta cuarenta cincuenta sesenta setenta ochenta noventa", 30, 10)
    | _numbered(
        "doscientos trescientos cuatrocientos quinientos seiscientos setecientos ochocientos "
        "novecientos",
        200,
        100,
    )
)

GERMAN = {
    "at": "at|et|klammeraffe|affenschwanz|bei", "dot": "punkt", "underscore": "unterstrich",
    "dash": "bindestrich|minus|strich", "slash": "schragstrich|slash", "double": "doppel|doppelt",
    "is": "ist|lautet|sind|heisst|war", "my": "mein|meine|meiner|meinen", "and": "und",
    "the": "der|die|das|den|dem", "no": "nein|nee", "wait": "warte|moment", "uh": "ah|ahm|eh|ehm",
    "sorry": "entschuldigung|sorry", "with": "mit", "for": "fur|fuer",
    "on": "auf|unter|am|im|vom", "please": "bitte", "thanks": "danke", "number": "nummer",
    "phone number": "telefonnummer|rufnummer|telefon nummer", "cell number": "handynummer|"
    "mobilnummer|handy nummer", "phone": "telefon|handy", "call": "ruf|rufe|anrufen|ruft",
    "dial": "wahle|wahl", "card number": "kartennummer|kreditkartennummer|karten nummer",
    "credit card": "kreditkarte|visakarte", "card": "karte|girokarte|bankkarte",
    "account number": "kontonummer|konto nummer", "account": "konto", "sort code": "bankleitzahl",
    "pin": "geheimzahl|geheimnummer|pinnummer", "password": "passwort|kennwort",
    "door code": "turcode|tuercode|zugangscode|haustur code", "code": "code|kode",
    "alarm code": "alarmcode", "cvv": "prufnummer|kartenprufnummer|sicherheitscode",
    "id number": "ausweisnummer|personalausweisnummer|personalausweis",
    "passport number": "reisepassnummer|passnummer|reisepass", "tax id": "steuernummer|"
    "steuer id|steuerid", "social security number": "sozialversicherungsnummer",
    "insurance number": "versicherungsnummer|versichertennummer|krankenkassennummer",
    "customer number": "kundennummer", "order number": "bestellnummer|auftragsnummer",
    "booking number": "buchungsnummer", "tracking number": "sendungsnummer",
    "license plate": "kennzeichen|nummernschild|autokennzeichen", "zip code": "postleitzahl|plz",
    "email": "mailadresse|emailadresse|mail adresse|e mail adresse|mail", "born": "geboren",
    "birthday": "geburtstag", "date of birth": "geburtsdatum", "username": "benutzername",
    "minutes": "minute|minuten", "hours": "stunde|stunden", "seconds": "sekunde|sekunden",
    "days": "tag|tage|tagen", "years": "jahr|jahre|jahren", "percent": "prozent",
    "degrees": "grad", "o'clock": "uhr", "euros": "euro", "kilometers": "kilometer",
    "meters": "meter", "grams": "gramm", "times": "mal", "channel": "kanal|sender",
    "volume": "lautstarke", "point": "komma", "january": "januar", "february": "februar",
    "march": "marz|maerz", "may": "mai", "june": "juni", "july": "juli", "october": "oktober",
    "december": "dezember", "first": "ersten|erster", "third": "dritten|dritter",
}  # fmt: skip
FRENCH = {
    "at": "arobase|arobas|at|chez", "dot": "point", "underscore": "tiret bas|souligne|underscore",
    "dash": "tiret|trait d'union|moins", "slash": "slash|barre oblique", "double": "double",
    "is": "est|c'est|sont|etait", "my": "mon|ma|mes", "and": "et", "the": "le|la|les",
    "no": "non", "wait": "attends|attendez", "uh": "euh|heu|hum", "sorry": "pardon|desole|desolee",
    "to": "a|au|aux", "with": "avec", "for": "pour", "on": "sur", "please": "s'il te plait|"
    "s'il vous plait", "thanks": "merci", "number": "numero",
    "phone number": "numero de telephone|numero de tel", "cell number": "numero de portable|"
    "numero de mobile", "phone": "telephone|portable", "call": "appelle|appeler|appelez",
    "dial": "compose|composez", "card number": "numero de carte|numero de ma carte",
    "credit card": "carte bancaire|carte bleue|carte de credit", "card": "carte",
    "account number": "numero de compte", "account": "compte",
    "pin": "code secret|code pin|code confidentiel", "password": "mot de passe",
    "door code": "code d'entree|code de la porte|digicode", "code": "code",
    "alarm code": "code d'alarme|code de l'alarme", "cvv": "cryptogramme|code de securite",
    "id number": "numero d'identite|carte d'identite", "passport number": "numero de passeport|"
    "passeport", "tax id": "numero fiscal", "social security number": "numero de securite "
    "sociale|numero de secu|securite sociale|secu", "customer number": "numero de client",
    "order number": "numero de commande", "booking number": "numero de reservation|"
    "numero de dossier", "tracking number": "numero de suivi", "license plate": "plaque "
    "d'immatriculation|immatriculation|plaque", "zip code": "code postal",
    "email": "mail|adresse mail|e mail|courriel|adresse e mail", "born": "ne|nee",
    "birthday": "anniversaire", "date of birth": "date de naissance",
    "username": "nom d'utilisateur|identifiant|pseudo", "minutes": "minute|minutes",
    "hours": "heure|heures", "seconds": "seconde|secondes", "days": "jour|jours",
    "years": "an|ans|annee|annees", "percent": "pour cent", "degrees": "degre|degres",
    "euros": "euro|euros", "kilometers": "kilometre|kilometres", "meters": "metre|metres",
    "grams": "gramme|grammes", "times": "fois", "channel": "chaine", "volume": "volume",
    "january": "janvier", "february": "fevrier", "march": "mars", "april": "avril",
    "may": "mai", "june": "juin", "july": "juillet", "august": "aout", "september": "septembre",
    "october": "octobre", "november": "novembre", "december": "decembre", "first": "premier",
}  # fmt: skip
SPANISH = {
    "at": "arroba|at", "dot": "punto", "underscore": "guion bajo|raya baja|subrayado",
    "dash": "guion|raya|menos", "slash": "barra|diagonal", "double": "doble",
    "is": "es|son|era", "my": "mi|mis", "and": "y", "the": "el|la|los|las", "no": "no",
    "wait": "espera|espere", "uh": "eh|em|este", "sorry": "perdon|perdona", "to": "a|al",
    "of": "de|del", "with": "con", "for": "para|por", "on": "en",
    "please": "por favor", "thanks": "gracias", "number": "numero",
    "phone number": "numero de telefono|numero de tel",
    "cell number": "numero de movil|numero de celular", "phone": "telefono|movil|celular",
    "call": "llama|llamar|llame", "dial": "marca|marque", "card number": "numero de tarjeta|"
    "numero de mi tarjeta", "credit card": "tarjeta de credito", "card": "tarjeta",
    "account number": "numero de cuenta", "account": "cuenta",
    "pin": "clave secreta|pin|numero secreto", "password": "contrasena|clave",
    "door code": "codigo de la puerta|codigo de entrada", "code": "codigo",
    "alarm code": "codigo de la alarma|codigo de alarma", "cvv": "codigo de seguridad",
    "id number": "dni|numero de identidad|documento de identidad|carne de identidad|cedula",
    "passport number": "numero de pasaporte|pasaporte", "tax id": "nif",
    "social security number": "numero de la seguridad social|seguridad social",
    "customer number": "numero de cliente", "order number": "numero de pedido",
    "booking number": "numero de reserva", "tracking number": "numero de seguimiento",
    "license plate": "matricula|placa", "zip code": "codigo postal",
    "email": "correo|correo electronico|mail|email", "born": "nacio|naci|nacido|nacida",
    "birthday": "cumpleanos", "date of birth": "fecha de nacimiento", "username": "usuario|"
    "nombre de usuario", "minutes": "minuto|minutos", "hours": "hora|horas",
    "seconds": "segundo|segundos", "days": "dia|dias", "years": "ano|anos",
    "percent": "por ciento", "degrees": "grado|grados", "euros": "euro|euros",
    "kilometers": "kilometro|kilometros", "meters": "metro|metros", "grams": "gramo|gramos",
    "times": "veces", "channel": "canal", "volume": "volumen", "point": "coma",
    "january": "enero", "february": "febrero", "march": "marzo", "april": "abril", "may": "mayo",
    "june": "junio", "july": "julio", "august": "agosto", "september": "septiembre",
    "october": "octubre", "november": "noviembre", "december": "diciembre", "first": "primero",
}  # fmt: skip
