// What this browser remembers, where it lets us: the nick, and the rooms that a server has let us into.
import {isName, mostRooms} from './limits.js';

const key = 'shoal-chat';

// Whatever stands there: rooms that no server would take keep nobody out.
export function load() {
  let stored = null;
  try {
    stored = JSON.parse(localStorage.getItem(key));
  } catch { /* it is a convenience */ }
  const {nick, rooms} = stored ?? {};
  const good = Array.isArray(rooms) ? rooms.filter(isName) : [];
  return {nick: isName(nick) ? nick : '', rooms: [...new Set(good)].slice(0, mostRooms)};
}

export function save(nick, rooms) {
  try {
    localStorage.setItem(key, JSON.stringify({nick, rooms}));
  } catch { /* it is a convenience */ }
}
