"""`make bench`: Roster's speed on PostgreSQL, as ratios to references that are measured in the same run.

No part of the product: nothing imports it.
"""
