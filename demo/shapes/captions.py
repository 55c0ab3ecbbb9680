"""Describe scenes in many wordings."""

from random import Random

from demo.shapes.attributes import Background, Colour, Motion, Shape, Size
from demo.shapes.scene import Attributes

SHAPE_WORDS: dict[Shape, tuple[str, ...]] = {
    Shape.CIRCLE: ("circle", "ball", "disc", "disk", "dot", "round shape"),
    Shape.SQUARE: ("square", "box", "block", "cube"),
    Shape.TRIANGLE: ("triangle", "pyramid", "three-sided shape"),
    Shape.STAR: ("star", "five-pointed star", "starfish"),
}
COLOUR_WORDS: dict[Colour, tuple[str, ...]] = {
    Colour.RED: ("red", "red", "scarlet", "crimson"),
    Colour.ORANGE: ("orange", "orange", "tangerine"),
    Colour.YELLOW: ("yellow", "yellow", "golden", "lemon"),
    Colour.GREEN: ("green", "green", "emerald"),
    Colour.CYAN: ("cyan", "cyan", "turquoise", "light blue"),
    Colour.BLUE: ("blue", "blue", "azure"),
    Colour.PURPLE: ("purple", "purple", "violet"),
    Colour.PINK: ("pink", "pink", "rose"),
    Colour.WHITE: ("white", "white", "snow white"),
    Colour.BLACK: ("black", "black", "jet black"),
}
BACKGROUND_WORDS: dict[Background, tuple[str, ...]] = {
    Background.WHITE: ("white", "white", "plain white"),
    Background.BLACK: ("black", "black", "pitch black"),
    Background.GRAY: ("gray", "grey"),
    Background.BEIGE: ("beige", "beige", "sand", "tan"),
    Background.NAVY: ("navy", "navy", "dark blue", "navy blue"),
    Background.MINT: ("mint", "mint", "pale green", "light green"),
}
SIZE_WORDS: dict[Size, tuple[str, ...]] = {
    Size.SMALL: ("small", "small", "little", "tiny"),
    Size.MEDIUM: ("medium", "medium-sized", "mid-sized", "middle-sized"),
    Size.LARGE: ("large", "large", "big", "huge"),
}
VERBS = ("moving", "going", "sliding", "drifting", "gliding", "travelling", "flying", "floating")
PRESENT = ("moves", "goes", "slides", "drifts", "glides", "travels", "flies", "floats")
DIRECTIONS: dict[Motion, tuple[str, ...]] = {
    Motion.LEFT: ("left", "to the left", "leftwards", "leftward", "from right to left"),
    Motion.RIGHT: ("right", "to the right", "rightwards", "rightward", "from left to right"),
    Motion.UP: ("up", "upwards", "upward", "to the top", "from bottom to top"),
    Motion.DOWN: ("down", "downwards", "downward", "to the bottom", "from top to bottom"),
}
DEEDS: dict[Motion, tuple[tuple[str, str], ...]] = {
    Motion.UP: (("rising", "rises"), ("climbing", "climbs"), ("ascending", "ascends")),
    Motion.DOWN: (("falling", "falls"), ("sinking", "sinks"), ("descending", "descends")),
    Motion.BOUNCING: (
        ("bouncing", "bounces"),
        ("bouncing up and down", "bounces up and down"),
        ("jumping", "jumps"),
        ("hopping", "hops"),
    ),
    Motion.SPINNING: (
        ("spinning", "spins"),
        ("rotating", "rotates"),
        ("turning around", "turns around"),
        ("spinning in place", "spins in place"),
        ("twirling", "twirls"),
    ),
    Motion.GROWING: (
        ("growing", "grows"),
        ("getting bigger", "gets bigger"),
        ("expanding", "expands"),
        ("becoming larger", "becomes larger"),
        ("getting larger", "gets larger"),
    ),
    Motion.SHRINKING: (
        ("shrinking", "shrinks"),
        ("getting smaller", "gets smaller"),
        ("contracting", "contracts"),
        ("becoming smaller", "becomes smaller"),
    ),
}
_ADVERBS = ("slowly", "steadily", "smoothly", "gently", "quickly", "silently")
_PRAISE = ("nice", "beautiful", "bright", "single", "simple", "lonely", "perfect", "flat")
_OPENINGS = (
    "a video of",
    "an animation of",
    "a clip of",
    "animation:",
    "we see",
    "show me",
    "video:",
)
NOUNS = ("background", "background", "background", "backdrop", "canvas", "surface", "screen")
_ENDINGS = ("high quality", "4k", "minimal style", "flat design", "smooth animation", "cinematic")

_SMALL_WORDS = (
    "a an the it is on in over against with and of that this colored coloured while front"
)


