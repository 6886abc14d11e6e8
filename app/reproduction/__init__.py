"""The study's measurements and networks run anew, and the report beside its values."""
