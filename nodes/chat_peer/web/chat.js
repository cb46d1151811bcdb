// Joins the page, the model and the link: what the user does, and what the server says.
import {Link} from './link.js';
import * as log from './log.js';
import {Model, directKey, roomKey} from './model.js';
import {$, put} from './text.js';
import * as view from './view.js';

const model = new Model();
// `joined`: has been let in once, so that what it has seen is to be said on the next connection.
const me = {nick: '', token: '', session: hex(16), server: '', joined: false};
const asked = new Set(); // rooms whose older posts the user wants to see
let current = roomKey('lobby');

const link = new Link({
  open: sayHello,
  message: (message) => receivers[message.type]?.(message),
  lost,
  refused: showLogin,
});

function hex(bytes) {
  return [...crypto.getRandomValues(new Uint8Array(bytes))]
      .map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

function sayHello() {
  const seen = me.joined ? Object.fromEntries(model.seen) : undefined;
  const {nick, session} = me;
  link.send({type: 'hello', nick, session, token: me.token || undefined, rooms: model.rooms(), seen});
}

function lost() {
  const why = 'Offline, reconnecting…';
  if ($('app').hidden) put($('login-error'), why);
  else view.showStatus(why, true);
}

// What this browser remembers, where it lets us.
const memory = {
  load() {
    try {
      return JSON.parse(localStorage.getItem('shoal-chat')) ?? {};
    } catch {
      return {};
    }
  },
  save() {
    try {
      localStorage.setItem('shoal-chat', JSON.stringify({nick: me.nick, rooms: model.rooms()}));
    } catch { /* it is a convenience */ }
  },
};

// What the server says.

const receivers = {
  ready(message) {
    me.joined = true;
    me.nick = message.nick;
    // What is not among the rooms' messages so far is older than this session's beginning.
    for (const [author, next] of Object.entries(message.seen)) {
      model.seen.set(author, Math.max(model.seen.get(author) ?? 0, next));
    }
    model.people = new Map(message.users.map((user) => [user.nick, user]));
    for (const post of model.pending.values()) link.send({type: 'post', ...post});
    for (const direct of model.directs.values()) link.send({type: 'direct', ...direct});
    me.server = message.server || location.host;
    memory.save();
    showNick();
    show();
    if ($('app').hidden) showApp();
  },

  post(post) {
    const mine = model.pending.has(post.tag);
    const conversation = model.add(post);
    if (!conversation) return;
    const {items} = conversation;
    const last = items.at(-1).name === `${post.author} ${post.seq}`;
    note(conversation, items, last && !mine && waiting().length === 0);
  },

  restart() {
    model.restart();
  },

  history(message) {
    for (const post of message.posts) model.add(post);
    model.conversation(roomKey(message.room)).more = message.more;
    if (current === roomKey(message.room)) show(asked.delete(message.room));
  },

  direct(message) {
    const other = message.from === me.nick ? message.to : message.from;
    const item = {nick: message.from, text: message.text, time: message.time, kind: 'says'};
    const conversation = model.append(directKey(other), item);
    note(conversation, conversation.items, waiting().length === 0);
  },

  outcome({id, why}) {
    const direct = model.directs.get(id);
    model.directs.delete(id);
    if (!direct) return;
    const item = {nick: me.nick, text: direct.text, time: Date.now(), kind: 'says'};
    if (!why) model.append(directKey(direct.to), item);
    else model.append(directKey(direct.to), {note: `not delivered, ${why}: ${direct.text}`, time: Date.now()});
    show();
  },

  user(user) {
    if (user.state === 'gone') model.people.delete(user.nick);
    else model.people.set(user.nick, user);
    showSide();
  },

  nick({nick}) {
    me.nick = nick;
    memory.save();
    showNick();
    show();
  },

  trouble({why, tag}) {
    if (tag !== undefined) model.pending.delete(tag);
    view.showNotice(why);
    show();
  },
};

// A message more in a conversation; `plain`: it is the last one, and nothing else has changed.
function note(conversation, items, plain) {
  const reading = conversation.key === current && document.visibilityState === 'visible';
  if (!reading) ++conversation.unread;
  if (conversation.key === current) {
    if (plain) log.addLine(items.at(-1), items.at(-2));
    else show();
  }
  showSide();
}

// What is shown.

// What was said in the current conversation and is not confirmed.
function waiting() {
  return [...model.pending.values()].filter((post) => roomKey(post.room) === current)
      .concat([...model.directs.values()].filter((direct) => directKey(direct.to) === current))
      .map((item) => ({...item, nick: me.nick, time: Date.now(), pending: true}));
}

function show(older = false) {
  const conversation = model.conversation(current);
  if (document.visibilityState === 'visible') conversation.unread = 0;
  log.showLog([...conversation.items, ...waiting()], older);
  log.showTitle(current);
  $('earlier').hidden = !conversation.more || current[0] === '@';
  showSide();
}

function showSide() {
  const all = [...model.conversations.values()];
  view.showRooms(all, model.otherRooms(), current, {open, part, join});
  view.showPeople(model.peopleInOrder(), me.nick, (nick) => open(directKey(nick)));
  view.showElsewhere(model.unreadElsewhere(current));
}

function showNick() {
  view.showStatus(`${me.nick} at ${me.server}`, false);
}

function showApp() {
  $('login').hidden = true;
  $('app').hidden = false;
  log.toEnd();
  $('text').focus();
}

function open(key) {
  current = key;
  model.conversation(key);
  menu(false);
  show();
  log.toEnd();
  $('text').focus();
}

function join(room) {
  const known = model.conversations.has(roomKey(room));
  model.conversation(roomKey(room));
  if (!known) link.send({type: 'join', room});
  memory.save();
  open(roomKey(room));
}

function part(key) {
  model.forget(key);
  if (key[0] === '#') link.send({type: 'part', room: key.slice(1)});
  memory.save();
  if (current !== key) return showSide();
  const next = model.conversations.keys().next().value;
  if (next) open(next);
  else join('lobby');
}

function menu(shown) {
  $('app').classList.toggle('menu', shown);
  $('menu').setAttribute('aria-expanded', String(shown));
}

function showLogin(why) {
  $('app').hidden = true;
  $('login').hidden = false;
  $('login-token-row').hidden = !/token/.test(why) && !me.token;
  put($('login-error'), why);
  $('login-nick').focus();
}

// What the user does.

const help = '/me does something · /msg NICK text · /join ROOM · /part · /nick NAME · // a slash';

const commands = {
  help: () => view.showNotice(help, false),
  me: (rest) => say(rest, 'does'),
  join: (rest) => rest && join(rest.replace(/^#/, '')),
  part: () => part(current),
  nick: (rest) => rest && link.send({type: 'nick', nick: rest}),
  msg(rest) {
    const [, nick, text] = /^(\S+)\s+([^]+)$/.exec(rest) ?? [];
    if (!nick) return view.showNotice('say /msg NICK text');
    sendDirect(nick, text);
    open(directKey(nick));
  },
};

function say(text, kind = 'says') {
  if (!text) return;
  if (current[0] === '@') return sendDirect(current.slice(1), text);
  const tag = parseInt(hex(6), 16) + 1;
  const post = {tag, room: current.slice(1), kind, text};
  model.pending.set(tag, post);
  link.send({type: 'post', ...post});
  show();
  log.toEnd();
}

function sendDirect(to, text) {
  const direct = {id: hex(16), to, text};
  model.directs.set(direct.id, direct);
  link.send({type: 'direct', ...direct});
  show();
  log.toEnd();
}

function submit() {
  const text = $('text').value.trimEnd();
  $('text').value = '';
  grow();
  view.showNotice('');
  const command = /^\/(\w+)\s*([^]*)$/.exec(text);
  if (text.startsWith('//')) say(text.slice(1));
  else if (!command) say(text);
  else if (commands[command[1]]) commands[command[1]](command[2].trim());
  else view.showNotice(`there is no /${command[1]}; ${help}`);
}

function grow() {
  $('text').style.height = 'auto';
  $('text').style.height = `${$('text').scrollHeight + 2}px`;
}

$('send').onsubmit = (event) => {
  event.preventDefault();
  submit();
};
$('text').oninput = grow;
$('text').onkeydown = (event) => {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  submit();
};
$('join').onsubmit = (event) => {
  event.preventDefault();
  const room = $('join-room').value.replace(/^#/, '');
  $('join-room').value = '';
  if (room) join(room);
};
$('earlier').onclick = () => {
  const first = model.conversation(current).items.find((item) => item.clock);
  const before = first && {clock: first.clock, author: first.author, seq: first.seq};
  asked.add(current.slice(1));
  link.send({type: 'history', room: current.slice(1), before});
};
$('menu').onclick = () => menu(!$('app').classList.contains('menu'));
document.onkeydown = (event) => {
  if (event.key === 'Escape') menu(false);
};
$('login').onsubmit = (event) => {
  event.preventDefault();
  me.nick = $('login-nick').value.trim();
  me.token = $('login-token').value;
  put($('login-error'), '');
  link.start();
};
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible' && me.joined) show();
});

const {nick = '', rooms = []} = memory.load();
if (rooms.length === 0) rooms.push('lobby');
for (const room of rooms) model.conversation(roomKey(room));
current = roomKey(rooms[0]);
$('login-nick').value = nick;
showLogin('');
