"""Kernels: arrays in, arrays out; the plain loop owns the bare name, each rung adds its method, backward its word."""
