import type { Readiness, ReadyTransport } from '../core/ready-transport.ts';
import { ScriptedTransport } from './scripted-transport.ts';

/** A scripted transport whose connection the test makes and breaks. */
export class ScriptedReadyTransport extends ScriptedTransport implements ReadyTransport {
  retryAt = 0;
  /** How often it was told to connect while it was idle. */
  connects = 0;
  readonly #listeners = new Set<() => void>();
  #readiness: Readiness;

  constructor(readiness: Readiness = 'idle') {
    super();
    this.#readiness = readiness;
  }

  get readiness(): Readiness {
    return this.#readiness;
  }

  /** Listeners that were not taken back. */
  get listeners(): number {
    return this.#listeners.size;
  }

  connect(): void {
    if (this.#readiness !== 'idle') return;
    this.connects++;
    this.#readiness = 'connecting';
  }

  onReadiness(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Something has happened to the connection. */
  become(readiness: Readiness, retryAt = 0): void {
    this.#readiness = readiness;
    this.retryAt = retryAt;
    for (const listener of this.#listeners) listener();
  }

  override async close(): Promise<void> {
    await super.close();
    this.#readiness = 'closed';
  }
}
