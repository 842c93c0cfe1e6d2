"""What is shown to people: a backward pass step by step, and the pages (`html`) and charts (`charts`) that show it."""

from .draw import Drawing, draw
from .flow import gradient_flow, history
from .jacobian import jacobian
from .names import Names
from .paths import Paths, paths
from .record import recording
from .stepper import Explanation, explain, step_backward
