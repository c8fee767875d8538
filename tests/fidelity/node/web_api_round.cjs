/**
 * A round of calls through @slack/web-api and @slack/socket-mode, checked here; each finished step is printed on a line
 * of its own. When "connected" is printed, somebody uses the command /lunch twice.
 * From outside come SLACK_API_URL, SLACK_BOT_TOKEN and SLACK_APP_TOKEN.
 */
'use strict';
const assert = require('node:assert/strict');
const { SocketModeClient } = require('@slack/socket-mode');
const { WebClient, ErrorCode } = require('@slack/web-api');

const CHANNEL = 'C0LUNCH';
const ANNA = 'U0ANNA';
const slackApiUrl = process.env.SLACK_API_URL;
const client = new WebClient(process.env.SLACK_BOT_TOKEN, { slackApiUrl, logLevel: 'error' });
const commands = [];
const plain = (text) => ({ type: 'plain_text', text });
const section = (text) => ({ type: 'section', text: { type: 'mrkdwn', text } });
const modal = (text, more = {}) => ({ type: 'modal', title: plain('Lunch'), blocks: [section(text)], ...more });

/** Expect a refusal with Slack's word and answer its body. */
async function refused(promise, word) {
  const error = await promise.then(
    () => assert.fail(`${word} was expected`),
    (caught) => caught,
  );
  assert.equal(error.code, ErrorCode.PlatformError);
  assert.equal(error.data.error, word);
  return error.data;
}

