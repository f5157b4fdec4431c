"""Files made to do harm, or sent by mistake, and what is said about each.

Each maker writes one file. `says` is the whole sentence that its sender reads; where `stored` is true the
file is harmless and kept.
"""

from tests.phantoms.hostile import archives, objects, strangers
from tests.phantoms.hostile.kinds import KINDS, Hostile, Maker

__all__ = ["KINDS", "Hostile", "Maker", "archives", "objects", "strangers"]
