"""Staff pages: the queue of campaigns, a campaign, the decision on it."""
