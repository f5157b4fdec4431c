"""Why a file could not be read, in words for the one who sent it."""


class Refused(Exception):  # noqa: N818 - the answer to a file, no error of ours
    """The file is refused; the message is one plain sentence without patient data."""


CUT_SHORT = "The DICOM file is cut short: it claims more than its bytes hold."
NO_IMAGE = "The DICOM object holds no image."
IS_INDEX = "This is a DICOMDIR, an index of other files; it is left out, they are taken."
