"""Dispatch: the work of a delivery, from its turn in the lane to the provider's answer."""
