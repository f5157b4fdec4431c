// Typed events. Whoever has state emits, whoever shows it listens; so the state never imports those who show it.

/** `Events` names each event and the type of what is passed with it; `void` where nothing is. */
export class Emitter<Events> {
  private readonly events = new EventTarget();

  /** Call `listener` whenever the event is emitted. */
  on<Kind extends keyof Events & string>(kind: Kind, listener: (detail: Events[Kind]) => void): void {
    this.events.addEventListener(kind, (event) => { listener((event as CustomEvent<Events[Kind]>).detail); });
  }

  /** Emit an event; an error in one listener is reported by the browser and does not stop the others. */
  emit<Kind extends keyof Events & string>(kind: Kind, ...[detail]: Events[Kind] extends void ? [] : [Events[Kind]]): void {
    this.events.dispatchEvent(new CustomEvent(kind, { detail }));
  }
}
