"""A small Bolt app as Slack's getting-started page teaches to write one. It knows nothing of the sandbox.

It asks a team where to eat. Everything that such an app usually does is there once: a word it listens to, a button with
a confirmation, a menu, a dialog that is checked and updated, a slash command, a message shortcut, a global shortcut, a
menu whose choices it looks up, the Home tab, a reaction, a file.
"""

import re

from slack_bolt import Ack, App, BoltContext, Respond, Say
from slack_sdk import WebClient

PLACES = ["Bar Sport", "Da Gino", "Noodle house", "The canteen"]


def lunch_app(client: WebClient, signing_secret: str) -> App:
    """Build the app; `client` says where Slack is, as an app under test would."""
    app = App(client=client, signing_secret=signing_secret)
    votes: dict[str, str] = {}

    @app.middleware
    def remember_who(context: BoltContext, next):  # noqa: A002 - Bolt calls its argument so
        context["person"] = f"<@{context.user_id}>"
        next()

    # Listens to incoming messages that contain "hello"
    @app.message("hello")
    def message_hello(message, say: Say):
        # say() sends a message to the channel where the event was triggered
        say(
            blocks=[
                {
                    "type": "section",
                    "text": {"type": "mrkdwn", "text": f"Hey there <@{message['user']}>!"},
                    "accessory": {
                        "type": "button",
                        "text": {"type": "plain_text", "text": "I am hungry"},
                        "action_id": "hungry",
                    },
                }
            ],
            text=f"Hey there <@{message['user']}>!",
        )

    @app.message(re.compile(r"^where to\?$"))
    def ask(message, say: Say):
        say(text="Here is what others chose", thread_ts=message["ts"])

    @app.action("hungry")
    def hungry(ack: Ack, body, say: Say, client: WebClient):
        # Acknowledge the action
        ack()
        client.reactions_add(channel=body["channel"]["id"], timestamp=body["message"]["ts"], name="fork_and_knife")
        say(f"<@{body['user']['id']}> is hungry")

    @app.command("/lunch")
    def lunch(ack: Ack, command, client: WebClient, respond: Respond):
        ack()
        if command["text"] == "today":
            chosen = ", ".join(sorted(set(votes.values()))) or "nothing yet"
            respond(f"Today: {chosen}")
            return
        client.views_open(trigger_id=command["trigger_id"], view=order_view(command["channel_id"]))

    @app.options("place")
    def places(ack: Ack, payload):
        found = [place for place in PLACES if payload["value"].lower() in place.lower()]
        ack(options=[{"text": {"type": "plain_text", "text": place}, "value": place} for place in found])

    @app.action("place")
    def place_chosen(ack: Ack, body, client: WebClient):
        ack()
        chosen = body["actions"][0]["selected_option"]["value"]
        client.views_update(
            view_id=body["view"]["id"],
            hash=body["view"]["hash"],
            view=order_view(body["view"]["private_metadata"], chosen=chosen),
        )

    @app.view("order")
    def ordered(ack: Ack, body, view, client: WebClient, logger):
        values = view["state"]["values"]
        people = int(values["people"]["count"]["value"] or 0)
        if not 1 <= people <= 12:
            ack(response_action="errors", errors={"people": "Between 1 and 12"})
            return
        place = values["where"]["place"]["selected_option"]["value"]
        votes[body["user"]["id"]] = place
        ack()
        posted = client.chat_postMessage(
            channel=view["private_metadata"], text=f"{place} for {people}", metadata=metadata(place, people)
        )
        client.chat_postMessage(channel=posted["channel"], thread_ts=posted["ts"], text="Who comes along?")
        logger.debug("ordered at %s", place)

    @app.view_closed("order")
    def left(ack: Ack, body, client: WebClient):
        ack()
        client.chat_postMessage(channel=body["user"]["id"], text="Another time, then.")

    @app.shortcut("copy_order")
    def copy_order(ack: Ack, shortcut, respond: Respond):
        ack()
        respond(text=f"I wrote down: {shortcut['message']['text']}", replace_original=False)

    @app.shortcut("plan_lunch")
    def plan_lunch(ack: Ack, shortcut, client: WebClient):
        ack()
        client.views_open(trigger_id=shortcut["trigger_id"], view=order_view(shortcut["user"]["id"]))

    @app.event("app_home_opened")
    def home(event, client: WebClient, context: BoltContext):
        client.views_publish(user_id=event["user"], view=home_view(context["person"], votes.get(event["user"])))

    @app.action("forget")
    def forget(ack: Ack, body, client: WebClient, context: BoltContext):
        ack()
        votes.pop(body["user"]["id"], None)
        client.views_publish(user_id=body["user"]["id"], view=home_view(context["person"], None))

    @app.event("app_mention")
    def mentioned(event, say: Say, client: WebClient):
        name = client.users_info(user=event["user"])["user"]["profile"]["display_name"]
        say(text=f"At your service, {name}", thread_ts=event["ts"])

    @app.event("reaction_added")
    def counted(event, client: WebClient):
        if event["reaction"] == "clipboard":
            client.files_upload_v2(channel=event["item"]["channel"], filename="menu.txt", content="soup\npasta\n")

    @app.event("message")
    def other_messages():
        """Leave everything else alone."""

    return app


def metadata(place: str, people: int) -> dict:
    """Write what finds the order again."""
    return {"event_type": "lunch_order", "event_payload": {"place": place, "people": people}}


def order_view(channel: str, *, chosen: str | None = None) -> dict:
    """Draw the dialog."""
    menu: dict = {"type": "external_select", "action_id": "place", "min_query_length": 1}
    if chosen:
        menu["initial_option"] = {"text": {"type": "plain_text", "text": chosen}, "value": chosen}
    blocks = [
        {
            "type": "input",
            "block_id": "where",
            "dispatch_action": True,
            "label": {"type": "plain_text", "text": "Where"},
            "element": menu,
        },
        {
            "type": "input",
            "block_id": "people",
            "label": {"type": "plain_text", "text": "How many"},
            "element": {"type": "number_input", "action_id": "count", "is_decimal_allowed": False},
        },
    ]
    if chosen:
        blocks.append({"type": "context", "elements": [{"type": "mrkdwn", "text": f"*{chosen}* is open"}]})
    return {
        "type": "modal",
        "callback_id": "order",
        "private_metadata": channel,
        "notify_on_close": True,
        "title": {"type": "plain_text", "text": "Lunch"},
        "submit": {"type": "plain_text", "text": "Order"},
        "blocks": blocks,
    }


def home_view(person: str, place: str | None) -> dict:
    """Draw the Home tab."""
    blocks: list[dict] = [
        {"type": "header", "text": {"type": "plain_text", "text": "Lunch"}},
        {"type": "section", "text": {"type": "mrkdwn", "text": f"{person}: {place or 'no order yet'}"}},
    ]
    if place:
        button = {
            "type": "button",
            "action_id": "forget",
            "text": {"type": "plain_text", "text": "Forget it"},
            "style": "danger",
            "confirm": {
                "title": {"type": "plain_text", "text": "Sure?"},
                "text": {"type": "plain_text", "text": "Your order is forgotten."},
                "confirm": {"type": "plain_text", "text": "Forget"},
                "deny": {"type": "plain_text", "text": "Keep"},
            },
        }
        blocks.append({"type": "actions", "elements": [button]})
    return {"type": "home", "blocks": blocks}
