"""Objects without identities: PS3.15 annex E, Basic Application Level Confidentiality Profile and some of its options.

An object is built anew: nothing goes into it unless a rule lets it in. `table.csv` holds the standard's table E.1-1;
whatever it does not name is judged by its value representation (`elements.py`), and text leaves word by word: only
words of `words.txt` do. Runs in the reading process (`ml.dicomio`), since it reads untrusted bytes and their pixels.
"""
