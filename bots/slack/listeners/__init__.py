"""What people do in Slack, one file a kind of act."""
