// What stands around the messages: rooms, people, what is going on.
import {$, clockOf, make, nickOf, put} from './text.js';

function button(className, label, onClick) {
  const made = make('button', className);
  made.type = 'button';
  if (label) made.setAttribute('aria-label', label);
  made.onclick = onClick;
  return made;
}

function conversationItem({key, unread}, current, onOpen, onPart) {
  const item = make('li');
  const open = button('', '', () => onOpen(key));
  if (key === current) open.setAttribute('aria-current', 'true');
  open.append(make('span', 'name', key));
  if (unread > 0) {
    const badge = make('span', 'badge', String(unread));
    badge.setAttribute('aria-label', `${unread} unread`);
    open.append(badge);
  }
  const part = button('part', `Leave ${key}`, () => onPart(key));
  part.textContent = '×';
  item.append(open, part);
  return item;
}

// Conversations: what they are called, how much in them is unread. `others`: rooms that may be joined.
export function showRooms(conversations, others, current, on) {
  const items = (sign) => conversations.filter(({key}) => key[0] === sign)
      .map((conversation) => conversationItem(conversation, current, on.open, on.part));
  const joinable = others.map((room) => {
    const join = button('other', `Join #${room}`, () => on.join(room));
    join.append(make('span', 'name', `#${room}`), make('span', 'state', 'join'));
    const item = make('li');
    item.append(join);
    return item;
  });
  $('rooms').replaceChildren(...items('#'), ...joinable);
  $('directs').replaceChildren(...items('@'));
  $('directs-part').hidden = $('directs').childElementCount === 0;
}

function personItem(person, own, onOpen) {
  const open = button('', '', () => onOpen(person.nick));
  open.disabled = person.nick === own;
  const nick = nickOf(person.nick);
  nick.classList.add('name');
  const said = person.nick === own ? 'you'
      : person.state === 'here' ? '' : `away since ${clockOf(person.since)}`;
  open.append(make('span', `presence ${person.state}`), nick, make('span', 'state', said));
  open.setAttribute('aria-label', `${person.nick}, ${said || 'here'}`);
  const item = make('li');
  item.append(open);
  return item;
}

export function showPeople(people, own, onOpen) {
  $('people').replaceChildren(...people.map((person) => personItem(person, own, onOpen)));
  put($('people-count'), String(people.length));
}

export function showStatus(text, bad) {
  $('status').className = bad ? 'bad' : '';
  put($('status'), text);
}

export function showNotice(text, bad = true) {
  $('notice').className = bad ? 'error' : 'note';
  put($('notice'), text);
}

export function showElsewhere(count) {
  $('elsewhere').hidden = count === 0;
  put($('elsewhere'), count > 0 ? String(count) : '');
  $('elsewhere').setAttribute('aria-label', `${count} unread elsewhere`);
  document.title = count > 0 ? `(${count}) shoal chat` : 'shoal chat';
}
