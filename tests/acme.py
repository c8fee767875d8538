"""How the configuration of Acme begins where its chat is a workspace on loopback: open all the time, Carla approves."""

ACME = """\
[organisation]
name = "Acme"
timezone = "Europe/Rome"
public_url = "http://127.0.0.1:8000"
[organisation.hours]
monday = ["24h"]
[database]
url = "{database}"
[chat.slack]
bot_token = {{ env = "SLACK_BOT_TOKEN" }}
signing_secret = {{ env = "SLACK_SIGNING_SECRET" }}
api_url = "{workspace}/api/"
[members.carla]
name = "Carla Rossi"
slack = "U0CARLA"
[approval]
channel = "slack:C0APPROVE"
approvers = ["carla"]
"""
"""To be formatted with the URL of a ``database`` and that of a ``workspace``; ends within ``[approval]``."""
