"""English words: the lexicon of the English grammar, the more frequent first in each list.

Kinds of noun say what a verb may take; the same word may be of two kinds, or noun and verb.
"""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _irregular(text: str) -> dict[str, list[str]]:
    return {lemma: forms.split("/") for lemma, forms in (e.split(":") for e in text.split())}


NOUNS = {
    "person": _words(
        """teacher child woman man friend student doctor neighbor farmer boy girl mother father
        brother sister driver nurse lawyer actor artist writer king queen soldier sailor baker
        singer player manager visitor guest judge scientist engineer tourist customer uncle aunt
        cousin wife thief hero poet pilot dentist waiter witness secretary"""
    ),
    "animal": _words(
        """dog cat horse bird sheep fish cow mouse wolf deer goose fox rabbit lion monkey tiger
        bear duck pig chicken elephant donkey snake frog spider butterfly goat calf"""
    ),
    "thing": _words(
        """key box table chair lamp knife car bag cup window door bicycle watch phone coat shoe
        hat shirt basket bottle mirror blanket candle brush glass plate spoon hammer ladder rope
        boat truck radio camera clock toy ball umbrella shelf drum guitar pencil aircraft dress
        ring gift machine computer piano pillow"""
    ),
    "food": _words(
        """apple cake potato egg tomato sandwich orange cookie pie banana carrot onion cherry
        pear mushroom peach sausage pancake biscuit lemon strawberry bean"""
    ),
    "place": _words(
        """house city garden school village park river street museum church library bridge farm
        hotel station beach island kitchen factory office hospital market castle forest valley
        theater country lake mountain tower harbor temple"""
    ),
    "text": _words(
        """book letter story song poem report article novel message play note list diary essay
        speech thesis joke study analysis record"""
    ),
    "event": _words(
        """party meeting game lesson race walk dance trip series concert visit festival war
        crisis wedding journey project dream search talk show holiday election experiment"""
    ),
}

ADJECTIVES = {
    "person": _words(
        """young tall happy sad kind clever angry brave tired honest rich poor lazy polite shy
        friendly lonely busy calm proud nervous curious careful thin bald"""
    ),
    "animal": _words(
        "wild hungry gentle fierce fat loud black white brown fast slow noisy gray sleepy thirsty"
    ),
    "thing": _words(
        """red heavy broken green blue light cheap expensive dirty clean wooden empty yellow
        useful round narrow dusty shiny sharp fragile plastic golden modern rusty pink"""
    ),
    "food": _words("fresh sweet sour delicious ripe warm cold tasty rotten soft bitter healthy"),
    "place": _words(
        "large quiet crowded dark peaceful distant ancient safe dangerous wide pretty remote local"
    ),
    "text": _words("short funny boring famous brilliant simple difficult romantic serious unusual"),
    "event": _words(
        "long terrible exciting important sudden wonderful public annual secret final recent"
    ),
}
COMMON_ADJECTIVES = _words("old big small new good little strange beautiful bad nice")
"""Adjectives that go with every kind of noun."""

VERBS = {
    "act": _words(
        """walk sleep run sing dance laugh smile play work swim cry jump wait rest travel arrive
        shout fall sit stand talk listen dream whisper return disappear relax wander pray yawn
        cough sneeze climb wake fly hide stay"""
    ),
    "handle": _words(
        """carry buy find sell break clean use hold move put cut drop hit fix wash paint lose
        bring keep steal throw push pull repair choose touch take shut lift collect check wrap
        count burn replace borrow lend pack open close need inspect admire polish"""
    ),
    "consume": _words(
        "eat cook prepare taste bake serve share fry chop boil smell peel freeze order slice offer"
    ),
    "meet": _words(
        """see help know love meet follow call hear watch remember thank teach protect hug greet
        trust hurt chase feed invite praise miss understand forgive ignore scare marry"""
    ),
    "reach": _words(
        "visit leave enter reach cross explore guard discover avoid photograph search sketch"
    ),
    "compose": _words(
        "read write publish translate describe learn forget finish copy print quote edit"
    ),
    "plan": _words("plan enjoy start organize attend discuss cancel begin film postpone spoil"),
    "occur": _words("begin end continue start fail stop change matter succeed happen"),
    "claim": _words("say think believe know hope feel notice explain admit insist announce doubt"),
    "wish": _words("want try need hope decide promise refuse learn plan forget agree"),
}

ARGUMENTS = {
    "act": (("person", "person", "animal"), ()),
    "handle": (("person",), ("thing",)),
    "consume": (("person",), ("food",)),
    "meet": (("person", "person", "animal"), ("person", "animal")),
    "reach": (("person",), ("place",)),
    "compose": (("person",), ("text",)),
    "plan": (("person",), ("event",)),
    "occur": (("event",), ()),
    "claim": (("person",), ()),
    "wish": (("person",), ()),
}
"""For each frame of verbs, the kinds of noun that are its subject and its object."""

