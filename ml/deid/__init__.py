"""De-identification: PS3.15 Annex E, Basic Application Level Confidentiality Profile and some of its options.

A new object is built from the original, and contains only what a rule allows. `table.csv` holds the standard's Table
E.1-1; attributes that it does not list are treated by their value representation (`elements.py`), and of free text,
only the words listed in `words.txt` are kept. All this runs in the reader process (`ml.dicomio`), since it parses
untrusted files and decodes their pixels.
"""
