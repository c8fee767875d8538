// How posts hang together: public threads as trees, private messages by whom they are exchanged with.

/** Return the public threads, newest first, as `{post, replies}`; an answer whose parent is not here begins one. */
export function threads(posts) {
  const nodes = new Map();
  const roots = [];
  for (const post of posts.values()) {
    if (post.visibility !== "public") continue;
    const node = { post, replies: [] };
    nodes.set(post.id, node);
    const parent = nodes.get(post.in_reply_to);
    (parent ? parent.replies : roots).push(node);
  }
  return roots.reverse();
}

/** Return whether an account wrote anything in a thread. */
export function takesPart(node, handle) {
  return node.post.author.handle === handle || node.replies.some((one) => takesPart(one, handle));
}

/** Return somebody's private messages by the other side's handle, oldest first; every brand has an entry. */
export function correspondence(state) {
  const found = new Map();
  for (const account of state.accounts.values()) {
    if (account.kind === "brand" && account.handle !== state.person) found.set(account.handle, []);
  }
  for (const post of state.posts.values()) {
    if (post.visibility !== "private") continue;
    const other = post.author.handle === state.person ? post.to : post.author.handle;
    if (!found.has(other)) found.set(other, []);
    found.get(other).push(post);
  }
  return found;
}

/** Return who else is on the other side of a message. */
export function otherSide(post, person) {
  return post.author.handle === person ? post.to : post.author.handle;
}

/** Return whether a post was hidden from somebody. */
export function hiddenFrom(post, person) {
  return post.hidden && post.author.handle !== person && !post.hidden_by.includes(person);
}
