// What is shown: the current conversation, and around it what else there is.
import * as log from './log.js';
import {directKey, mostKept, mostRead, roomKey} from './model.js';
import {$, put} from './text.js';
import {Side, showElsewhere, showStatus} from './view.js';

export class Screen {
  // on.open(key), on.part(key), on.join(room): what the user clicks.
  constructor(model, me, on) {
    this.model = model;
    this.me = me;
    this.side = new Side(on);
    this.current = roomKey('lobby');
  }

  // A message more in a conversation; `last`: it is the last one, and nothing else has changed.
  showMore(conversation, last) {
    const {key, items} = conversation;
    const here = key === this.current;
    const trimmed = this.model.trim(conversation, here && !log.isAtEnd() ? mostRead : mostKept);
    if (!here || document.visibilityState !== 'visible') ++conversation.unread;
    const alone = last && !trimmed && this.waiting().length === 0;
    if (here && alone) log.addLine(items.at(-1), items.at(-2));
    else if (here) this.show();
    this.showUnread(conversation);
  }

  // What was said in the current conversation and is not confirmed.
  waiting() {
    const {pending, directs} = this.model;
    return [...pending.values()].filter((post) => roomKey(post.room) === this.current)
        .concat([...directs.values()].filter((direct) => directKey(direct.to) === this.current))
        .map((item) => ({...item, nick: this.me.nick, time: Date.now(), pending: true}));
  }

  // The current conversation. `older`: the user has asked for what stands at its beginning.
  show(older = false) {
    const conversation = this.model.conversation(this.current);
    const {items, more} = conversation;
    if (document.visibilityState === 'visible') conversation.unread = 0;
    log.showLog([...items, ...this.waiting()], older);
    log.showTitle(this.current);
    $('earlier').hidden = !more || items.length >= mostRead;
    this.showUnread(conversation);
  }

  showUnread(conversation) {
    this.side.showUnread(conversation, this.current);
    showElsewhere(this.model.unread());
  }

  showRooms() {
    const {model} = this;
    this.side.showRooms([...model.conversations.values()], model.otherRooms(), this.current);
    showElsewhere(model.unread());
  }

  showPeople() {
    this.side.showPeople(this.model.peopleInOrder(), this.me.nick);
    this.showRooms();
  }

  // Everything.
  showAll() {
    showStatus(`${this.me.nick} at ${this.me.server}`, false);
    this.showPeople();
    this.show();
  }

  open(key) {
    this.current = key;
    this.model.conversation(key);
    this.menu(false);
    this.showRooms();
    this.show();
    log.toEnd();
    $('text').focus();
  }

  menu(shown) {
    $('app').classList.toggle('menu', shown);
    $('menu').setAttribute('aria-expanded', String(shown));
  }

  showApp() {
    if (!$('app').hidden) return;
    $('login').hidden = true;
    $('app').hidden = false;
    log.toEnd();
    $('text').focus();
  }

  // `token`: the server wants one.
  showLogin(why, token) {
    $('app').hidden = true;
    $('login').hidden = false;
    $('login-token-row').hidden = !token;
    put($('login-error'), why);
    $('login-nick').focus();
  }

  showOffline() {
    const why = 'Offline, reconnecting…';
    if ($('app').hidden) put($('login-error'), why);
    else showStatus(why, true);
  }
}
