// Puts the model onto the page. Text of others only ever becomes text.

const $ = (id) => document.getElementById(id);

// Characters that would be invisible, or turn the text around them, are shown by their number.
const unsafe = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

export function put(element, text) {
  element.replaceChildren();
  let from = 0;
  for (const match of text.matchAll(unsafe)) {
    element.append(text.slice(from, match.index));
    const code = document.createElement('span');
    code.className = 'code';
    code.textContent = 'U+' + match[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
    element.append(code);
    from = match.index + 1;
  }
  element.append(text.slice(from));
  return element;
}

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) put(made, text);
  return made;
}

// A colour of its own for each nick, readable on light and dark.
function colour(nick) {
  let hash = 0;
  for (const char of nick) hash = (hash * 31 + char.codePointAt(0)) >>> 0;
  return `light-dark(hsl(${hash % 360} 70% 32%), hsl(${hash % 360} 70% 72%))`;
}

const clockOf = (time) =>
    new Date(time).toLocaleTimeString([], {hour: '2-digit', minute: '2-digit'});
const dayOf = (time) => new Date(time).toLocaleDateString([], {dateStyle: 'full'});

function line(item) {
  const made = element('li', item.pending ? 'pending' : '');
  const time = element('time', '', clockOf(item.time));
  time.dateTime = new Date(item.time).toISOString();
  const words = element('p', item.note ? 'note' : item.kind === 'does' ? 'does' : '');
  if (!item.note) {
    const nick = element('span', 'nick', item.nick);
    nick.style.color = colour(item.nick);
    words.append(nick, ' ');
  }
  words.append(put(document.createElement('span'), item.note ?? item.text));
  made.append(time, words);
  return made;
}

export function showLog(items, extra) {
  const log = $('log');
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  const lines = [];
  let day = '';
  for (const item of [...items, ...extra]) {
    const itsDay = dayOf(item.time);
    if (itsDay !== day) lines.push(element('li', 'day', itsDay));
    day = itsDay;
    lines.push(line(item));
  }
  log.replaceChildren(...lines);
  if (atEnd) log.scrollTop = log.scrollHeight;
}

// One more line at the end, without touching the others, so that screen readers read it alone.
export function addLine(item, previous) {
  const log = $('log');
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  if (!previous || dayOf(previous.time) !== dayOf(item.time)) {
    log.append(element('li', 'day', dayOf(item.time)));
  }
  log.append(line(item));
  if (atEnd) log.scrollTop = log.scrollHeight;
}

export function toEnd() {
  $('log').scrollTop = $('log').scrollHeight;
}

export function showRooms(conversations, current, onOpen, onPart) {
  $('rooms').replaceChildren(...conversations.map((conversation) => {
    const item = document.createElement('li');
    const open = element('button');
    open.type = 'button';
    open.setAttribute('aria-current', String(conversation.key === current));
    open.append(element('span', '', conversation.key));
    if (conversation.unread > 0) {
      const badge = element('span', 'badge', String(conversation.unread));
      badge.setAttribute('aria-label', `${conversation.unread} unread`);
      open.append(badge);
    }
    open.onclick = () => onOpen(conversation.key);
    const part = element('button', 'part', '×');
    part.type = 'button';
    part.setAttribute('aria-label', `Leave ${conversation.key}`);
    part.onclick = () => onPart(conversation.key);
    item.append(open, part);
    return item;
  }));
}

export function showPeople(people, own, onOpen) {
  $('people').replaceChildren(...people.map((person) => {
    const item = document.createElement('li');
    const open = element('button');
    open.type = 'button';
    open.disabled = person.nick === own;
    const dot = element('span', `presence ${person.state}`);
    const nick = element('span', '', person.nick);
    open.append(nick, dot);
    const said = person.nick === own ? 'you'
        : person.state === 'here' ? '' : `${person.state} since ${clockOf(person.since)}`;
    if (said) open.append(element('span', 'state', said));
    open.setAttribute('aria-label', `${person.nick}, ${said || 'here'}`);
    open.onclick = () => onOpen(person.nick);
    item.append(open);
    return item;
  }));
}

export function showStatus(text, bad) {
  $('status').className = bad ? 'bad' : '';
  put($('status'), text);
}

export function showNotice(text) {
  put($('notice'), text);
}

export function showElsewhere(count) {
  $('elsewhere').hidden = count === 0;
  put($('elsewhere'), count > 0 ? String(count) : '');
  document.title = count > 0 ? `(${count}) shoal chat` : 'shoal chat';
}
