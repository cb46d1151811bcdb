// What the page knows: conversations with their messages, people, and what is not confirmed yet.
// No DOM in here.

// A conversation's key: '#room' or '@nick'.
export const roomKey = (room) => '#' + room;
export const directKey = (nick) => '@' + nick;

export const mostKept = 2000;  // messages of one conversation
export const mostRead = 10000; // of one whose older messages are being read
const slack = 200;             // more than that, so that not each message lets go of one

// The order that all peers show posts in: clock, author, seq.
function before(a, b) {
  const clockA = BigInt(a.clock);
  const clockB = BigInt(b.clock);
  if (clockA !== clockB) return clockA < clockB;
  if (a.author !== b.author) return a.author < b.author;
  return a.seq < b.seq;
}

// What a page calls its post, whoever sends it on; undefined where no page has written it.
const saidAs = ({room, nick, tag}) => tag && `${room} ${nick} ${tag}`;

export class Model {
  constructor() {
    this.conversations = new Map();
    this.people = new Map();   // nick -> {nick, state, rooms, since}
    this.seen = new Map();     // author -> next seq: what a resumed session need not send again
    this.pending = new Map();  // tag -> post that no server has confirmed
    this.directs = new Map();  // id -> direct message without an outcome
    this.held = new Set();     // 'author seq' of every post shown
    this.said = new Map();     // saidAs() -> post shown
  }

  // `agreed`: a server has let us into the room.
  conversation(key, agreed = false) {
    if (!this.conversations.has(key)) {
      const more = key[0] === '#';
      this.conversations.set(key, {key, items: [], unread: 0, more, agreed});
    }
    return this.conversations.get(key);
  }

  // The rooms that a server has let us into, or else those that are still to be agreed.
  rooms(agreed = true) {
    return [...this.conversations.values()]
        .filter((conversation) => conversation.key[0] === '#' && conversation.agreed === agreed)
        .map(({key}) => key.slice(1));
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
    for (const item of this.conversations.get(key)?.items ?? []) this.letGo(item);
    this.conversations.delete(key);
  }

  // Forgets every post, but not which rooms there are.
  restart() {
    this.held.clear();
    this.said.clear();
    this.seen.clear();
    for (const conversation of this.conversations.values()) {
      if (conversation.key[0] === '#') conversation.items = [];
    }
  }

  // Adds a post in its place. Returns its conversation, and whether it takes the place of one that
  // says the same; null where nothing is to be shown.
  add(post) {
    this.seen.set(post.author, Math.max(this.seen.get(post.author) ?? 0, post.seq + 1));
    this.pending.delete(post.tag);
    const conversation = this.conversations.get(roomKey(post.room));
    const item = {...post, name: `${post.author} ${post.seq}`, said: saidAs(post)};
    if (!conversation || this.held.has(item.name)) return null;
    // A server that did not know what its predecessor had sent on has made it a post again.
    const twin = item.said && this.said.get(item.said);
    if (twin && before(twin, item)) return null;
    const {items} = conversation;
    if (twin) this.letGo(...items.splice(items.indexOf(twin), 1));
    let at = items.length;
    while (at > 0 && items[at - 1].clock && before(item, items[at - 1])) --at;
    items.splice(at, 0, item);
    this.held.add(item.name);
    if (item.said) this.said.set(item.said, item);
    return {conversation, replaced: twin !== undefined};
  }

  // Adds what has no place among posts: a direct message, a note.
  append(key, item) {
    const conversation = this.conversation(key);
    conversation.items.push(item);
    return conversation;
  }

  // Lets go of the oldest messages when there are more than `most`, and tells whether there were.
  trim(conversation, most) {
    const {items} = conversation;
    if (items.length <= most + slack) return false;
    for (const item of items.splice(0, items.length - most)) this.letGo(item);
    conversation.more = conversation.key[0] === '#';
    return true;
  }

  letGo(item) {
    this.held.delete(item.name);
    this.said.delete(item.said);
  }

  unread() {
    let sum = 0;
    for (const {unread} of this.conversations.values()) sum += unread;
    return sum;
  }
}
