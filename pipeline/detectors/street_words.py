"""The words of street addresses, and the words that are none."""

from __future__ import annotations

from pipeline.detectors.reading import word_set

STREETS = word_set(
    """
    street streets avenue ave road rd lane ln boulevard blvd str st terrace crescent mews
    parkway pkwy turnpike alley cul-de-sac esplanade thoroughfare highway hwy expressway
    freeway motorway
    """
)
"""Words that end a street's name and hardly mean anything else."""
SOFT_STREETS = word_set(
    """
    drive dr court ct place pl way close square sq hill park row walk gardens grove trail
    circle cir loop path pike plaza run pass ridge view point crossing bend green gate heights
    landing manor meadow meadows mill rise common villas vale wharf yard quay bridge estate
    court's junction cove creek glen hollow island knoll lake mall mount mountain oaks orchard
    overlook pines port prairie ranch shore spring springs station summit terrace trace track
    tunnel valley village vista well wells woods crossroad crossroads broadway center centre
    parade promenade embankment chase croft dene drove end fields fold garth greens haven hey
    lea lodge nook side strand tree trees wood
    """
)
"""Words that end a street's name and mean something else as well."""
HOMES = SOFT_STREETS | word_set(
    """
    house halls hall cottages cottage mansions towers tower apartments flats buildings barns
    almshouses residences villas works wharf moorings marina campus studios farm lodges chambers
    """
)
"""Words that end the name of a house or houses: "three maple court", "bexley halls"."""
ESTATES = frozenset(
    (kind, ground)
    for kind in "trading industrial business science retail caravan trailer holiday office".split()
    for ground in ("estate", "park")
)
"""The last words of the name of a piece of ground: "unit four riverside trading estate"."""
ROOMS = word_set(
    """
    apartment apt suite unit flat room plot block lot studio chalet caravan berth cabin villa house
    cottage bungalow stable annexe
    """
)
"""Words before a number which say that somebody lives or works behind it."""
FOREIGN_BEFORE = word_set(
    """
    rue ul heol calle via avenida rua piazza plaza ulica ulitsa strada chemin impasse allée
    allee quai carrer paseo camino viale corso largo platz place boulevard route jalan rruga
    utca praça praca travessa ronda
    """
)
"""Words that begin a street's name in other languages: the number follows the name."""
FOREIGN_ENDINGS = tuple(
    word_set(
        """
        straße strasse straat gasse platz laan plein vägen vagen gatan gata gade vej veien
        vegen katu kuja polku weg allee damm ufer utca ulice dijk gracht kade markt steig väg
        singel hof stieg
        """
    )
)
UNITS = word_set(
    """
    house plot blok block villa cottage no apartment apt suite ste unit flat floor room
    building bldg door lot box psc tower wing level apartments penthouse basement
    """
)
MILITARY = word_set("apo fpo dpo uss psc hhc")
STATES = word_set(
    """
    alabama alaska arizona arkansas california colorado connecticut delaware florida georgia
    hawaii idaho illinois indiana iowa kansas kentucky louisiana maine maryland massachusetts
    michigan minnesota mississippi missouri montana nebraska nevada ohio oklahoma oregon
    pennsylvania tennessee texas utah vermont virginia washington wisconsin wyoming ontario
    quebec alberta manitoba saskatchewan england scotland wales ireland canada australia
    germany france spain italy netherlands belgium sweden norway finland denmark poland
    austria switzerland portugal iceland usa uk united kingdom zealand africa brazil mexico
    india japan cyprus uruguay greece hungary romania croatia czech turkey israel
    """
)
CUES = (
    "address", "addresses", "live", "lives", "living", "lived", "moved", "reside", "resides",
    "deliver", "delivered", "delivery", "ship", "shipped", "located", "navigate", "navigation",
    "directions", "taxi", "cab", "uber", "lyft", "drive", "pick", "drop", "ride", "mail", "send",
    "stay", "staying", "home", "house", "office", "offices", "meet", "appointment", "corner", "go",
    "route", "take", "residence", "headed", "party", "pizza", "package", "parcel", "driver",
    "work", "works", "come", "get", "location", "destination", "directed", "billing", "sent",
    "ambulance", "paramedics", "police", "fire", "courier", "van", "removal", "removals",
)  # fmt: skip
"""Words before an address; each lowers the bar for what follows."""
RIDE_CUES = word_set(
    """
    taxi cab uber lyft ride directions driver package pizza parcel
    """
)
"""Words before "to" or "at" and an address."""
SURE_CUES = RIDE_CUES | word_set(
    """
    address addresses live lives lived living staying reside resides residing deliver
    delivered shipped located navigate residence moved office offices house flat home
    """
)
DIRECTIONS = word_set(
    """
    north south east west northeast northwest southeast southwest n s e w ne nw se sw
    """
)
FAMOUS = word_set(
    """
    main high wall sesame oxford abbey bourbon penny fleet downing bond carnaby harley rodeo
    coronation jump elm
    """
)
"""Streets that are spoken of by people who live elsewhere."""
HOMELY = word_set(
    """
    live lives lived living house home address deliver send mail ambulance parents stay
    staying moved neighbour neighbor flat cottage grew office pick drop meet she's he's we're
    they're
    """
)
"""Words near a street without a number that make it somebody's."""
NO_STREET = word_set(
    """
    a an the and or of to in on at by with from for is are was were be been it its this that
    these those my your his her our their i you he she we they me him us them what when where
    who how why please thanks thank minute minutes hour hours second seconds day days week
    weeks month months year years percent degrees degree dollars dollar cents euros pounds
    miles mile kilometers km meters feet foot inch inches cups cup ounces grams people person
    times time o'clock am pm more less most least few many much some any every each all both
    other another new old next last first best worst big small large little long short high
    low good bad great turn turned set play add put make take give get go call text tell ask
    find show open close start stop remind need want like would could should can will do does
    did done have has had not no yes if then than so but because about into over under up down
    out off again very just only also too still even back ago now today tomorrow yesterday
    tonight morning evening afternoon night way ways items item pieces lights light lamp lamps
    songs song eggs tickets pizzas hard easy fast slow hot cold plus minus divided multiplied
    timer alarm volume channel number point before after until while during between episode
    season chapter page kids children players stars star hundred thousand million billion half
    quarter said says car cars bus train plane plans plan game games team teams side sides
    reservation reservations table tables seats level levels bed beds bath room rooms minute's
    hour's mobile phone cell email uh um er different block blocks
    """
)
"""Words that no street is called, in the middle of an address."""
TAIL_STOPS = word_set(
    """
    please thanks thank before after for and then when if because so but by until while at on
    in with as is are was who which that my your his her our their i you he she we they it to
    from today tomorrow yesterday tonight this now okay ok asap immediately saying tell call
    text about near every monday tuesday wednesday thursday friday saturday sunday via
    avoiding using or not also a an the there here again last next how what where can could
    will would right soon please's it's i'm we're they're just off over around across behind
    opposite per noon midnight morning evening afternoon night under between outside send
    don't instead since during into out up down back went has have had do does did got go
    """
)
