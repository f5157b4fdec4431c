"""Why a file is refused, in sentences for its sender."""


class Refused(Exception):  # noqa: N818 - a response to a file, not a fault of the program
    """The file is refused; the message is one plain sentence without patient data."""


CUT_SHORT = "The DICOM file is cut short: it claims more than its bytes hold."
NO_IMAGE = "The DICOM object holds no image."
IS_INDEX = "This is a DICOMDIR, an index of other files; it is left out, they are taken."
