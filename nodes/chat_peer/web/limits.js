// What a server takes of a page (PROTOCOL.md, CHAT-1 and "Chat in the browser"). No DOM in here.

export const mostRooms = 64;
export const mostHello = 60 * 1024; // octets; a frame has 64 KiB at most
const mostText = 8192; // octets
const mostName = 64;

// White space and what cannot be seen: the same as in lib/shoal/wire/chat_messages.cpp.
const unseen = new RegExp('[' + [
  '\\0-\\x20\\x7f-\\xa0\\xad\\u034f\\u061c\\u115f\\u1160\\u1680\\u17b4\\u17b5\\u180b-\\u180f',
  '\\u2000-\\u200f\\u2028-\\u202f\\u205f-\\u206f\\u2800\\u3000\\u3164',
  '\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\ufffb',
  '\\u{1bca0}-\\u{1bca3}\\u{1d173}-\\u{1d17a}\\u{e0000}-\\u{e0fff}',
].join('') + ']', 'u');

const halfCharacter = /\p{Surrogate}/u; // has no octets

export const octets = (text) => new TextEncoder().encode(text).length;

// Whether it may be a nick or a room.
export function isName(name) {
  return typeof name === 'string' && name !== '' && octets(name) <= mostName &&
      !unseen.test(name) && !halfCharacter.test(name);
}

export const nameRule = 'has 1 to 64 octets, no spaces and nothing that cannot be seen';

// Why a text cannot be said; '' where it can.
export function faultIn(text) {
  if (halfCharacter.test(text)) return 'half a character in this cannot be sent';
  const size = octets(text);
  return size <= mostText ? '' : `this has ${size} octets; a message has ${mostText} at most`;
}
