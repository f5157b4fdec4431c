"""The transfer syntaxes that we can decode, from which a sender may choose."""

from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import AllTransferSyntaxes, ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from ml.dicomio.dicom import PROGRESSIVE_JPEG


def syntaxes_read() -> list[str]:
    """Return the UIDs of all transfer syntaxes that we can decode, the preferred ones first.

    Uncompressed little endian comes first, since any receiver can read it; the retired big endian comes last (PS3.5
    A.3).
    """
    decoded = [uid for uid in AllTransferSyntaxes if _is_decoded(uid)]
    first, last = [ExplicitVRLittleEndian, ImplicitVRLittleEndian], [ExplicitVRBigEndian]
    between = [uid for uid in decoded if uid not in (*first, *last)]
    return [str(uid) for uid in (*first, *between, *sorted(PROGRESSIVE_JPEG), *last)]


def _is_decoded(uid: str) -> bool:
    try:
        return bool(get_decoder(uid).is_available)
    except NotImplementedError:
        return False
