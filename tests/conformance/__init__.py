"""The conformance test kit of the specification, run as it is written."""
