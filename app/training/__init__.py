"""Networks trained of measured devices: what is to be trained, where and by whom."""
