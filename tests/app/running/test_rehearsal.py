"""A rehearsal plays what a run would play."""

from app.campaigns.campaign import Campaign
from app.running.rehearsal import rehearse
from data.run import Outcome

FILE = """
defaults = { protocol = "pulse-train" }
run = [{ wait_for_baseline = false }, { wait_for_baseline = { watch = "2 s" } }]
"""


def test_the_steps_before_the_protocol_are_rehearsed_too(tmp_path):
    (path := tmp_path / "campaign.toml").write_text(FILE)
    campaign = Campaign.read(path)
    bare, waiting = (rehearse(run.experiment(campaign.rig)) for run in campaign.runs)
    assert bare.result.outcome is waiting.result.outcome is Outcome.FINISHED
    assert len(waiting.samples) > len(bare.samples)
    assert waiting.duration - bare.duration > 1.9
