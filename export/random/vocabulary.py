"""The vocabulary of random checkpoints."""

SUFFIXES = ("s", "ed", "er", "es", "ing", "ly", "th", "tion")
WORDS = """
a an and are around as at back behind below beside big bird black blue boat bright brown building
by camera car cat city clear clouds cold dark day deep dog down dust evening eyes face fall field
fire fish flower fly fog forest from front glass gold grass green grey ground hair hand hill horse
house in into is it its lake lamp leaf leaves left light like long look low man mist moon morning
mountain move moves moving near night ocean of on open orange out over past people person pink
plane rain red river road rock room run runs sand sea shadow shot sits sky slow slowly small smile
smoke snow soft stand stands star stars stone storm street sun sunlight sunset the their then
through to train tree trees turn turns under up view walk walking walks wall warm water wave waves
white wide wind window with woman wood yellow young
"""
