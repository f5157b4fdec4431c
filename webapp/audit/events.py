"""The words of the audit trail, with the DICOM codes behind them (PS3.15 A.5, PS3.16 CID 400)."""

from enum import StrEnum


class Code(StrEnum):
    """What can happen. The number is the DICOM event ID, the word after it ours."""

    SIGN_IN = "110114 sign-in"
    SIGN_OUT = "110114 sign-out"
    SIGN_IN_REFUSED = "110114 sign-in refused"
    STUDY_VIEWED = "110103 study viewed"
    OBJECTS_RETRIEVED = "110104 objects retrieved"
    OBJECTS_SEARCHED = "110112 objects searched"
    MARK_SAVED = "110103 mark saved"
    MARK_HIDDEN = "110103 mark taken away"
    LESION_LINKED = "110103 lesion linked"
    LESION_UNLINKED = "110103 lesion unlinked"
    WORKLIST_VIEWED = "110112 worklist viewed"
    AUDIT_SEARCHED = "110101 audit log searched"
    SENDING_ASKED = "110102 sending asked for"
    SENDING_BEGUN = "110102 sending begun"
    SENT = "110104 study sent"
    DESTINATION_CHANGED = "110128 destination changed"
    FIGURES_EXPORTED = "110106 figures exported"
    WEBHOOK_CHANGED = "110100 webhook changed"
    EXPORT_ASKED = "110106 export asked for"
    EXPORT_MADE = "110106 export made"
    EXPORT_FETCHED = "110106 export fetched"
    UPLOADED = "110104 file stored"
    UPLOAD_REFUSED = "110104 file refused"
    ACCESS_REFUSED = "110113 access refused"
    TOKEN_MADE = "110137 token made"  # noqa: S105 - no password
    TOKEN_REVOKED = "110137 token revoked"  # noqa: S105
    ASSOCIATION_REFUSED = "110113 association refused"
    RESULTS_FILED = "110104 results filed"
    RUN_FINISHED = "110100 analysis finished"
    RUN_QUARANTINED = "110100 analysis failed"
    RUN_RETRIED = "110100 analysis retried"
    TASK_TRIAGED = "110100 task triaged"
    VERDICT_SAID = "110103 verdict said"
    READ_COMMITTED = "110103 first impression committed"
    READ_FINISHED = "110103 read finished"
    TASK_TAKEN_OVER = "110100 task taken over"
