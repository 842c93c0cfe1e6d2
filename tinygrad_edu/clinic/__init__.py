"""What is wrong with a training loop that runs: a doctor watches it, and names what it sees with the line and the fix."""

from .diagnosis import Diagnosis, DoctorWarning
from .visit import doctor