PAST = _irregular(
    """sleep:slept run:ran/run sing:sang/sung swim:swam/swum fall:fell/fallen
        sit:sat stand:stood wake:woke/woken fly:flew/flown hide:hid/hidden buy:bought find:found
        sell:sold break:broke/broken hold:held put:put cut:cut hit:hit shut:shut hurt:hurt
        lose:lost bring:brought keep:kept steal:stole/stolen throw:threw/thrown
        choose:chose/chosen take:took/taken lend:lent eat:ate/eaten freeze:froze/frozen
        see:saw/seen know:knew/known meet:met hear:heard teach:taught feed:fed
        understand:understood forgive:forgave/forgiven leave:left read:read write:wrote/written
        forget:forgot/forgotten begin:began/begun say:said think:thought feel:felt
        have:had do:did/done"""
)
"""Past tense and, where it is another form, past participle."""

DOUBLED = frozenset(
    _words("stop drop plan chop hug wrap run sit swim put cut hit shut begin admit forget")
)
"""Verbs whose last consonant is doubled before -ed and -ing."""

PLURALS = _irregular(
    """child:children woman:women man:men wife:wives thief:thieves sheep:sheep
    fish:fish deer:deer mouse:mice goose:geese wolf:wolves calf:calves knife:knives shelf:shelves
    aircraft:aircraft series:series crisis:crises thesis:theses analysis:analyses hero:heroes
    potato:potatoes tomato:tomatoes"""
)

COMPARATIVES = _irregular("good:better/best bad:worse/worst")
GRADED = frozenset(
    _words(
        """old big small new nice young tall happy sad kind clever angry brave rich poor lazy shy
        friendly lonely busy calm proud thin wild hungry fierce fat loud fast slow noisy sleepy
        heavy light cheap dirty clean dusty shiny sharp fresh sweet warm cold tasty soft large
        quiet dark safe wide pretty short funny simple long strange good bad"""
    )
)
"""Adjectives with a comparative in -er and a superlative in -est."""

NAMES = _words(
    """Mary John Anna Peter Lucy Tom Alice David Emma Henry Laura George Helen Paul Nina Oscar
    Ruth Simon Clara Victor Rose Martin Julia Leo Irene Philip Sarah Daniel Eva Robert Grace
    Edward Susan Walter"""
)
FAMILIES = _words(
    "Miller Baker Carter Wilson Turner Walker Cooper Parker Fisher Mason Taylor Porter Hunter Bell"
)
CITIES = _words(
    """London Paris Boston Madrid Rome Berlin Vienna Dublin Chicago Lisbon Oslo Athens Prague
    Toronto Sydney Canada Spain Italy Ireland Norway Egypt Japan"""
)
WEEKDAYS = _words("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")
MONTHS = _words("January March April June July August October November December")

MANNER = _words(
    """slowly quickly quietly carefully happily badly well loudly easily suddenly gently together
    alone sadly calmly bravely politely nervously proudly secretly patiently angrily eagerly
    cheerfully silently clumsily gracefully kindly lazily neatly rapidly warmly wisely
    cautiously"""
)
FREQUENCY = _words("always often never usually sometimes rarely frequently seldom")
DEGREE = _words("very quite really too rather so extremely")
COMMENT = _words("fortunately perhaps maybe however obviously apparently surprisingly clearly")
PLACEWISE = _words("here there outside inside upstairs downstairs abroad nearby away")

NUMBERS = _words(
    """two three four five six ten seven eight nine twelve twenty eleven thirteen fourteen fifteen
    sixteen thirty forty fifty sixty 12 15 18 24 25 30 36 40 48 75 90"""
)

UNITS = _words("day week month year night morning evening summer winter hour")
PAST_UNITS = _words("week month year night summer winter")

PRONOUNS = (
    ("he", "3", "Sing", "Masc"),
    ("she", "3", "Sing", "Fem"),
    ("they", "3", "Plur", None),
    ("we", "1", "Plur", None),
    ("I", "1", "Sing", None),
)
POSSESSIVES = (("his", "3"), ("her", "3"), ("their", "3"), ("my", "1"), ("our", "1"))
MODALS = {"Pres": ("can", "will", "must", "should", "may"), "Past": ("could", "would", "might")}
STEMS_BEFORE_NT = {"can": "ca", "will": "wo"}  # UD writes can't as ca + n't
INDEFINITE = {
    "Sing": (("every", "DET", "Tot"), ("each", "DET", "Tot"), ("another", "DET", "Ind")),
    "Plur": (
        ("some", "DET", "Ind"),
        ("all", "DET", "Tot"),
        ("many", "ADJ", None),
        ("several", "ADJ", None),
        ("few", "ADJ", None),
    ),
}
DEMONSTRATIVE = {
    "Sing": (("this", "this"), ("that", "that")),
    "Plur": (("these", "this"), ("those", "that")),
}

INSIDE = {
    "person": ("with", "near", "behind"),
    "animal": ("near", "behind", "with"),
    "thing": ("on", "under", "near", "of", "behind"),
    "food": ("on", "in", "near"),
    "place": ("near", "behind", "of"),
    "text": ("about", "of", "by"),
    "event": ("of", "for", "with"),
}
OF_NOUNS = {
    "person": ("person", "animal", "thing"),
    "animal": ("person", "place"),
    "thing": ("thing", "person"),
    "food": ("thing",),
    "place": ("place",),
    "text": ("person", "animal"),
    "event": ("person",),
}
"""For each kind of noun, the prepositions that may follow it, and the kinds that follow these."""
