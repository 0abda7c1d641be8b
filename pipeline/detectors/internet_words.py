"""The words around addresses on the net: endings, providers, and what never is a part of one."""

from __future__ import annotations

from pipeline.detectors.reading import word_set

ENDINGS = word_set(
    """
    com comm calm org net edu gov mil int co uk us de fr es it nl be ch at ca au nz ie io me
    tv ai app dev info biz name online site shop store blog xyz eu in jp cn br mx ru pl se no
    fi dk pt gr cz hu ro tech cloud email live club pro news ly gg fm to sh cc ws mobi travel
    museum health life world today agency studio design space website page wiki games social
    house family love art baby photos wedding
    """
)
"""What comes after the last dot."""
PROVIDERS = word_set(
    """
    gmail googlemail yahoo hotmail outlook aol icloud proton protonmail live msn comcast
    verizon gmx fastmail zoho mail ymail rocketmail att sbcglobal bellsouth btinternet
    earthlink cox charter hushmail tutanota yandex rediffmail mac
    """
)
"""Mail providers that are named without their ending: "jane at gmail"."""
SPELLED_PROVIDERS = (
    ("a", "o", "l"), ("i", "cloud"), ("g", "mail"), ("gee", "mail"), ("hot", "mail"), ("y", "mail"),
    ("proton", "mail"), ("out", "look"), ("m", "s", "n"), ("g", "m", "x"), ("a", "t", "t"),
    ("google", "mail"), ("fast", "mail"), ("eye", "cloud"),
)  # fmt: skip
LOCAL_STOPS = word_set(
    """
    is to email e mails emails address addresses mail mailed with for from my me and at on it
    it's send sending sent forward forwarded use using says under this the your his her their
    its our by as hey please so okay ok contact reach write cc bcc add invite sign signed up
    login account called text message tell of in that's or a an try be i you we are was also
    that these those which who what where when how if then but not no yes can could would
    should will've i'm he's she's log logged subscribe register registered over reply copy
    ping him us them has have had looks look looking go going goes went shop shopping buy
    bought order ordered book booked found find meet see saw seen works work worked working
    arrive stay available check checked sale out here there deals price prices jobs were read
    watch did do does done get got just like about into onto than more now today report
    invoice document file files photo photos pictures picture note notes recipe directions
    everyone everybody something anything hello hi thanks thank well um uh er
    """
)
"""Words before which a mailbox begins (unless a dot or a dash holds on to them)."""
LOCAL_INNER = word_set(
    """
    the a an we are i you he she and or no not my your our his her their all about here out in
    of for with do just like get got go going see into who more over under this then first
    last initial letter capital lower upper case then surname shop shopping
    now today photo photos notes recipe recipes
    """
)
"""Those of them (and others) that a mailbox of several words may have: "we are the martins at"."""
LOCAL_OPENS = word_set(
    """
    is be it's that's was it so to yeah yes okay ok called well ready
    """
)
"""Words after which nothing but the mailbox comes."""
SITE_STOPS = LOCAL_STOPS | word_set(
    """
    open visit website site webpage page url link links browse browser load launch bookmark
    show type navigate online pull blog homepage portfolio store domain web internet start
    bring called named the through via posted shared upload download downloaded new search
    """
)
PUBLIC_SITES = word_set(
    """
    google youtube wikipedia amazon netflix facebook twitter reddit bbc cnn ebay espn imdb
    hulu spotify bing yahoo microsoft apple instagram tiktok github linkedin pinterest weather
    nytimes walmart target etsy craigslist yelp paypal booking airbnb expedia tripadvisor
    zillow indeed quora twitch discord whatsapp zoom dropbox adobe fandom stackoverflow nasa
    whitehouse mozilla npr msn aol foxnews guardian accuweather allrecipes homedepot bestbuy
    costco ikea disney disneyplus roblox chess duolingo khanacademy coursera archive
    """
)
"""Sites that say nothing about who opens them, unless a path follows."""
NETWORKS = word_set(
    """
    instagram insta twitter tiktok snapchat discord reddit github linkedin skype telegram
    twitch venmo cashapp facebook mastodon bluesky threads psn xbox steam x youtube fortnite
    roblox slack soundcloud onlyfans
    """
)
HANDLE_STOPS = word_set(
    """
    please thanks thank and on for but so okay ok or if when in to with at is was because then
    by the it i you he she we they can could would don't do does just not
    """
)
NO_HANDLES = word_set(
    """
    taken wrong not already the a an my your too invalid correct incorrect down working
    unavailable available required missing same different very really still being been going
    about broken slow banned hacked private public suspended locked what where how it his her
    their our in on off again boring fun full great good bad free awesome so one
    """
)
"""What is said of a user name and is none."""
