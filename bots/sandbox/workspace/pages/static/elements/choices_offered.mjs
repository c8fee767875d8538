// What a menu offers: its own options, people, channels, or what the app answers.
import { Refusal } from "../doors.mjs";
import { plainOf } from "../words/inline.mjs";

/** Answer what tells one choice from another. */
export const keyOf = (choice) => (typeof choice === "string" ? choice : choice.value);

/** Answer how a choice is written. */
export function shownAs(choice, desk) {
  if (typeof choice !== "string") return plainOf(choice.text);
  const channel = desk.channelNamed(choice);
  if (channel) return channel.name ? `#${channel.name}` : desk.app.name;
  return desk.nameOf(choice) || choice;
}

/** Answer groups `{label, options}` that fit what was typed; a `sentence` on the list says why there are none. */
export async function choicesOf({ block, element, surface, typed }) {
  const { desk } = surface;
  const fits = (choice) => shownAs(choice, desk).toLowerCase().includes(typed.trim().toLowerCase());
  const only = (options) => [{ label: "", options: options.filter(fits) }];
  if (element.type.endsWith("external_select")) return external({ block, element, surface, typed });
  if (element.type.endsWith("users_select")) return only(desk.overview.people.map((one) => one.id));
  if (element.type.endsWith("channels_select")) return only(channels(desk, (one) => one.kind === "channel"));
  if (element.type.endsWith("conversations_select")) return only(channels(desk, filterOf(element.filter)));
  if (element.option_groups)
    return element.option_groups
      .map((group) => ({ label: plainOf(group.label), options: group.options.filter(fits) }))
      .filter((group) => group.options.length);
  return only(element.options ?? []);
}

const channels = (desk, wanted) => desk.overview.channels.filter((one) => !one.archived && wanted(one)).map((one) => one.id);

function filterOf(filter) {
  const kinds = { public: "channel", private: "group", im: "im", mpim: "mpim" };
  const wanted = filter?.include?.map((name) => kinds[name]);
  return (channel) => (wanted ? wanted.includes(channel.kind) : true) && !(filter?.exclude_bot_users && channel.kind === "im");
}

async function external({ block, element, surface, typed }) {
  const least = element.min_query_length ?? 3;
  if (typed.length < least) return told(`Type at least ${least} ${least === 1 ? "letter" : "letters"}`);
  try {
    return [{ label: "", options: await surface.suggest(block, element, typed) }];
  } catch (error) {
    if (error instanceof Refusal) return told(error.message);
    throw error;
  }
}

const told = (sentence) => Object.assign([], { sentence });
