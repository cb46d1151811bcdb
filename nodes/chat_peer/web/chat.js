// Joins the page, the model and the link: what the user does, and what the server says.
import {listen} from './input.js';
import {faultIn, isName, mostHello, mostRooms, nameRule, octets} from './limits.js';
import {Link} from './link.js';
import * as log from './log.js';
import * as memory from './memory.js';
import {Model, directKey, roomKey} from './model.js';
import {Screen} from './screen.js';
import {$} from './text.js';
import {showNotice} from './view.js';

const model = new Model();
// `joined`: has been let in once, so that what it has seen is to be said on the next connection.
const me = {nick: '', token: '', session: hex(16), server: '', joined: false};
const asked = new Set(); // rooms whose older posts the user wants to see
const screen = new Screen(model, me, {open: (key) => screen.open(key), part, join});

const link = new Link({
  open: sayHello,
  message: (message) => receivers.get(message.type)?.(message),
  lost: () => screen.showOffline(),
  refused: ({why, token}) => screen.showLogin(why, token || me.token !== ''),
});

function hex(bytes) {
  return [...crypto.getRandomValues(new Uint8Array(bytes))]
      .map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

function sayHello() {
  const {nick, session, token} = me;
  const hello = {type: 'hello', nick, session, token: token || undefined, rooms: model.rooms()};
  if (me.joined) hello.seen = Object.fromEntries(model.seen);
  if (octets(JSON.stringify(hello)) > mostHello) {
    // More authors than a frame holds: begins anew, with the newest posts.
    delete hello.seen;
    model.restart();
  }
  link.send(hello);
}

function remember() {
  memory.save(me.nick, model.rooms());
}

// What the server says.

const receivers = new Map(Object.entries({
  ready(message) {
    me.joined = true;
    me.nick = message.nick;
    me.server = message.server || location.host;
    // What is not among the rooms' messages so far is older than this session's beginning.
    for (const [author, next] of Object.entries(message.seen)) {
      model.seen.set(author, Math.max(model.seen.get(author) ?? 0, next));
    }
    model.people = new Map(message.users.map((user) => [user.nick, user]));
    for (const room of model.rooms(false)) link.send({type: 'join', room});
    for (const post of model.pending.values()) link.send({type: 'post', ...post});
    for (const direct of model.directs.values()) link.send({type: 'direct', ...direct});
    remember();
    screen.showAll();
    screen.showApp();
  },

  post(post) {
    const mine = model.pending.has(post.tag);
    const {conversation, replaced} = model.add(post) ?? {};
    if (!conversation) return mine && screen.show();
    if (replaced) return screen.show();
    const last = conversation.items.at(-1).name === `${post.author} ${post.seq}`;
    screen.showMore(conversation, last && !mine);
  },

  restart() {
    model.restart();
  },

  history({room, posts, more}) {
    const key = roomKey(room);
    const older = asked.delete(room);
    const conversation = model.conversations.get(key);
    for (const post of posts) model.add(post);
    if (!conversation) return; // left meanwhile
    conversation.more = more;
    if (!conversation.agreed) {
      conversation.agreed = true;
      remember();
    }
    if (key === screen.current) screen.show(older);
  },

  direct({from, to, text, time}) {
    const item = {nick: from, text, time, kind: 'says'};
    const conversation = model.append(directKey(from === me.nick ? to : from), item);
    screen.showRooms();
    screen.showMore(conversation, true);
  },

  outcome({id, why}) {
    const direct = model.directs.get(id);
    model.directs.delete(id);
    if (!direct) return;
    const {to, text} = direct;
    const item = {nick: me.nick, text, time: Date.now(), kind: 'says'};
    if (why) tellUndone(directKey(to), 'not delivered', why, text);
    else if (to !== me.nick) model.append(directKey(to), item); // else it has come as a `direct`
    screen.showRooms();
    screen.show();
  },

  user(user) {
    if (user.state === 'gone') model.people.delete(user.nick);
    else model.people.set(user.nick, user);
    screen.showPeople();
  },

  nick({nick}) {
    me.nick = nick;
    remember();
    screen.showAll();
  },

  trouble({why, tag, id, room}) {
    showNotice(why);
    const post = model.pending.get(tag);
    const direct = model.directs.get(id);
    model.pending.delete(tag);
    model.directs.delete(id);
    if (post) tellUndone(roomKey(post.room), 'not sent', why, post.text);
    if (direct) tellUndone(directKey(direct.to), 'not sent', why, direct.text);
    if (model.conversations.get(roomKey(room))?.agreed === false) part(roomKey(room));
    else screen.show();
  },
}));

// Says, where it was to stand, what has become of a message.
function tellUndone(key, what, why, text) {
  const place = model.conversations.has(key) ? key : screen.current;
  model.append(place, {note: `${what}, ${why}: ${text}`, time: Date.now()});
}

// What the user does. What returns false cannot be done, and the user has been told.

function complain(why) {
  showNotice(why);
  return false;
}

function join(room) {
  const key = roomKey(room);
  if (!isName(room)) return complain(`a room ${nameRule}`);
  if (!model.conversations.has(key)) {
    const rooms = model.rooms(true).length + model.rooms(false).length;
    if (rooms >= mostRooms) return complain(`you are in ${mostRooms} rooms; leave one first`);
    model.conversation(key);
    link.send({type: 'join', room});
  }
  screen.open(key);
  return true;
}

function part(key) {
  model.forget(key);
  if (key[0] === '#') link.send({type: 'part', room: key.slice(1)});
  remember();
  if (screen.current !== key) return screen.showRooms();
  const next = model.conversations.keys().next().value;
  if (next) screen.open(next);
  else join('lobby');
}

function say(text, kind) {
  if (!text) return true;
  if (screen.current[0] === '@') return sendDirect(screen.current.slice(1), text);
  const fault = faultIn(text);
  if (fault) return complain(fault);
  const post = {tag: parseInt(hex(6), 16) + 1, room: screen.current.slice(1), kind, text};
  model.pending.set(post.tag, post);
  link.send({type: 'post', ...post});
  screen.show();
  log.toEnd();
  return true;
}

function sendDirect(to, text) {
  const fault = isName(to) ? faultIn(text) : `a nick ${nameRule}`;
  if (fault) return complain(fault);
  const direct = {id: hex(16), to, text};
  model.directs.set(direct.id, direct);
  link.send({type: 'direct', ...direct});
  screen.open(directKey(to));
  return true;
}

function showEarlier() {
  const room = screen.current.slice(1);
  const first = model.conversation(screen.current).items.find((item) => item.clock);
  const before = first && {clock: first.clock, author: first.author, seq: first.seq};
  asked.add(room);
  link.send({type: 'history', room, before});
}

listen({
  say,
  direct: sendDirect,
  join,
  part: () => part(screen.current),
  nick: (nick) => link.send({type: 'nick', nick}),
  earlier: showEarlier,
  menu: (shown) => screen.menu(shown),
  login(nick, token) {
    me.nick = nick;
    me.token = token;
    link.start();
  },
});
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible' && me.joined) screen.show();
});

const {nick, rooms} = memory.load();
if (rooms.length === 0) rooms.push('lobby');
for (const room of rooms) model.conversation(roomKey(room), true);
screen.current = roomKey(rooms[0]);
$('login-nick').value = nick;
screen.showLogin('', false);
