// What the user types and presses.
import {$, put} from './text.js';
import {showNotice} from './view.js';

const help = '/me does something · /msg NICK text · /join ROOM · /part · /nick NAME · // a slash';

const box = $('text');
const withoutSign = (room) => room.replace(/^#/, '');

// Calls `on` with what is meant: say(text, kind), direct(nick, text), join(room), part(), nick(nick),
// earlier(), menu(shown), login(nick, token). The first three return false for what cannot be done,
// and have told the user why.
export function listen(on) {
  const commands = new Map(Object.entries({
    help: () => showNotice(help, false),
    me: (rest) => on.say(rest, 'does'),
    join: (rest) => on.join(withoutSign(rest)),
    part: () => on.part(),
    nick: (rest) => rest && on.nick(rest),
    msg(rest) {
      const [, nick, text] = /^(\S+)\s+([^]+)$/.exec(rest) ?? [];
      if (nick) return on.direct(nick, text);
      showNotice('say /msg NICK text');
      return false;
    },
  }));

  function run(text) {
    const [, name, rest] = /^\/(\w+)\s*([^]*)$/.exec(text) ?? [];
    if (text.startsWith('//')) return on.say(text.slice(1), 'says');
    if (name === undefined) return on.say(text, 'says');
    if (commands.has(name)) return commands.get(name)(rest.trim());
    showNotice(`there is no /${name}; ${help}`);
    return false;
  }

  // What cannot be done stays, to be mended.
  function submit() {
    showNotice('');
    if (run(box.value.trimEnd()) === false) return;
    box.value = '';
    grow();
  }

  $('send').onsubmit = (event) => {
    event.preventDefault();
    submit();
  };
  box.oninput = grow;
  box.onkeydown = (event) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    submit();
  };
  $('join').onsubmit = (event) => {
    event.preventDefault();
    const room = withoutSign($('join-room').value);
    if (room && on.join(room) !== false) $('join-room').value = '';
  };
  $('earlier').onclick = () => on.earlier();
  $('menu').onclick = () => on.menu(!$('app').classList.contains('menu'));
  document.onkeydown = (event) => {
    if (event.key === 'Escape') on.menu(false);
  };
  $('login').onsubmit = (event) => {
    event.preventDefault();
    put($('login-error'), '');
    on.login($('login-nick').value.trim(), $('login-token').value);
  };
}

function grow() {
  box.style.height = 'auto';
  box.style.height = `${box.scrollHeight + 2}px`;
}
