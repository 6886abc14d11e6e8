"""Neural networks made of measured synapses."""
