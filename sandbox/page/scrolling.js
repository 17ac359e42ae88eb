// Staying at the bottom of a list of messages, as long as the reader is there.

const NEAR_PX = 48;

export class Bottom {
  /** `told(is)` hears whether the reader is at the bottom. */
  constructor(scroll, told = () => {}) {
    this.scroll = scroll;
    this.there = true;
    this.last = 0;
    this.told = told;
    scroll.addEventListener("scroll", () => this.look(), { passive: true });
    new ResizeObserver(() => this.keep()).observe(scroll);
  }

  /** Something scrolled: only upwards was it the reader, who leaves; what has just grown is followed. */
  look() {
    const { scrollHeight, scrollTop, clientHeight } = this.scroll;
    if (scrollHeight - scrollTop - clientHeight < NEAR_PX) this.there = true;
    else if (scrollTop < this.last) this.there = false;
    this.last = scrollTop;
    this.told(this.there);
  }

  /** Something changed: follow it if the reader was at the bottom, and leave them alone if not. */
  keep() {
    if (!this.there) return;
    this.scroll.scrollTop = this.scroll.scrollHeight;
    this.last = this.scroll.scrollTop;
  }

  /** Go there, now and with what is drawn next. */
  go() {
    this.there = true;
    this.told(true);
    this.keep();
  }
}
