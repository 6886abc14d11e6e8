"""Settings of every test: shared machines are slow now and then, which is no failure."""

from hypothesis import HealthCheck, settings

settings.register_profile("fmes", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("fmes")
