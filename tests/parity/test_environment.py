"""Which machines the bits are promised on, and what is said where a package is missing."""

import sys
from types import SimpleNamespace

import pytest

from parity import environment


def torch_like(version="2.13.0+cpu", capability="AVX2"):
    cpu = SimpleNamespace(get_cpu_capability=lambda: capability)
    return SimpleNamespace(__version__=version, backends=SimpleNamespace(cpu=cpu))


def machine(monkeypatch, system, processor):
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(environment.platform, "machine", lambda: processor)


@pytest.mark.parametrize("capability", ["AVX2", "AVX512"])
def test_the_promise_holds(monkeypatch, capability):
    machine(monkeypatch, "linux", "x86_64")
    assert environment.departures(torch_like(capability=capability)) == []


@pytest.mark.parametrize(
    ("system", "processor", "torch", "named"),
    [
        ("linux", "x86_64", torch_like(version="2.12.1"), "2.12.1"),
        ("linux", "x86_64", torch_like(version="2.130.0"), "2.130.0"),
        ("linux", "x86_64", torch_like(capability="DEFAULT"), "DEFAULT"),
        ("linux", "aarch64", torch_like(), "aarch64"),
        ("darwin", "x86_64", torch_like(), "darwin"),
    ],
)
def test_departures_are_named(monkeypatch, system, processor, torch, named):
    machine(monkeypatch, system, processor)
    (reason,) = environment.departures(torch)
    assert named in reason


def test_a_missing_package_names_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(environment.Missing, match=r'pip install "tinygrad_edu\[viz\]"'):
        environment.load("matplotlib", "viz")
