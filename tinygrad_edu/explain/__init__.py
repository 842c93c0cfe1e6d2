"""What is shown to people: a backward pass step by step, and the pages (`html`) and charts (`charts`) that show it."""

from .names import Names
from .record import recording
from .stepper import Explanation, explain, step_backward
