"""Every SQL statement, as named methods of one transaction object, one file per noun."""

from sqlmodel.ext.asyncio.session import AsyncSession

from models.store.cases import Cases
from models.store.clocks import Clocks
from models.store.freezes import Freezes
from models.store.intake import Intake
from models.store.outbox import Outbox
from models.store.polling import Polling
from models.store.reports import Reports
from models.store.rollup import Rollup


class Transaction:
    """One unit of work. Rows added or changed through it are written when it commits, all or none."""

    def __init__(self, session: AsyncSession) -> None:
        """Bind the stores to one session."""
        self.session = session
        self.cases = Cases(session)
        self.clocks = Clocks(session)
        self.freezes = Freezes(session)
        self.intake = Intake(session)
        self.outbox = Outbox(session)
        self.polling = Polling(session)
        self.reports = Reports(session)
        self.rollup = Rollup(session)


__all__ = ["Transaction"]
