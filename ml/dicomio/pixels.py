"""Frames of any supported file, as they are displayed."""

import warnings
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from pydicom.dataset import Dataset, FileDataset
from pydicom.pixels.decoders.base import get_decoder
from pydicom.pixels.utils import iter_pixels, pixel_array

from ml.dicomio.calibration import UNCALIBRATED, FrameGrid, frame_grid
from ml.dicomio.dicom import BROKEN, dataset_read, frame_count, has_pixels
from ml.dicomio.display import Frame, shown
from ml.dicomio.errors import NO_IMAGE, Refused
from ml.dicomio.pictures import picture_frames
from ml.dicomio.secondary_capture import captured_frame
from ml.dicomio.sniff import sniff

DAMAGED = "The pixels of the DICOM file are damaged and cannot be decoded."
UNDECODED = (*BROKEN, RuntimeError, MemoryError, ZeroDivisionError)


def frames_read(path: Path) -> Iterator[Frame]:
    """Yield the frames of a file as they are displayed; see `frames_placed`."""
    return (frame for frame, _ in frames_placed(path))


def frames_placed(path: Path) -> Iterator[tuple[Frame, FrameGrid]]:
    """Yield the frames of a file as they are displayed, each with its pixel grid.

    Yields
    ------
    Frame
        uint8, shape (rows, columns) for grey or (rows, columns, 3) for RGB, in frame order.
    FrameGrid
        The frame's pixel size and position.

    Raises
    ------
    Refused
        If the file cannot be read or decoded.
    """
    if sniff(path) == "picture":
        yield from ((page, UNCALIBRATED) for page in picture_frames(path))
        return
    ds = dataset_read(path)
    check_shown(ds)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pixel data that is odd but can be decoded is displayed
            if (picture := captured_frame(ds)) is not None:
                yield picture, frame_grid(ds, 0)
                return
            for number, stored in enumerate(iter_pixels(ds)):
                yield shown(ds, stored, frame=number), frame_grid(ds, number)
    except UNDECODED as error:
        raise Refused(DAMAGED) from error


def frame_read(path: Path, *, frame: int, window: Dataset | None = None) -> Frame:
    """Return one frame (from 0) of a file as it is displayed, optionally with another window; see `frames_read`."""
    if sniff(path) != "picture":
        return frame_of(dataset_read(path), frame=frame, window=window)
    page = next(islice(picture_frames(path), frame, None), None)
    if page is None:
        raise Refused(f"The picture has no page {frame}.")
    return page


def frame_of(ds: FileDataset, *, frame: int, window: Dataset | None = None) -> Frame:
    """Return one frame (from 0) of a parsed object as it is displayed; raises as `frames_read`."""
    check_shown(ds)
    if not 0 <= frame < frame_count(ds):
        raise Refused(f"The DICOM object holds no frame {frame}.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if window is None and (picture := captured_frame(ds)) is not None:
                return picture
            return shown(ds, pixel_array(ds, index=frame), frame=frame, window=window)
    except UNDECODED as error:
        raise Refused(DAMAGED) from error


def check_shown(ds: FileDataset) -> None:
    """Refuse an object that is not an image, or whose transfer syntax cannot be decoded."""
    if not has_pixels(ds):
        raise Refused(NO_IMAGE)
    syntax = ds.file_meta.TransferSyntaxUID
    try:
        get_decoder(syntax)
    except NotImplementedError as error:
        raise Refused(f"The DICOM image is packed as {syntax.name}, which is not unpacked here.") from error
