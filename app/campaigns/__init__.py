"""Campaigns: the file that lists runs, and the folder that they are measured into."""
