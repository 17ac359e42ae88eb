// Staying at the bottom of a list of messages, as long as the reader is there.

const NEAR_PX = 48;

export class Bottom {
  /** `told(is)` hears whether the reader is at the bottom. */
  constructor(scroll, told = () => {}) {
    this.scroll = scroll;
    this.there = true;
    this.told = told;
    scroll.addEventListener("scroll", () => this.look(), { passive: true });
    new ResizeObserver(() => this.keep()).observe(scroll);
  }

  /** The reader scrolled. */
  look() {
    const { scrollHeight, scrollTop, clientHeight } = this.scroll;
    this.there = scrollHeight - scrollTop - clientHeight < NEAR_PX;
    this.told(this.there);
  }

  /** Something changed: follow it if the reader was at the bottom, and leave them alone if not. */
  keep() {
    if (this.there) this.scroll.scrollTop = this.scroll.scrollHeight;
  }

  /** Go there, now and with what is drawn next. */
  go() {
    this.there = true;
    this.told(true);
    this.keep();
  }
}
