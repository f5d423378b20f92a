"""What the demo adds to the platform."""

from core.demo.commands import demo
from core.demo.views import DemoOutbox

COMMANDS = (demo,)
VIEWS = (DemoOutbox,)
