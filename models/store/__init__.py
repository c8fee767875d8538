"""Every SQL statement, as named methods of one transaction object, one file per noun."""

from sqlmodel.ext.asyncio.session import AsyncSession

from models.store.auditing import Auditing
from models.store.cases import Cases
from models.store.clocks import Clocks
from models.store.digests import Digests
from models.store.freezes import Freezes
from models.store.gatherings import Gatherings
from models.store.intake import Intake
from models.store.on_call import OnCall
from models.store.outbox import Outbox
from models.store.pings import Pings
from models.store.polling import Polling
from models.store.reports import Reports
from models.store.rollup import Rollup
from models.store.watching import Watching


class Transaction:
    """One unit of work. Rows added or changed through it are written when it commits, all or none."""

    def __init__(self, session: AsyncSession) -> None:
        """Bind the stores to one session."""
        self.session = session
        self.auditing = Auditing(session)
        self.cases = Cases(session)
        self.clocks = Clocks(session)
        self.digests = Digests(session)
        self.freezes = Freezes(session)
        self.gatherings = Gatherings(session)
        self.intake = Intake(session)
        self.on_call = OnCall(session)
        self.outbox = Outbox(session)
        self.pings = Pings(session)
        self.polling = Polling(session)
        self.watching = Watching(session)
        self.reports = Reports(session)
        self.rollup = Rollup(session)


__all__ = ["Transaction"]
