"""How large a file may claim to be before it is refused. Real studies stay far below each of these."""

#: Pixels of one frame: a whole digital mammogram has 24 million, a scanned film 36 million.
PIXELS_PER_FRAME = 64_000_000
#: Frames of one object: the longest cine and tomosynthesis objects have a few thousand.
FRAMES = 4_000
#: Decoded bytes of one object.
DECODED_BYTES = 2 << 30
#: Decoded bytes of one picture, all pages together: they are held at once.
PICTURE_BYTES = 512 << 20
#: A deflated object may unpack to so many bytes whatever its size, and to so many times its size.
DEFLATED_BYTES, DEFLATED_RATIO = 64 << 20, 100
#: Depth of nested sequences: enhanced multi-frame objects use four, structured reports about ten.
NESTING = 32
#: Elements of one header, nested ones included: an enhanced object has some forty for each frame.
TAGS = 100_000
#: Bytes of a header as DICOM JSON: 4,000 frames with their own position and window have about nine million.
HEADER_BYTES = 32 << 20
