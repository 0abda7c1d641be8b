"""Words that mean nothing, and words that a recognizer writes for others that sound the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

HESITATIONS = frozenset("um umm uhm uh uhh er err erm hm hmm hmmm mhm mm mmm ah eh".split())
"""Sounds of somebody who thinks; never words, unless a sentence has them."""

_FILLERS = """
like; you know; you see; i mean; actually; basically; literally; just; well; so; now; then; anyway;
kind of; sort of; maybe; right; yeah; yes; yep; oh; hey; hi; hello; hey there; okay; ok; alright;
all right; please; pretty please; thanks; thank you; thanks a lot; thank you very much; cheers;
quickly; real quick; for me; if you can; if you could; if you would; if you don't mind; can you;
could you; would you; will you; can we; could we; can i; could i; may i; would you mind; i want;
i want to; i want you to; i wanna; i need; i need to; i need you to; i'd like; i'd like to;
i'd like you to; i would like; i would like to; i would like you to; go ahead and; let's
"""
FILLERS = frozenset(tuple(phrase.split()) for phrase in _FILLERS.split(";"))
"""Words and phrases that may be left out of a command."""
LONGEST_FILLER = max(map(len, FILLERS))

_DICTIONARY = """
a ae ay; add ad; all aul aull; an ahn ane ann anne un; and und; are ahr ar eure or our r ur; area
erria; back backe bak bakke; base bass; blue bleu blew; brown browne; by bae bi buy bye; can caen
cahn cann cannes kan kann kanne kuhne kun; candle kandel; ceiling sealing seeling sieling; cellar
seller; check chek cheque czech; clean kleen; clear cleere kleer; close clothes klose; coffee
coffey; color caller collor colour culler; cool coole kool; curtain kirton; day dae daye de dey;
diffuse defuse; do deux dew doo douwe du due; dock doc; door doar doerr dohr dore dorr; down
downe; eight ate aydt; empty mt; fan fann phan; fifty fiftee; find fined; flat flatt; floor flor
flore; for faure fer feur fir fore forr four fur furr furrh; forty forti; four faure for fore
forr; from frum; gate gait; get git goette; go gau goe gogh goh; green greene; guest guessed; half
haff; hall haul; heater heeter; here hear; hi heye high hy hye jai; high heye hi hy hye jai; home
holm; hot hott; hour auer our; house haus hause hauss; how hao hau howe; i ai ay aye eye; in inn;
kelvin kelvan kelven; kettle kettell; know nau neault no noe noh; lamp lampe lampp; last lass;
lawn laun; light lite; lights lites; like lyke; list liszt; lock laack laake loch locke lok; low
lo loe loew loewe loh lowe; made maid mayde; main maine mane mayne meyn; matic mattick; max macks
macs maxx; me mea mee mi; min mihn minh; mind mined; minute minot minott mynatt; mode moad moede
mowed; mow mau meaux mo moe; much mutch mutsch; music muzik; my mai; next necks nex; now gnau; oh
au aux eau eaux o ohh ow owe; on aune; one won; our ahr ar are auer hour r; pause paws; point
pointe; pool poole poul; press presse; raise rase rays raze res; read reade red redd reed reid
ried riede wrede; reading redding reding; red read reade redd; right reit rite wright write; roof
ruef rueff rufe; room reaume rheaume roome; say saye se seay; scene seen; sensor censer censor;
set sette; shade schade; show chau schau; shut schut schutt shutt; shutter schutter; side seid
seide sighed syed; single singel; skip skipp; some sum; speaker spieker; sure schuur shure; tell
tel; ten tenn; the thee; there their; to tew thuy too tu tue two; top topp; track trac trak; two
tew thuy to too tu tue; up upp; value valu; wall wahle wal walle; weather whether; where ware wear
wehr werre; which wich witch; white whyte wight; who hoo hou houx hu; whole hoel hoell hoelle hohl
hole; with withe; you ewe hugh u uwe yew yoo yu yue
"""
"""What the CMU pronouncing dictionary has for words of the built-in sentences and of houses."""

_ALIKE = """
first furst; six sicks; nine nein; five fife; three tree; zero xero; hours ours; add at ad; and an;
of off; in on; we wee; be bee b; see sea c; why y; tea t tee; there their they're; that's thats;
what's whats watts; where's wheres wears; who's whos whose; how's hows; it's its; not knot; new
knew; gray grey; night knight nite; stairs stares; stair stare; heat heed; days daze; week weak;
time thyme; sun son; sunday sundae; board bored; wood would; hose hoes; vane vein vain; pear pair;
flower flour; beach beech; key quay; morning mourning; dye die; tail tale; steel steal; great
grate; peak peek; brake break; real reel; rain reign; mail male; sale sail; meat meet; piece
peace; steak stake; bread bred; leek leak; beat beet; wine whine; route root; cereal serial; berry
bury; currant current; bean been; cent scent sent; sauce source; minute minuet; set sett; locks
lox; code coat; wait weight; course coarse; aisle isle; straight strait; waste waist; sweet suite;
past passed; fair fare; stationary stationery; pail pale; plain plane; role roll; rose rows; shoe
shoo; sole soul; storey story; team teem; tow toe; veil vale; wave waive; way weigh; hair hare;
him hymn; mall maul; metal medal; pedal peddle; pole poll; poor pour; ring wring; road rode; seam
seem; tide tied; wrap rap; rough ruff; candle candel; kettle kettel; today two-day; all awl
"""
"""Other words that sound the same, or nearly so where people speak fast."""


def _alike() -> Mapping[str, tuple[str, ...]]:
    """By word, the words that sound the same."""
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for group in (*_DICTIONARY.split(";"), *_ALIKE.split(";")):
        words = group.split()
        for word in words:
            found[word].update((other, None) for other in words if other != word)
    return {word: tuple(others) for word, others in found.items()}


ALIKE = _alike()
"""By word, the words that sound the same."""
AS_NUMBER = {"a": ("one",), "an": ("one",)}
"""A number that is said by another word: "a minute"."""
