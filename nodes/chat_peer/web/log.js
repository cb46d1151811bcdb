// The messages of the conversation that is shown.
import {$, clockOf, dayOf, make, nickOf, put} from './text.js';

const together = 5 * 60 * 1000; // ms between messages of one nick that stand under one name
const nearEnd = 40; // pixels

// Whether the newest message is in sight, and is to stay so.
let atEnd = true;
export const isAtEnd = () => atEnd;

function look() {
  const log = $('log');
  atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < nearEnd;
}
$('log').onscroll = look;
new ResizeObserver(() => atEnd && toEnd()).observe($('log'));

function follows(item, previous) {
  return previous !== undefined && !previous.note && !item.note && item.kind !== 'does' &&
      previous.kind !== 'does' && previous.nick === item.nick && item.time - previous.time < together;
}

function line(item, previous) {
  const made = make('li');
  if (item.pending) made.classList.add('pending');
  if (follows(item, previous)) made.classList.add('follows');
  const time = make('time', '', clockOf(item.time));
  time.dateTime = new Date(item.time).toISOString();
  const words = make('p', item.note ? 'note' : item.kind === 'does' ? 'does' : '');
  if (!item.note) words.append(nickOf(item.nick), ' ');
  words.append(make('span', 'text', item.note ?? item.text));
  made.append(time, words);
  return made;
}

// An item with the day before it, where that is another than the one before.
function lines(item, previous) {
  const day = dayOf(item.time);
  if (previous && dayOf(previous.time) === day) return [line(item, previous)];
  return [make('li', 'day', day), line(item)];
}

// All of a conversation. `older`: what is new stands before what was there, which keeps its place; or,
// where the newest message was in sight, the last of what is new comes into it.
export function showLog(items, older) {
  const log = $('log');
  const fromEnd = log.scrollHeight - (atEnd ? -log.clientHeight / 2 : log.scrollTop);
  log.replaceChildren(...items.flatMap((item, at) => lines(item, items[at - 1])));
  if (items.length === 0) log.append(make('li', 'empty', 'No messages yet.'));
  if (older) {
    log.scrollTop = log.scrollHeight - fromEnd;
    look();
  } else if (atEnd) {
    toEnd();
  }
}

// One more at the end, without touching the others, so that screen readers read it alone.
export function addLine(item, previous) {
  const log = $('log');
  if (!previous) log.replaceChildren();
  log.append(...lines(item, previous));
  if (atEnd) toEnd();
}

export function toEnd() {
  atEnd = true;
  $('log').scrollTop = $('log').scrollHeight;
}

export function showTitle(key) {
  put($('title'), key);
  $('text').placeholder = `Message ${key}`;
}
