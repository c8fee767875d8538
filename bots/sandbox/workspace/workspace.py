"""The workspace with everything people can do in it: on top of messages, the interactions that reach the app."""

from collections.abc import Callable
from types import TracebackType
from typing import Any, Self, TypeVar

from bots.sandbox.workspace.attending import Attending
from bots.sandbox.workspace.deliveries import Acknowledgement
from bots.sandbox.workspace.elements import (
    WRITTEN,
    Touchable,
    find_button,
    find_input,
    missing_fields,
    state_values,
    value_of,
    version_with,
)
from bots.sandbox.workspace.errors import ApiError, CannotDo
from bots.sandbox.workspace.payloads import MessagePlace, Payloads, Place, ViewPlace
from bots.sandbox.workspace.records import Json
from bots.sandbox.workspace.responses import respond
from bots.sandbox.workspace.seen import Seen
from bots.sandbox.workspace.triggers import ResponseAddress

T = TypeVar("T")
TROUBLE = "We had some trouble connecting. Try again?"  # what Slack's client shows in a dialog
PRESSED, TYPED = "on_enter_pressed", "on_character_entered"


class Workspace(Attending):
    """A whole workspace. See `WorkspaceState` for its arguments and parts.

    Every act is a coroutine that returns when the app has acknowledged, or failed to within three seconds, and
    answers `Seen`.
    What the app does after its acknowledgement comes later: `await workspace.until(lambda: workspace.open_view("U1"))`.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.payloads = Payloads(self)
        self._entered: dict[tuple[str, str], Json] = {}

    async def __aenter__(self) -> Self:
        """Enter a block at whose end everything under way is stopped."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop everything under way."""
        await self.close()

    async def close(self) -> None:
        """Stop deliveries, sockets and streams."""
        self.changes.close()
        await self.deliveries.close()

    async def settled(self) -> None:
        """Return when every event has had its first delivery."""
        await self.deliveries.settled()

    async def until(self, condition: Callable[[], T], *, within: float = 5.0, what: str = "what was waited for") -> T:
        """Wait for the first true answer of `condition`, which is looked at after every change.

        `within` is in real seconds, whatever the clock; after it TimeoutError says that `what` did not happen.
        """
        return await self.changes.until(condition, within=within, what=what)

    # ---- in messages
    # ---------------------------------------------------------------------------------------------------

    async def click(
        self,
        user: str,
        channel: str,
        message_ts: str,
        button: str | None = None,
        *,
        action_id: str | None = None,
        block_id: str | None = None,
        inputs: Json | None = None,
    ) -> Seen:
        """Press a button of a message, found by what is written on it or by action_id and block_id.

        `inputs` are entered into the message's fields first: by label, block_id, action_id or `block_id/action_id`.
        """
        place = self._message_place(user, channel, message_ts)
        return await self._press(user, place, (button, action_id, block_id), inputs or {})

    async def enter(self, user: str, channel: str, message_ts: str, inputs: Json) -> Seen:
        """Type into fields of a message without pressing anything; kept until something is pressed.

        The app is not told.
        """
        place = self._message_place(user, channel, message_ts)
        for name, value in inputs.items():
            self._keep(user, place, find_input(place.blocks, name), value)
        return Seen(ok=True)

    async def press_enter(self, user: str, channel: str, message_ts: str, action_id: str, value: str) -> Seen:
        """Type into a field of a message that dispatches on Enter, and press Enter."""
        place = self._message_place(user, channel, message_ts)
        return await self._dispatch(user, place, action_id, value, PRESSED)

    async def type_into(
        self, user: str, channel: str, message_ts: str, field: str, value: Any, *, enter: bool = False
    ) -> Seen:
        """Type into a field of a message; the app is told as in `type_in_view`."""
        place = self._message_place(user, channel, message_ts)
        return await self._dispatch(user, place, field, value, PRESSED if enter else TYPED)

    async def choose(self, user: str, channel: str, message_ts: str, field: str, value: Any) -> Seen:
        """Choose in a menu, picker, set of checkboxes or radio buttons of a message.

        `value` by what is written or by value.
        """
        return await self._choose(user, self._message_place(user, channel, message_ts), field, value)

    # ---- in dialogs and on the Home tab
    # --------------------------------------------------------------------------------

    async def click_in_view(
        self,
        user: str,
        button: str | None = None,
        *,
        action_id: str | None = None,
        block_id: str | None = None,
        inputs: Json | None = None,
    ) -> Seen:
        """Press a button in the dialog in front."""
        return await self._press(user, self._view_place(user), (button, action_id, block_id), inputs or {})

    async def click_at_home(
        self,
        user: str,
        button: str | None = None,
        *,
        action_id: str | None = None,
        block_id: str | None = None,
        inputs: Json | None = None,
    ) -> Seen:
        """Press a button on the Home tab."""
        return await self._press(user, self._home_place(user), (button, action_id, block_id), inputs or {})

    async def choose_in_view(self, user: str, field: str, value: Any) -> Seen:
        """Choose in a menu of the dialog in front."""
        return await self._choose(user, self._view_place(user), field, value)

    async def choose_at_home(self, user: str, field: str, value: Any) -> Seen:
        """Choose in a menu of the Home tab."""
        return await self._choose(user, self._home_place(user), field, value)

    async def type_in_view(self, user: str, field: str, value: Any, *, enter: bool = False) -> Seen:
        """Type into a field of the dialog in front.

        The app is told if the field dispatches on characters, or with `enter` if it dispatches on Enter.
        """
        return await self._dispatch(user, self._view_place(user), field, value, PRESSED if enter else TYPED)

    async def type_at_home(self, user: str, field: str, value: Any, *, enter: bool = False) -> Seen:
        """Type into a field of the Home tab; the app is told as in `type_in_view`."""
        return await self._dispatch(user, self._home_place(user), field, value, PRESSED if enter else TYPED)

    async def suggest(
        self,
        user: str,
        field: str,
        typed: str,
        *,
        channel: str | None = None,
        message_ts: str | None = None,
        at_home: bool = False,
    ) -> list[Json]:
        """Type into a menu whose choices the app provides: in a message, on the Home tab, or in the dialog in front.

        Answers the choices offered.
        """
        place: Place
        if channel and message_ts:
            place = self._message_place(user, channel, message_ts)
        else:
            place = self._home_place(user) if at_home else self._view_place(user)
        found = find_input(place.blocks, field)
        payload = self.payloads.block_suggestion(
            user, place, block_id=found.block_id, action_id=found.action_id, typed=typed
        )
        came = await self.deliveries.interaction(payload)
        if not came.ok or not isinstance(came.body, dict):
            raise CannotDo(came.sentence or "the app offered no choices")
        groups: list[Json] = came.body.get("option_groups") or []
        options: list[Json] = came.body.get("options") or []
        return options + [option for group in groups for option in group["options"]]

    async def submit_view(self, user: str, values: Json | None = None, *, view_id: str | None = None) -> Seen:
        """Fill in and submit the dialog in front; `values` by label, block_id, action_id or `block_id/action_id`.

        The answer tells what stands before the person then: field errors, the next dialog, or nothing.
        """
        place = self._view_place(user)
        view = place.view
        if view_id is not None and view["id"] != view_id:
            raise CannotDo(f"the dialog {view_id} is not in front (any more)")
        if view["submit"] is None:
            raise CannotDo("this dialog has no submit button")
        for name, value in (values or {}).items():
            self._keep(user, place, find_input(place.blocks, name), value)
        entered = self._entered_at(user, place)
        wrong = missing_fields(place.blocks, state_values(place.blocks, entered))
        if wrong:
            return Seen(ok=False, field_errors=wrong, view=view)
        came = await self.deliveries.interaction(self.payloads.view_submission(user, view, entered))
        return self._after_submit(user, view, came)

    async def close_view(self, user: str, *, everything: bool = False) -> Seen:
        """Close the dialog in front (`everything`: the whole stack); the app is told if a dialog asked for it."""
        stack = list(self.views.stacks.get(user, []))
        if not stack:
            raise CannotDo("there is no dialog to close")
        gone = stack[::-1] if everything or stack[-1]["clear_on_close"] else stack[-1:]
        came = Acknowledgement("ok")
        for view in gone:
            self.views.close(user)
            entered = self._entered.pop((user, view["id"]), {})
            if view["notify_on_close"]:
                payload = self.payloads.view_closed(user, view, entered, cleared=len(gone) > 1)
                came = await self.deliveries.interaction(payload)
        self.changes.tell("view_closed", user=user)
        return Seen(ok=came.ok, error=came.sentence, view=self.open_view(user))

    # ---- shortcuts and commands
    # ----------------------------------------------------------------------------------------

    async def shortcut(
        self, user: str, callback_id: str, *, channel: str | None = None, message_ts: str | None = None
    ) -> Seen:
        """Use a message shortcut, or without a message a global one."""
        place = self._message_place(user, channel, message_ts) if channel and message_ts else None
        if place is not None and place.message.only_for is not None:
            raise CannotDo("a message that nobody else sees has no shortcuts")
        return await self._tell(user, self.payloads.shortcut(user, callback_id, place), channel)

    async def slash(self, user: str, channel: str, command: str, text: str = "") -> Seen:
        """Use a slash command; what the app answers appears in the channel or before this person only."""
        known = self._may_write(user, channel)
        if self.app.commands and command not in self.app.commands:
            return Seen(ok=False, error=f"{command} is not a valid command.")
        before = set(known.ephemerals)
        came = await self.deliveries.command(self.payloads.command(user, known, command, text))
        if not came.ok:
            word = "operation_timeout" if came.status == "timeout" else "dispatch_failed"
            return Seen(ok=False, error=f'{command} failed with the error "{word}": {came.sentence}')
        body = {"text": came.body} if isinstance(came.body, str) else came.body
        if body:
            address = ResponseAddress(user, known.id, "", None, is_ephemeral=False, at=self.clock.now())
            try:
                respond(self, address, body)
            except ApiError as error:
                return Seen(ok=False, error=f'{command} failed with the error "{error.word}"')
        return self._seen(user, came, known.id, before)

    # ---- how
    # -----------------------------------------------------------------------------------------------------------

    def _message_place(self, user: str, channel: str, ts: str) -> MessagePlace:
        known = self._for(user, channel)
        return MessagePlace(known, self._message_for(user, known, ts))

    def _view_place(self, user: str) -> ViewPlace:
        view = self.open_view(user)
        if view is None:
            raise CannotDo(f"no dialog is open before {user}")
        return ViewPlace(view)

    def _home_place(self, user: str) -> ViewPlace:
        view = self.home(user)
        if view is None:
            raise CannotDo(f"the app has published no Home tab for {user}")
        return ViewPlace(view)

    def _entered_at(self, user: str, place: Place) -> Json:
        return self._entered.setdefault((user, place.key), {})

    def _keep(self, user: str, place: Place, found: Touchable, value: Any) -> Json:
        state = value_of(found.element, value)
        self._entered_at(user, place).setdefault(found.block_id, {})[found.action_id] = state
        return state

    def _action(self, found: Touchable, **more: Any) -> Json:
        return {
            "type": found.kind,
            "action_id": found.action_id,
            "block_id": found.block_id,
            "action_ts": self.ids.ts(),
            **more,
        }

    async def _press(
        self, user: str, place: Place, wanted: tuple[str | None, str | None, str | None], inputs: Json
    ) -> Seen:
        button, action_id, block_id = wanted
        blocks = version_with(place.versions, block_id=block_id, action_id=action_id)
        found = find_button(blocks, button=button, action_id=action_id, block_id=block_id)
        for name, value in inputs.items():
            self._keep(user, place, find_input(blocks, name), value)
        shown = {name: found.element[name] for name in ("text", "value", "style", "url") if name in found.element}
        return await self._act(user, place, self._action(found, **shown))

    async def _choose(self, user: str, place: Place, field: str, value: Any) -> Seen:
        found = find_input(place.blocks, field)
        is_stateful = found.kind != "overflow"
        state = self._keep(user, place, found, value) if is_stateful else value_of(found.element, value)
        if found.block["type"] == "input" and not found.block.get("dispatch_action"):
            return Seen(ok=True, view=self.open_view(user))
        return await self._act(user, place, self._action(found, **state))

    async def _dispatch(self, user: str, place: Place, field: str, value: Any, when: str) -> Seen:
        block_id, _, action_id = field.rpartition("/")
        found = find_input(version_with(place.versions, block_id=block_id, action_id=action_id), field)
        if found.kind not in WRITTEN:
            raise CannotDo(f"nobody can type into a {found.kind}; choose instead")
        state = self._keep(user, place, found, value)
        told = found.element.get("dispatch_action_config", {}).get("trigger_actions_on", [PRESSED])
        if not found.block.get("dispatch_action") or when not in told:
            return Seen(ok=True, view=self.open_view(user))
        return await self._act(user, place, self._action(found, **state))

    async def _act(self, user: str, place: Place, action: Json) -> Seen:
        payload = self.payloads.block_actions(user, place, [action], self._entered_at(user, place))
        return await self._tell(user, payload, place.channel.id if isinstance(place, MessagePlace) else None)

    async def _tell(self, user: str, payload: Json, channel: str | None) -> Seen:
        before = set(self.channel_named(channel).ephemerals) if channel else set()
        return self._seen(user, await self.deliveries.interaction(payload), channel, before)

    def _seen(self, user: str, came: Acknowledgement, channel: str | None, before: set[str]) -> Seen:
        shown = [one for one in self.ephemerals(user, channel) if one["ts"] not in before] if channel else []
        return Seen(ok=came.ok, error=came.sentence, view=self.open_view(user), ephemerals=tuple(shown))

    def _after_submit(self, user: str, view: Json, came: Acknowledgement) -> Seen:
        if not came.ok:
            return Seen(ok=False, error=f"{TROUBLE} ({came.sentence})", view=self.open_view(user))
        body = came.body if isinstance(came.body, dict) else {}
        action = body.get("response_action")
        try:
            if action == "errors":
                return self._field_errors(view, body)
            if action == "update":
                self.views.update(body.get("view"), view_id=view["id"])
            elif action == "push":
                self.views.push(user, body.get("view"))
            elif action == "clear":
                self.views.clear(user)
            elif action is not None:
                return Seen(ok=False, error=f"{TROUBLE} (the app answered response_action {action!r})", view=view)
            elif (self.open_view(user) or {}).get("id") == view["id"]:
                self.views.close(user)
        except ApiError as error:
            return Seen(ok=False, error=f"{TROUBLE} ({error.word}: {'; '.join(map(str, error.problems))})", view=view)
        if action is None or action == "clear":
            self._entered.pop((user, view["id"]), None)
        self.changes.tell("view", user=user)
        return Seen(ok=True, view=self.open_view(user))

    def _field_errors(self, view: Json, body: Json) -> Seen:
        errors = body.get("errors")
        inputs = {block["block_id"] for block in view["blocks"] if block["type"] == "input"}
        if not isinstance(errors, dict) or not errors or not set(errors) <= inputs:
            # Slack shows its trouble sentence when errors name no input block of the view.
            return Seen(ok=False, error=f"{TROUBLE} (errors for blocks that are no inputs: {errors})", view=view)
        return Seen(ok=False, field_errors={str(name): str(text) for name, text in errors.items()}, view=view)
