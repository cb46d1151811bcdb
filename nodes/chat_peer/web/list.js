// The children of an element, by key: what stays keeps its element, and with it the focus.
export class KeyedList {
  // make(key): an element. update(element, value): shows `value`, a flat object, in it.
  constructor(parent, make, update) {
    this.parent = parent;
    this.make = make;
    this.update = update;
    this.shown = new Map(); // key -> {element, value}
  }

  // `values`: by key, in their order.
  show(values) {
    const focused = document.activeElement;
    for (const [key, {element}] of this.shown) {
      if (values.has(key)) continue;
      element.remove();
      this.shown.delete(key);
    }
    let next = this.parent.firstElementChild;
    for (const [key, value] of values) {
      const element = this.showOne(key, value);
      if (element === next) next = next.nextElementSibling;
      else this.parent.insertBefore(element, next);
    }
    // What is moved loses it.
    if (focused?.isConnected && focused !== document.activeElement) focused.focus();
  }

  showOne(key, value) {
    if (!this.shown.has(key)) this.shown.set(key, {element: this.make(key), value: {}});
    const shown = this.shown.get(key);
    const names = Object.keys(value);
    if (names.some((name) => value[name] !== shown.value[name])) this.update(shown.element, value);
    shown.value = value;
    return shown.element;
  }
}
