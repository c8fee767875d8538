"""What every chat surface must prove, whatever its product.

A test class inherits ``SurfaceContract`` and its tests get an ``office`` fixture, a ``SurfaceHarness``.
"""

from tests.bots.harness import Dialog, ShownMessage, SurfaceHarness, Told
from tests.bots.rules_answering import Answering
from tests.bots.rules_approving import Approving
from tests.bots.rules_pinging import Pinging
from tests.bots.rules_refusing import Refusing
from tests.bots.rules_strangers import Strangers

__all__ = ["Dialog", "ShownMessage", "SurfaceContract", "SurfaceHarness", "Told"]


class SurfaceContract(Answering, Approving, Pinging, Refusing, Strangers):
    """Inherit, give the ``office`` fixture, and all rules run."""
