// What stands around the messages: rooms, people, what is going on.
import {KeyedList} from './list.js';
import {$, clockOf, make, nickOf, put} from './text.js';

function button(className, label, onClick) {
  const made = make('button', className);
  made.type = 'button';
  if (label) made.setAttribute('aria-label', label);
  made.onclick = onClick;
  return made;
}

function item(...children) {
  const made = make('li');
  made.append(...children);
  return made;
}

function makeConversation(key, on) {
  const open = button('', '', () => on.open(key));
  open.append(make('span', 'name', key));
  const part = button('part', `Leave ${key}`, () => on.part(key));
  part.textContent = '×';
  return item(open, part);
}

function showConversation({firstChild: open}, {unread, current}) {
  if (current) open.setAttribute('aria-current', 'true');
  else open.removeAttribute('aria-current');
  open.querySelector('.badge')?.remove();
  if (unread === 0) return;
  const badge = make('span', 'badge', String(unread));
  badge.setAttribute('aria-label', `${unread} unread`);
  open.append(badge);
}

function makeOther(room, on) {
  const join = button('other', `Join #${room}`, () => on.join(room));
  join.append(make('span', 'name', `#${room}`), make('span', 'state', 'join'));
  return item(join);
}

function makePerson(nick, on) {
  const open = button('', '', () => on.open('@' + nick));
  const name = nickOf(nick);
  name.classList.add('name');
  open.append(make('span', 'presence'), name, make('span', 'state'));
  open.dataset.nick = nick;
  return item(open);
}

function showPerson({firstChild: open}, {own, state, since}) {
  const [presence, , words] = open.children;
  const said = own ? 'you' : state === 'here' ? '' : `away since ${clockOf(since)}`;
  open.disabled = own;
  open.setAttribute('aria-label', `${open.dataset.nick}, ${said || 'here'}`);
  presence.className = `presence ${state}`;
  put(words, said);
}

export class Side {
  // on.open(key), on.part(key), on.join(room): what the user clicks.
  constructor(on) {
    // Rooms one is in by '#room', others by '+room'.
    const makeRoom = (key) => key[0] === '#' ? makeConversation(key, on) : makeOther(key.slice(1), on);
    const showRoom = (element, value) => value.other || showConversation(element, value);
    this.rooms = new KeyedList($('rooms'), makeRoom, showRoom);
    this.directs = new KeyedList($('directs'), (key) => makeConversation(key, on), showConversation);
    this.people = new KeyedList($('people'), (nick) => makePerson(nick, on), showPerson);
  }

  // Conversations: what they are called, how much in them is unread. `others`: rooms that may be joined.
  showRooms(conversations, others, current) {
    const values = (sign) => conversations.filter(({key}) => key[0] === sign)
        .map(({key, unread}) => [key, {unread, current: key === current}]);
    const joinable = others.map((room) => ['+' + room, {other: true}]);
    this.rooms.show(new Map([...values('#'), ...joinable]));
    this.directs.show(new Map(values('@')));
    $('directs-part').hidden = $('directs').childElementCount === 0;
  }

  // Of one conversation that is there.
  showUnread({key, unread}, current) {
    const list = key[0] === '#' ? this.rooms : this.directs;
    list.showOne(key, {unread, current: key === current});
  }

  showPeople(people, own) {
    const value = ({nick, state, since}) => [nick, {own: nick === own, state, since}];
    this.people.show(new Map(people.map(value)));
    put($('people-count'), String(people.length));
  }
}

export function showStatus(text, bad) {
  $('status').className = bad ? 'bad' : '';
  put($('status'), text);
}

export function showNotice(text, bad = true) {
  $('notice').className = bad ? 'error' : 'note';
  put($('notice'), text);
}

// How much is unread in all conversations.
export function showElsewhere(count) {
  $('elsewhere').hidden = count === 0;
  put($('elsewhere'), count > 0 ? String(count) : '');
  $('elsewhere').setAttribute('aria-label', `${count} unread`);
  document.title = count > 0 ? `(${count}) shoal chat` : 'shoal chat';
}
