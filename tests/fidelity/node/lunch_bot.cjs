/**
 * The lunch bot again, as Slack's getting-started page for Bolt for JavaScript teaches to write one.
 * It knows nothing of the sandbox: SLACK_API_URL says where Slack is, SLACK_APP_TOKEN asks for Socket Mode.
 */
'use strict';
const { App } = require('@slack/bolt');

const PLACES = ['Bar Sport', 'Da Gino', 'Noodle house', 'The canteen'];
const votes = new Map();
const plain = (text) => ({ type: 'plain_text', text });

const app = new App({
  token: process.env.SLACK_BOT_TOKEN,
  signingSecret: process.env.SLACK_SIGNING_SECRET,
  socketMode: Boolean(process.env.SLACK_APP_TOKEN),
  appToken: process.env.SLACK_APP_TOKEN,
  clientOptions: { slackApiUrl: process.env.SLACK_API_URL },
  logLevel: 'error',
});

/** Draw the dialog. */
function orderView(channel, chosen) {
  const menu = { type: 'external_select', action_id: 'place', min_query_length: 1 };
  if (chosen) menu.initial_option = { text: plain(chosen), value: chosen };
  const blocks = [
    { type: 'input', block_id: 'where', dispatch_action: true, label: plain('Where'), element: menu },
    {
      type: 'input',
      block_id: 'people',
      label: plain('How many'),
      element: { type: 'number_input', action_id: 'count', is_decimal_allowed: false },
    },
  ];
  if (chosen) blocks.push({ type: 'context', elements: [{ type: 'mrkdwn', text: `*${chosen}* is open` }] });
  return {
    type: 'modal',
    callback_id: 'order',
    private_metadata: channel,
    notify_on_close: true,
    title: plain('Lunch'),
    submit: plain('Order'),
    blocks,
  };
}

/** Draw the Home tab. */
function homeView(user, place) {
  const blocks = [
    { type: 'header', text: plain('Lunch') },
    { type: 'section', text: { type: 'mrkdwn', text: `<@${user}>: ${place ?? 'no order yet'}` } },
  ];
  if (place) {
    const confirm = {
      title: plain('Sure?'),
      text: plain('Your order is forgotten.'),
      confirm: plain('Forget'),
      deny: plain('Keep'),
    };
    const forget = { type: 'button', action_id: 'forget', text: plain('Forget it'), style: 'danger', confirm };
    blocks.push({ type: 'actions', elements: [forget] });
  }
  return { type: 'home', blocks };
}

// Listens to incoming messages that contain "hello"
app.message('hello', async ({ message, say }) => {
  // say() sends a message to the channel where the event was triggered
  await say({
    blocks: [
      {
        type: 'section',
        text: { type: 'mrkdwn', text: `Hey there <@${message.user}>!` },
        accessory: { type: 'button', text: plain('I am hungry'), action_id: 'hungry' },
      },
    ],
    text: `Hey there <@${message.user}>!`,
  });
});

app.message(/^where to\?$/, async ({ message, say }) => {
  await say({ text: 'Here is what others chose', thread_ts: message.ts });
});

app.action('hungry', async ({ body, ack, say, client }) => {
  // Acknowledge the action
  await ack();
  await client.reactions.add({ channel: body.channel.id, timestamp: body.message.ts, name: 'fork_and_knife' });
  await say(`<@${body.user.id}> is hungry`);
});

app.command('/lunch', async ({ command, ack, client, respond }) => {
  await ack();
  if (command.text === 'today') {
    await respond(`Today: ${[...new Set(votes.values())].sort().join(', ') || 'nothing yet'}`);
    return;
  }
  await client.views.open({ trigger_id: command.trigger_id, view: orderView(command.channel_id) });
});

app.options('place', async ({ payload, ack }) => {
  const found = PLACES.filter((place) => place.toLowerCase().includes(payload.value.toLowerCase()));
  await ack({ options: found.map((place) => ({ text: plain(place), value: place })) });
});

app.action('place', async ({ body, ack, client }) => {
  await ack();
  const chosen = body.actions[0].selected_option.value;
  const view = orderView(body.view.private_metadata, chosen);
  await client.views.update({ view_id: body.view.id, hash: body.view.hash, view });
});

app.view('order', async ({ body, view, ack, client }) => {
  const { values } = view.state;
  const people = Number(values.people.count.value ?? 0);
  if (people < 1 || people > 12) {
    await ack({ response_action: 'errors', errors: { people: 'Between 1 and 12' } });
    return;
  }
  const place = values.where.place.selected_option.value;
  votes.set(body.user.id, place);
  await ack();
  const posted = await client.chat.postMessage({
    channel: view.private_metadata,
    text: `${place} for ${people}`,
    metadata: { event_type: 'lunch_order', event_payload: { place, people } },
  });
  await client.chat.postMessage({ channel: posted.channel, thread_ts: posted.ts, text: 'Who comes along?' });
});

app.view({ callback_id: 'order', type: 'view_closed' }, async ({ body, ack, client }) => {
  await ack();
  await client.chat.postMessage({ channel: body.user.id, text: 'Another time, then.' });
});

app.shortcut('copy_order', async ({ shortcut, ack, respond }) => {
  await ack();
  await respond({ text: `I wrote down: ${shortcut.message.text}`, replace_original: false });
});

app.shortcut('plan_lunch', async ({ shortcut, ack, client }) => {
  await ack();
  await client.views.open({ trigger_id: shortcut.trigger_id, view: orderView(shortcut.user.id) });
});

app.event('app_home_opened', async ({ event, client }) => {
  await client.views.publish({ user_id: event.user, view: homeView(event.user, votes.get(event.user)) });
});

app.action('forget', async ({ body, ack, client }) => {
  await ack();
  votes.delete(body.user.id);
  await client.views.publish({ user_id: body.user.id, view: homeView(body.user.id) });
});

app.event('app_mention', async ({ event, say, client }) => {
  const { user } = await client.users.info({ user: event.user });
  await say({ text: `At your service, ${user.profile.display_name}`, thread_ts: event.ts });
});

app.event('reaction_added', async ({ event, client }) => {
  if (event.reaction === 'clipboard') {
    await client.filesUploadV2({ channel_id: event.item.channel, filename: 'menu.txt', content: 'soup\npasta\n' });
  }
});

(async () => {
  const server = await app.start({ host: '127.0.0.1', port: 0 });
  const address = server && typeof server.address === 'function' ? server.address() : null;
  process.stdout.write(`ready ${address ? address.port : 0}\n`);
  // Whoever started the bot closes its input to end it.
  process.stdin.resume();
  process.stdin.on('end', async () => {
    await app.stop();
    process.exit(0);
  });
})();
