"""What this app contributes to other apps' pages."""

from webapp.foundation.core.handover_items import HandoverKind, handover_kinds
from webapp.imaging.inference.handover_items import outage_items

handover_kinds.register(HandoverKind("outage", "AI outages", "failed", order=50, items=outage_items))
