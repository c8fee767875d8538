// What a person can do on the page; what fails is said in words, and where it was typed it stays typed.
import { ask } from "./api.mjs";

/** Return the acts of whoever the page's person is at the moment of acting. */
export function createActs(store) {
  const { state } = store;
  const own = (path) => `/people/${encodeURIComponent(state.person)}${path}`;
  const ofPost = (id, more = "") => own(`/posts/${encodeURIComponent(id)}${more}`);

  async function done(asked) {
    const answer = await asked;
    if (!state.live) await store.load(state.person); // the stream is what usually tells
    return answer;
  }

  async function said(asked) {
    try {
      await done(asked);
    } catch (refusal) {
      store.toast({ text: refusal.message });
    }
  }

  const toggle = (word, by) => (post) => {
    const method = post[by].includes(state.person) ? "DELETE" : "POST";
    return said(ask(method, ofPost(post.id, `/${word}`)));
  };

  return {
    /** Publish; raises a refusal. */
    write: (post) => done(ask("POST", own("/posts"), post)),
    /** Change one's post; raises a refusal. */
    edit: (id, text) => done(ask("PATCH", ofPost(id), { text })),
    remove: (id) => said(ask("DELETE", ofPost(id))),
    like: toggle("like", "liked_by"),
    repost: toggle("repost", "reposted_by"),
    /** Return the texts that a post had; raises a refusal. */
    history: (id) => ask("GET", `/posts/${encodeURIComponent(id)}/history?viewer=${encodeURIComponent(state.person)}`),
    /** Read the conversation around a post that is not here yet; returns whether there is one. */
    fetchThread: async (id) => {
      try {
        const found = await ask("GET", `/posts/${encodeURIComponent(id)}/thread?viewer=${encodeURIComponent(state.person)}`);
        store.add(found.posts);
        return true;
      } catch {
        return false;
      }
    },
    /** Note that somebody, usually the person, has looked at a notification and those before it. */
    see: (notification, handle = state.person) =>
      said(ask("POST", `/people/${encodeURIComponent(handle)}/seen`, { notification: notification.id })),
  };
}
