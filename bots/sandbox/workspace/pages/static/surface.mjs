// A place that holds blocks (a message, a dialog, a Home tab) and what a person can do to the elements in it.
import { enteredAt } from "./kept.mjs";

const INITIAL = {
  plain_text_input: "initial_value", email_text_input: "initial_value", url_text_input: "initial_value",
  number_input: "initial_value", rich_text_input: "initial_value", datepicker: "initial_date", timepicker: "initial_time",
  datetimepicker: "initial_date_time", users_select: "initial_user", channels_select: "initial_channel",
  conversations_select: "initial_conversation", multi_users_select: "initial_users",
  multi_channels_select: "initial_channels", multi_conversations_select: "initial_conversations",
  static_select: "initial_option", external_select: "initial_option", radio_buttons: "initial_option",
  multi_static_select: "initial_options", multi_external_select: "initial_options", checkboxes: "initial_options",
  file_input: "initial_files",
};
const ACTS = {
  message: { click: "click", choose: "choose", type: "type_into" },
  view: { click: "click_in_view", choose: "choose_in_view", type: "type_in_view" },
  home: { click: "click_at_home", choose: "choose_at_home", type: "type_at_home" },
};
const MULTIPLE = /^multi_|^checkboxes$|^file_input$/;
const name = (block, element) => `${block.block_id}/${element.action_id}`;

/** Yield the fields of the blocks, each with its block. */
export function* fieldsOf(blocks) {
  for (const block of blocks ?? []) {
    for (const element of [block.accessory, block.element, ...(block.elements ?? [])])
      if (element?.action_id && element.type in INITIAL) yield { block, element };
    yield* fieldsOf(block.child_blocks);
  }
}

/** One such place. `where` is sent with every act. */
export class Surface {
  constructor({ desk, kind, id, where = {}, blocks }) {
    Object.assign(this, { desk, kind, id, where, blocks });
    this.key = `${desk.place.person} ${kind} ${id}`;
    this.entered = enteredAt(this.key);
  }

  /** Answer what a field holds now: what was entered, else what it began with. */
  value(block, element) {
    const known = this.entered.get(name(block, element));
    if (known?.type === element.type) return known.value;
    return element[INITIAL[element.type]] ?? (MULTIPLE.test(element.type) ? [] : null);
  }

  /** Keep what was entered into a field. */
  set(block, element, value) {
    this.entered.set(name(block, element), { type: element.type, value });
  }

  /** Answer everything entered into fields that are (still) there, by `block_id/action_id`. */
  inputs() {
    const given = {};
    for (const { block, element } of fieldsOf(this.blocks)) {
      const known = this.entered.get(name(block, element));
      if (known?.type === element.type) given[name(block, element)] = known.value;
    }
    return given;
  }

  /** Say whether the app has not yet answered to this element. */
  isBusy(block, element) {
    return this.desk.busy.has(`${this.key} ${name(block, element)}`);
  }

  /** Press a button. */
  press(block, element) {
    const body = { action_id: element.action_id, block_id: block.block_id, inputs: this.inputs() };
    return this.during(block, element, ACTS[this.kind].click, body);
  }

  /** Choose in a menu, a picker, checkboxes or radio buttons. In an input block the app hears of it only if it asked. */
  choose(block, element, value) {
    if (element.type !== "overflow") this.set(block, element, value);
    if (block.type === "input" && !block.dispatch_action) return undefined;
    return this.during(block, element, ACTS[this.kind].choose, { field: name(block, element), value });
  }

  /** Tell the app what was typed, if the field asks for it at this moment. */
  tell(block, element, value, { enter = false } = {}) {
    const moments = element.dispatch_action_config?.trigger_actions_on ?? ["on_enter_pressed"];
    if (!block.dispatch_action || !moments.includes(enter ? "on_enter_pressed" : "on_character_entered")) return undefined;
    const tell = () => this.during(block, element, ACTS[this.kind].type, { field: name(block, element), value, enter });
    if (this.kind !== "view") return tell();
    // A dialog that was just sent, or left, is perhaps gone when that is answered: then there is nobody to tell.
    return this.desk.settled.then(() => (this.desk.view?.id === this.id ? tell() : undefined));
  }

  /** Ask the app for choices. Raises Refusal. */
  suggest(block, element, typed) {
    const at = this.kind === "home" ? { at_home: true } : this.where;
    return this.desk.ask("suggest", { field: name(block, element), typed, ...at });
  }

  async during(block, element, act, body) {
    const mark = `${this.key} ${name(block, element)}`;
    this.desk.busy.add(mark);
    this.desk.changed();
    try {
      return await this.desk.act(act, { ...this.where, ...body }, { at: this.key });
    } finally {
      this.desk.busy.delete(mark);
      this.desk.changed();
    }
  }
}