const steps = {
  async socket() {
    const appToken = process.env.SLACK_APP_TOKEN;
    const socket = new SocketModeClient({ appToken, clientOptions: { slackApiUrl, logLevel: 'error' }, logLevel: 'error' });
    const used = new Promise((resolve) => {
      socket.on('slash_commands', async ({ ack, body }) => {
        await ack({ text: `Soup ${body.text}` });
        if (commands.push(body) === 2) resolve();
      });
    });
    await socket.start();
    process.stdout.write('connected\n');
    await used;
    await socket.disconnect();
  },
  async views() {
    const { view } = await client.views.open({ trigger_id: commands[0].trigger_id, view: modal('one') });
    const changed = await client.views.update({ view_id: view.id, hash: view.hash, view: modal('two') });
    assert.notEqual(changed.view.hash, view.hash);
    await refused(client.views.update({ view_id: view.id, hash: view.hash, view: modal('x') }), 'hash_conflict');
    const pushed = await client.views.push({ trigger_id: commands[1].trigger_id, view: modal('on top') });
    assert.equal(pushed.view.previous_view_id, view.id);
    const again = client.views.open({ trigger_id: commands[0].trigger_id, view: modal('x') });
    await refused(again, 'exchanged_trigger_id');
    await client.views.publish({ user_id: ANNA, view: { type: 'home', blocks: [section('Menu')] } });
    const headers = { 'Content-Type': 'application/json' };
    const body = JSON.stringify({ text: 'Later' });
    const said = await fetch(commands[0].response_url, { method: 'POST', headers, body });
    assert.equal(await said.text(), 'ok');
  },
  async messages() {
    const posted = await client.chat.postMessage({ channel: CHANNEL, text: 'Soup', blocks: [section('Soup')] });
    const changed = await client.chat.update({ channel: CHANNEL, ts: posted.ts, text: 'Stew', blocks: [section('Stew')] });
    assert.equal(changed.message.blocks[0].text.text, 'Stew');
    const reply = await client.chat.postMessage({ channel: CHANNEL, text: 'Bread', thread_ts: posted.ts });
    assert.equal(reply.message.thread_ts, posted.ts);
    const link = await client.chat.getPermalink({ channel: CHANNEL, message_ts: reply.ts });
    assert.match(link.permalink, /thread_ts=/);
    await client.chat.delete({ channel: CHANNEL, ts: reply.ts });
    const shown = await client.chat.postEphemeral({ channel: CHANNEL, user: ANNA, text: 'Psst' });
    assert.ok(shown.message_ts);
    const metadata = { event_type: 'lunch', event_payload: { round: 3 } };
    await client.chat.postMessage({ channel: CHANNEL, text: 'Poll', metadata });
    const history = await client.conversations.history({ channel: CHANNEL, include_all_metadata: true, limit: 1 });
    assert.deepEqual(history.messages[0].metadata, metadata);
  },
  async pages() {
    for (let number = 0; number < 5; number += 1) {
      await client.chat.postMessage({ channel: CHANNEL, text: `${number}` });
    }
    const texts = [];
    for await (const page of client.paginate('conversations.history', { channel: CHANNEL, limit: 2 })) {
      texts.push(...page.messages.map((message) => message.text));
    }
    assert.deepEqual(texts.slice(0, 5), ['4', '3', '2', '1', '0']);
    const people = [];
    for await (const page of client.paginate('users.list', { limit: 3 })) people.push(...page.members);
    assert.equal(people.length, 4);
    const root = await client.chat.postMessage({ channel: CHANNEL, text: 'root' });
    for (const text of ['a', 'b', 'c']) await client.chat.postMessage({ channel: CHANNEL, text, thread_ts: root.ts });
    const thread = [];
    for await (const page of client.paginate('conversations.replies', { channel: CHANNEL, ts: root.ts, limit: 2 })) {
      thread.push(...page.messages.map((message) => message.text));
    }
    assert.deepEqual(thread, ['root', 'a', 'b', 'c']);
  },
  async people() {
    assert.equal((await client.users.info({ user: ANNA, include_locale: true })).user.locale, 'it-IT');
    assert.equal((await client.users.lookupByEmail({ email: 'anna@acme.example' })).user.id, ANNA);
    const groups = await client.usergroups.list({ include_users: true });
    assert.deepEqual(groups.usergroups[0].users, ['U0ANNA', 'U0CARLA']);
    const listed = await client.conversations.list({ types: 'public_channel,private_channel' });
    assert.deepEqual(listed.channels.map((channel) => channel.name), ['lunch', 'empty']);
    assert.equal((await client.conversations.info({ channel: CHANNEL })).channel.is_member, true);
    assert.equal((await client.conversations.members({ channel: CHANNEL, limit: 2 })).members.length, 2);
    assert.equal((await client.conversations.open({ users: ANNA, return_im: true })).channel.user, ANNA);
    assert.equal((await client.conversations.join({ channel: 'C0EMPTY' })).channel.is_member, true);
    assert.equal((await client.auth.test()).user_id, 'U0LUNCH');
  },
  async reactions() {
    const { ts } = await client.chat.postMessage({ channel: CHANNEL, text: 'Pizza?' });
    await client.reactions.add({ channel: CHANNEL, timestamp: ts, name: 'pizza' });
    const got = await client.reactions.get({ channel: CHANNEL, timestamp: ts });
    assert.deepEqual(got.message.reactions, [{ name: 'pizza', users: ['U0LUNCH'], count: 1 }]);
    await client.reactions.remove({ channel: CHANNEL, timestamp: ts, name: 'pizza' });
  },
  async files() {
    const bytes = Buffer.from(Array.from({ length: 512 }, (_, number) => number % 256));
    const done = await client.filesUploadV2({ channel_id: CHANNEL, filename: 'menu.bin', file: bytes, title: 'Menu' });
    const file = done.files[0].files[0];
    const came = await fetch(file.url_private, { headers: { Authorization: `Bearer ${process.env.SLACK_BOT_TOKEN}` } });
    assert.ok(Buffer.from(await came.arrayBuffer()).equals(bytes));
  },
  async refusals() {
    await refused(client.chat.postMessage({ channel: 'C0NOWHERE', text: 'x' }), 'channel_not_found');
    const wrong = await refused(
      client.chat.postMessage({ channel: CHANNEL, text: 'x', blocks: [{ type: 'fanfare' }] }),
      'invalid_blocks',
    );
    assert.deepEqual(wrong.response_metadata.messages, [
      '[ERROR] unsupported type: fanfare [json-pointer:/blocks/0/type]',
    ]);
    const stranger = new WebClient('xoxb-another', { slackApiUrl, logLevel: 'error' });
    await refused(stranger.auth.test(), 'invalid_auth');
    await refused(new WebClient(undefined, { slackApiUrl, logLevel: 'error' }).auth.test(), 'not_authed');
  },
  async rateLimit() {
    // The workspace answers the first call of each with 429. The client waits and asks again, unless told to give up.
    const limited = [];
    client.on('rate_limited', (seconds) => limited.push(seconds));
    assert.equal((await client.team.info()).team.domain, 'sandbox');
    assert.deepEqual(limited, [1]);
    const impatient = new WebClient(process.env.SLACK_BOT_TOKEN, {
      slackApiUrl,
      logLevel: 'error',
      rejectRateLimitedCalls: true,
    });
    const error = await impatient.bots.info().then(() => assert.fail(), (caught) => caught);
    assert.equal(error.code, ErrorCode.RateLimitedError);
    assert.equal(error.retryAfter, 7);
  },
};

(async () => {
  for (const [name, step] of Object.entries(steps)) {
    await step();
    process.stdout.write(`${name}\n`);
  }
})().catch((error) => {
  process.stderr.write(`${error.stack}\n${JSON.stringify(error.data ?? null)}\n`);
  process.exit(1);
});
