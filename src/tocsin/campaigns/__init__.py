"""Sightings, the campaigns that they join, and the decisions on campaigns."""
