// Menus of one or of several choices that one can type into to find a choice.
import { html } from "foundation/html.mjs";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { putBeside } from "../parts/popover.mjs";
import { Icon } from "../parts/icons.mjs";
import { plainOf } from "../words/inline.mjs";
import { useConfirm } from "./button.mjs";
import { choicesOf, keyOf, shownAs } from "./choices_offered.mjs";

/** Draw a select of any kind. */
export function Picker({ block, element, surface, label, described, invalid, fieldId }) {
  const several = element.type.startsWith("multi_");
  const id = useId();
  const input = useRef(null);
  const list = useRef(null);
  const [value, setValue] = useState(() => surface.value(block, element));
  const [typed, setTyped] = useState(null);
  const [groups, setGroups] = useState([]);
  const [at, setAt] = useState(0);
  const [open, setOpen] = useState(false);
  const [ask, question] = useConfirm(element.confirm, surface.desk);
  const chosen = several ? value : value ? [value] : [];
  const keys = new Set(chosen.map(keyOf));
  const offered = groups.flatMap((group) => group.options);

  useEffect(() => {
    if (!open) return undefined;
    let current = true;
    const wait = setTimeout(
      async () => {
        const found = await choicesOf({ block, element, surface, typed: typed ?? "" });
        if (current) setGroups(found);
        if (current) setAt(0);
      },
      element.type.endsWith("external_select") && typed ? 180 : 0,
    );
    return () => {
      current = false;
      clearTimeout(wait);
    };
  }, [open, typed]);
  useEffect(() => {
    if (!open) return;
    list.current.showPopover();
    putBeside(list.current, input.current.parentElement, { width: 220 });
  }, [open, groups]);
  useEffect(() => {
    if (open) list.current.querySelector('[aria-selected="true"], .at')?.scrollIntoView({ block: "nearest" });
  }, [at]);

  const close = () => {
    if (list.current?.matches(":popover-open")) list.current.hidePopover();
    setOpen(false);
    setTyped(null);
  };
  const settle = (next) => {
    const before = value;
    setValue(next);
    ask(() => surface.choose(block, element, next), () => setValue(before));
  };
  const choose = (choice) => {
    if (!several) {
      close();
      settle(choice);
    } else {
      if (keys.has(keyOf(choice))) settle(chosen.filter((one) => keyOf(one) !== keyOf(choice)));
      else if (!element.max_selected_items || chosen.length < element.max_selected_items) settle([...chosen, choice]);
      setTyped(null);
    }
  };
  const onKeyDown = (event) => {
    const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (move) {
      event.preventDefault();
      if (!open) setOpen(true);
      else setAt((at + move + offered.length) % Math.max(1, offered.length));
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (open && offered[at]) choose(offered[at]);
      else setOpen(true);
    } else if (event.key === "Escape" && open) {
      event.preventDefault();
      event.stopPropagation();
      close();
    } else if (event.key === "Backspace" && several && !typed && chosen.length) settle(chosen.slice(0, -1));
  };
  const words = (one) => shownAs(one, surface.desk);
  let index = -1;
  const row = (choice) => {
    index += 1;
    const mine = index;
    return html`<div role="option" id=${`${id}-${mine}`} class=${mine === at ? "at" : ""} aria-selected=${keys.has(keyOf(choice))}
      onMouseDown=${(event) => event.preventDefault()} onClick=${() => choose(choice)} onMouseMove=${() => mine !== at && setAt(mine)}>
      <span>${words(choice)}${choice.description && html`<small>${plainOf(choice.description)}</small>`}</span>
      ${keys.has(keyOf(choice)) && html`<${Icon} name="check" />`}
    </div>`;
  };
  return html`<span class=${`picker ${several ? "several" : ""} ${surface.isBusy(block, element) ? "busy" : ""}`}>
    ${several && chosen.map((one) => html`<span class="chip">${words(one)}<button type="button" aria-label=${`Remove ${words(one)}`}
        onClick=${() => settle(chosen.filter((other) => other !== one))}><${Icon} name="close" /></button></span>`)}
    <input ref=${input} id=${fieldId} type="text" role="combobox" autocomplete="off" spellcheck="false" aria-label=${label}
      aria-expanded=${open} aria-controls=${`${id}-list`} aria-autocomplete="list" aria-describedby=${described} aria-invalid=${invalid}
      aria-activedescendant=${open && offered[at] ? `${id}-${at}` : undefined}
      placeholder=${chosen.length && several ? "" : plainOf(element.placeholder) || (several ? "Choose some" : "Choose one")}
      value=${typed ?? (several ? "" : chosen.map(words).join(""))}
      onInput=${(event) => { setTyped(event.target.value); setOpen(true); }}
      onClick=${() => setOpen(true)} onBlur=${close} onKeyDown=${onKeyDown} autofocus=${element.focus_on_load} />
    <${Icon} name="down" />
    <div popover="manual" ref=${list} id=${`${id}-list`} class="popover listbox" role="listbox" aria-label=${label} aria-multiselectable=${several}>
      ${open && groups.map((group) => group.label
        ? html`<div role="group" aria-label=${group.label}><div class="group-label" aria-hidden="true">${group.label}</div>${group.options.map(row)}</div>`
        : group.options.map(row))}
      ${open && !offered.length && html`<div role="option" aria-disabled="true" aria-selected="false" class="none">${groups.sentence ?? "Nothing found"}</div>`}
    </div>${question}
  </span>`;
}
