// The WebSocket to the server: connects again by itself, and resumes where it was.
// PROTOCOL.md, "Chat in the browser", tells the messages.

const firstDelay = 250; // ms
const longestDelay = 8000;

export class Link {
  // on.open(): say hello now. on.message(object). on.lost(): trying again. on.refused(message): over.
  constructor(on) {
    this.on = on;
    this.delay = firstDelay;
    this.socket = null;
    this.timer = null;
  }

  start() {
    this.stop();
    const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:';
    const socket = new WebSocket(`${scheme}//${location.host}/chat`);
    this.socket = socket;
    socket.onopen = () => this.socket === socket && this.on.open();
    socket.onmessage = (event) => this.receive(socket, JSON.parse(event.data));
    socket.onclose = () => {
      if (this.socket !== socket) return;
      this.socket = null;
      this.on.lost();
      this.timer = setTimeout(() => this.start(), this.delay * (0.75 + Math.random() / 2));
      this.delay = Math.min(2 * this.delay, longestDelay);
    };
  }

  receive(socket, message) {
    if (this.socket !== socket) return;
    if (message.type === 'refused') {
      this.stop();
      this.on.refused(message);
      return;
    }
    if (message.type === 'ready') this.delay = firstDelay;
    this.on.message(message);
  }

  // Whether it went out; what did not is said again after the next `ready`.
  send(message) {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(message));
    return true;
  }

  stop() {
    clearTimeout(this.timer);
    const socket = this.socket;
    this.socket = null;
    socket?.close();
  }
}
