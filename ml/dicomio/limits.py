"""Limits on what a file may claim before it is refused. Real studies stay far below all of them."""

#: Pixels of one frame: a whole digital mammogram has 24 million, a scanned film 36 million.
PIXELS_PER_FRAME = 64_000_000
#: Frames of one object: the longest cine and tomosynthesis objects have a few thousand.
FRAMES = 4_000
#: Decoded bytes of one object.
DECODED_BYTES = 2 << 30
#: Decoded bytes of one picture, all pages together, since they are all in memory at once.
PICTURE_BYTES = 512 << 20
#: A deflated object may inflate to this many bytes whatever its size, and beyond that to this many times its size.
DEFLATED_BYTES, DEFLATED_RATIO = 64 << 20, 100
#: Depth of nested sequences: enhanced multi-frame objects use four, structured reports about ten.
NESTING = 32
#: Elements of one header, including nested ones: an enhanced object has about forty for each frame.
TAGS = 100_000
#: Bytes of a header as DICOM JSON: that of 4,000 frames, each with position and window, has about nine million.
HEADER_BYTES = 32 << 20
