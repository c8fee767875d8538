// What the page knows: the newest state, the demo's present, and what was refused last.
import { useCallback, useEffect, useState } from "preact/hooks";
import { ask, follow } from "./doors.mjs";

/** Keep the state; `now` is the demo's present in milliseconds, moved on every second. */
export function useDemo() {
  const [known, setKnown] = useState(null);
  const [connected, setConnected] = useState(true);
  const [refusal, setRefusal] = useState("");
  const [, tick] = useState(0);

  const take = useCallback((state) => setKnown({ state, lead: Date.parse(state.clock.now) - Date.now() }), []);

  useEffect(() => follow(take, setConnected), [take]);

  useEffect(() => {
    const every = setInterval(() => tick((count) => count + 1), 1000);
    return () => clearInterval(every);
  }, []);

  const act = useCallback(
    async (door, body) => {
      try {
        setRefusal("");
        take(await ask(door, body));
      } catch (error) {
        setRefusal(error.message);
      }
    },
    [take],
  );

  return {
    state: known?.state ?? null,
    now: known ? Date.now() + known.lead : Date.now(),
    connected,
    refusal,
    act,
    forgive: () => setRefusal(""),
  };
}

/** Keep a small choice in this browser, or with `sessionStorage` in this tab only. */
export function useKept(key, usual, storage = localStorage) {
  const [value, setValue] = useState(() => storage.getItem(key) ?? usual);
  const keep = (next) => {
    storage.setItem(key, next);
    setValue(next);
  };
  return [value, keep];
}
