// Joins the page, the model and the link: what the user does, and what the server says.
import {Link} from './link.js';
import {Model, directKey, roomKey} from './model.js';
import * as view from './view.js';

const $ = (id) => document.getElementById(id);
const model = new Model();
const me = {nick: '', token: '', session: hex(16), joined: false};
let current = roomKey('lobby');

const link = new Link({
  open: sayHello,
  message: (message) => receivers[message.type]?.(message),
  lost: () => view.showStatus('connection lost, trying again…', true),
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
    try {
      localStorage.setItem('shoal-nick', me.nick);
    } catch { /* storage is a convenience */ }
    $('login').hidden = true;
    $('app').hidden = false;
    view.showStatus(`${me.nick} at ${message.server || location.host}`, false);
    show();
    $('text').focus();
  },

  post(post) {
    const mine = model.pending.has(post.tag);
    const conversation = model.add(post);
    if (!conversation) return;
    const {items} = conversation;
    const last = items.at(-1).name === `${post.author} ${post.seq}`;
    note(conversation, items, last && !mine && model.pending.size === 0);
  },

  restart() {
    model.restart();
  },

  history(message) {
    for (const post of message.posts) model.add(post);
    model.conversation(roomKey(message.room)).more = message.more;
    if (current === roomKey(message.room)) show();
  },

  direct(message) {
    const other = message.from === me.nick ? message.to : message.from;
    const item = {nick: message.from, text: message.text, time: message.time, kind: 'says'};
    const conversation = model.append(directKey(other), item);
    note(conversation, conversation.items, true);
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
    view.showStatus(`${nick} at ${location.host}`, false);
    showSide();
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
    if (plain) view.addLine(items.at(-1), items.at(-2));
    else show();
  }
  showSide();
}

// What is shown.

function show() {
  const conversation = model.conversation(current);
  if (document.visibilityState === 'visible') conversation.unread = 0;
  const waiting = [...model.pending.values()]
      .filter((post) => roomKey(post.room) === current)
      .concat([...model.directs.values()].filter((direct) => directKey(direct.to) === current))
      .map((item) => ({...item, nick: me.nick, time: Date.now(), pending: true}));
  view.showLog(conversation.items, waiting);
  $('earlier').hidden = !conversation.more || current[0] === '@';
  view.put($('title'), current);
  showSide();
}

function showSide() {
  const all = [...model.conversations.values()];
  view.showRooms(all, current, open, part);
  const people = [...model.people.values()].sort((a, b) => a.nick.localeCompare(b.nick));
  view.showPeople(people, me.nick, (nick) => open(directKey(nick)));
  view.showElsewhere(model.unreadElsewhere(current));
}

function open(key) {
  current = key;
  model.conversation(key);
  menu(false);
  show();
  view.toEnd();
  $('text').focus();
}

function join(room) {
  const known = model.conversations.has(roomKey(room));
  model.conversation(roomKey(room));
  if (!known) link.send({type: 'join', room});
  open(roomKey(room));
}

function part(key) {
  model.forget(key);
  if (key[0] === '#') link.send({type: 'part', room: key.slice(1)});
  if (current !== key) return showSide();
  open(model.conversations.keys().next().value ?? roomKey('lobby'));
}

function menu(shown) {
  $('app').classList.toggle('menu', shown);
  $('menu').setAttribute('aria-expanded', String(shown));
}

function showLogin(why) {
  me.joined = me.joined && !why;
  $('app').hidden = true;
  $('login').hidden = false;
  $('login-token-row').hidden = !/token/.test(why) && !me.token;
  view.put($('login-error'), why);
  $('login-nick').focus();
}

// What the user does.

const help = '/me does something · /msg NICK text · /join ROOM · /part · /nick NAME · // a slash';

const commands = {
  help: () => view.showNotice(help),
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
  view.toEnd();
}

function sendDirect(to, text) {
  const direct = {id: hex(16), to, text};
  model.directs.set(direct.id, direct);
  link.send({type: 'direct', ...direct});
  show();
  view.toEnd();
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
  link.send({type: 'history', room: current.slice(1), before});
};
$('menu').onclick = () => menu(!$('app').classList.contains('menu'));
$('login').onsubmit = (event) => {
  event.preventDefault();
  me.nick = $('login-nick').value.trim();
  me.token = $('login-token').value;
  model.conversation(roomKey('lobby'));
  link.start();
};
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible' && me.joined) show();
});

try {
  $('login-nick').value = localStorage.getItem('shoal-nick') ?? '';
} catch { /* storage is a convenience */ }
showLogin('');
