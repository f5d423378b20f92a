"""The pages of this plugin."""

from plugins.statistics.views.numbers import ClubNumbers, MemberNumbers
from plugins.statistics.views.snapshots import SnapshotView

VIEWS = (MemberNumbers, ClubNumbers, SnapshotView)

__all__ = ["VIEWS", *(view.__name__ for view in VIEWS)]
