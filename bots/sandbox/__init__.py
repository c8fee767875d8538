"""A local Slack workspace and an imaginary social network for demo and tests."""
