// What the page knows: conversations with their messages, people, and what is not confirmed yet.
// No DOM in here.

// A conversation's key: '#room' or '@nick'.
export const roomKey = (room) => '#' + room;
export const directKey = (nick) => '@' + nick;

const mostKept = 2000; // messages of one conversation

// The order that all peers show posts in: clock, author, seq.
function before(a, b) {
  const clockA = BigInt(a.clock);
  const clockB = BigInt(b.clock);
  if (clockA !== clockB) return clockA < clockB;
  if (a.author !== b.author) return a.author < b.author;
  return a.seq < b.seq;
}

export class Model {
  constructor() {
    this.conversations = new Map();
    this.people = new Map();   // nick -> {nick, state, rooms, since}
    this.seen = new Map();     // author -> next seq: what a resumed session need not send again
    this.pending = new Map();  // tag -> post that no server has confirmed
    this.directs = new Map();  // id -> direct message without an outcome
    this.held = new Set();     // 'author seq' of every post shown
  }

  conversation(key) {
    if (!this.conversations.has(key)) {
      this.conversations.set(key, {key, items: [], unread: 0, more: key.startsWith('#')});
    }
    return this.conversations.get(key);
  }

  rooms() {
    return [...this.conversations.keys()].filter((key) => key[0] === '#').map((key) => key.slice(1));
  }

  // Where others are, and we are not.
  otherRooms() {
    const rooms = [...this.people.values()].flatMap((person) => person.rooms);
    return [...new Set(rooms)].filter((room) => !this.conversations.has(roomKey(room))).sort();
  }

  peopleInOrder() {
    const rank = (person) => person.state === 'here' ? 0 : 1;
    return [...this.people.values()]
        .sort((a, b) => rank(a) - rank(b) || a.nick.localeCompare(b.nick));
  }

  forget(key) {
    for (const item of this.conversations.get(key)?.items ?? []) this.held.delete(item.name);
    this.conversations.delete(key);
  }

  // Forgets every post, but not which rooms there are.
  restart() {
    this.held.clear();
    this.seen.clear();
    for (const conversation of this.conversations.values()) {
      if (conversation.key[0] === '#') conversation.items = [];
    }
  }

  // Adds a post in its place. Returns its conversation, or null for one that is there already.
  add(post) {
    const name = `${post.author} ${post.seq}`;
    this.seen.set(post.author, Math.max(this.seen.get(post.author) ?? 0, post.seq + 1));
    this.pending.delete(post.tag);
    if (this.held.has(name)) return null;
    this.held.add(name);
    const conversation = this.conversation(roomKey(post.room));
    const {items} = conversation;
    let at = items.length;
    while (at > 0 && items[at - 1].clock && before(post, items[at - 1])) --at;
    items.splice(at, 0, {...post, name});
    if (items.length > mostKept) {
      this.held.delete(items.shift().name);
      conversation.more = true;
    }
    return conversation;
  }

  // Adds what has no place among posts: a direct message, a note.
  append(key, item) {
    const conversation = this.conversation(key);
    conversation.items.push(item);
    if (conversation.items.length > mostKept) conversation.items.shift();
    return conversation;
  }

  unreadElsewhere(current) {
    let sum = 0;
    for (const {key, unread} of this.conversations.values()) if (key !== current) sum += unread;
    return sum;
  }
}
