"""Who has a real rig, and who makes it safe when that process is gone."""
