// Text of others, names and times as elements. Text of others only ever becomes text.

export const $ = (id) => document.getElementById(id);

// Characters that would be invisible, or turn the text around them, are shown by their number.
// Not so what a nick may not have but text needs: spaces, joiners, variants and tags of emoji.
const unsafe = new RegExp('[' + [
  '\\0-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180e',
  '\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f\\u3164\\ufeff\\uffa0\\ufff0-\\ufffb',
  '\\u{1bca0}-\\u{1bca3}\\u{1d173}-\\u{1d17a}',
].join('') + ']', 'gu');

export function put(element, text) {
  element.replaceChildren();
  let from = 0;
  for (const match of text.matchAll(unsafe)) {
    element.append(text.slice(from, match.index));
    const code = document.createElement('span');
    code.className = 'code';
    code.textContent = 'U+' + match[0].codePointAt(0).toString(16).toUpperCase().padStart(4, '0');
    element.append(code);
    from = match.index + match[0].length;
  }
  element.append(text.slice(from));
  return element;
}

export function make(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) put(made, text);
  return made;
}

// A nick in a colour of its own, readable on light and dark.
export function nickOf(nick) {
  let hash = 0;
  for (const char of nick) hash = (hash * 31 + char.codePointAt(0)) >>> 0;
  const made = make('span', 'nick', nick);
  made.style.color = `light-dark(hsl(${hash % 360} 70% 32%), hsl(${hash % 360} 70% 72%))`;
  return made;
}

export const clockOf = (time) =>
    new Date(time).toLocaleTimeString([], {hour: '2-digit', minute: '2-digit', hourCycle: 'h23'});

export function dayOf(time) {
  return new Date(time).toLocaleDateString(
      [], {weekday: 'long', day: 'numeric', month: 'long', year: 'numeric'});
}
