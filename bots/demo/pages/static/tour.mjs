// The tour: where the visitor stands in it, and whether it is shown.
import { useEffect, useState } from "preact/hooks";

const READING = 2500; // milliseconds a card that is in view is given to be read

/** Follow the tour; `places` is what each pane shows now. */
export function useTour(demo, { hidden, setHidden, places }) {
  const tour = demo.state?.tour ?? { lessons: [], current: null, begun_at: "" };
  const done = new Set(tour.lessons.filter((one) => one.done).map((one) => one.key));
  const card = tour.lessons.find((one) => one.key === "card");
  const inView = done.has("card") && places.workspace?.channel === card?.scene.channel;
  const [read, setRead] = useState("");

  useEffect(() => {
    if (!inView || read === tour.case) return undefined;
    const later = setTimeout(() => setRead(tour.case), READING);
    return () => clearTimeout(later);
  }, [inView, read, tour.case]);

  if (!done.has("answer") && read !== tour.case) done.delete("card");
  const lesson = tour.lessons.find((one) => !done.has(one.key)) ?? null;
  return {
    lessons: tour.lessons,
    done,
    lesson,
    number: lesson ? tour.lessons.indexOf(lesson) + 1 : tour.lessons.length,
    shown: hidden !== tour.begun_at,
    skip: () => setHidden(tour.begun_at),
    resume: () => setHidden(""),
    restart: () => {
      setHidden("");
      setRead("");
      demo.act("tour");
    },
  };
}