def caption(scene: Attributes, random: Random, *, complete: bool = True) -> str:
    """Describe a scene.

    Args:
        scene: what to describe.
        random: chooses the wording.
        complete: mention every attribute (a medium size is optional); if not, omit some at times.
    """
    told = {"size", "motion", "background", "colour"}
    if not complete and random.random() < 0.1:
        told -= set(random.sample(sorted(told), random.choice((1, 1, 2))))
    elif random.random() < 0.3:
        told -= {"size"} if scene.size is Size.MEDIUM else set()
    noun = _noun_phrase(scene, random, told)
    place = _place(scene, random) if "background" in told else ""
    if "motion" not in told:
        text = random.choice((f"{noun} {place}", f"{noun}, {place}" if place else noun))
    else:
        text = _sentence(noun, scene.motion, place, random)
    if random.random() < 0.15:
        text = f"{random.choice(_OPENINGS)} {text}"
    if random.random() < 0.1:
        text = f"{text}, {random.choice(_ENDINGS)}"
    text = " ".join(text.split())
    if random.random() < 0.4:
        text = text[0].upper() + text[1:]
    return text + random.choice(("", "", "."))


def vocabulary() -> list[str]:
    """Return every word of the captions, in a fixed order."""
    phrases: list[str] = [_SMALL_WORDS, *VERBS, *PRESENT, *_ADVERBS, *_PRAISE, *_OPENINGS]
    phrases += [*NOUNS, *_ENDINGS]
    for words in (SHAPE_WORDS, COLOUR_WORDS, BACKGROUND_WORDS, SIZE_WORDS, DIRECTIONS):
        for wordings in words.values():
            phrases += wordings
    phrases += [form for deeds in DEEDS.values() for deed in deeds for form in deed]
    split = " ".join(phrases).replace(",", " ").replace(":", " ").replace("-", " ").split()
    return list(dict.fromkeys(split))


def _noun_phrase(scene: Attributes, random: Random, told: set[str]) -> str:
    shape = random.choice(SHAPE_WORDS[scene.shape][:1] * 3 + SHAPE_WORDS[scene.shape])
    colour = random.choice(COLOUR_WORDS[scene.colour])
    size = random.choice(SIZE_WORDS[scene.size])
    words = [size] * ("size" in told)
    if random.random() < 0.1:
        words.append(random.choice((*_PRAISE, _nonsense(random))))
    if "colour" in told and random.random() < 0.1:
        words.append(f"{shape} in {colour}")
    else:
        words += [colour] * ("colour" in told) + [shape]
    phrase = " ".join(words)
    article = random.choice(("a", "a", "a", "one", "the", ""))
    if article == "a" and phrase[0] in "aeiou":
        article = "an"
    return f"{article} {phrase}"


def _place(scene: Attributes, random: Random) -> str:
    colour = random.choice(BACKGROUND_WORDS[scene.background])
    article = "an" if colour[0] in "aeiou" else "a"
    noun = random.choice(NOUNS)
    usual = f"{article} {colour} {noun}"
    ground = random.choice((usual, usual, usual, usual, f"the {colour} {noun}", colour))
    return random.choice(
        (
            f"on {ground}",
            f"on {ground}",
            f"over {ground}",
            f"against {ground}",
            f"in front of {ground}",
            f"with {ground}",
            f"{colour} {noun}",
        )
    )


def _sentence(noun: str, motion: Motion, place: str, random: Random) -> str:
    doing, does = _deed(motion, random)
    if random.random() < 0.12:
        adverb = random.choice((*_ADVERBS, _nonsense(random)))
        doing, does = random.choice(
            ((f"{adverb} {doing}", f"{adverb} {does}"), (f"{doing} {adverb}", f"{does} {adverb}"))
        )
    if not place:
        return random.choice((f"{noun} {doing}", f"{noun} {does}", f"{noun} that {does}"))
    return random.choice(
        (
            f"{noun} {doing} {place}",
            f"{noun} {doing} {place}",
            f"{noun} {does} {place}",
            f"{noun} {doing}, {place}",
            f"{noun} that {does}, {place}",
            f"{noun} {place} {doing}",
            f"{noun} {place}, {doing}",
            f"{place}, {noun} {does}",
            f"{place}, {noun} {doing}",
            f"{noun} {place}. It {does}",
            f"{noun} {place} is {doing}",
        )
    )


def _deed(motion: Motion, random: Random) -> tuple[str, str]:
    """Return a participle and the present tense."""
    directions = DIRECTIONS.get(motion, ())
    deeds = DEEDS.get(motion, ())
    if deeds and (not directions or random.random() < 0.4):
        return random.choice(deeds)
    way = random.choice(directions)
    number = random.randrange(len(VERBS)) if random.random() < 0.6 else 0
    return f"{VERBS[number]} {way}", f"{PRESENT[number]} {way}"


def _nonsense(random: Random) -> str:
    """Make up a word."""
    return "".join(random.choices("abcdefghijklmnopqrstuvwxyz", k=random.randint(2, 7)))
