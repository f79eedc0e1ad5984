/** Sessions whose files are remembered; beyond them the one used longest ago is forgotten. */
const maxSessions = 256;
/** Files remembered of one session; beyond them the one seen longest ago is forgotten. */
const maxFilesPerSession = 4_096;

/** What a session knows of a file: nothing, what is in it now, or what was in it before. */
export type Knowledge = 'unread' | 'current' | 'outdated';

/**
 * What each session has seen of which file, by a hash of all of it: so that what somebody else changed
 * since is not overwritten unseen. What is forgotten counts as unread.
 */
export class ReadLedger {
  readonly #sessions = new Map<string, Map<string, string>>();

  /** The session has read these bytes in the file, or written them. */
  note(sessionId: string, path: string, bytes: Uint8Array): void {
    const files = this.#sessions.get(sessionId) ?? new Map<string, string>();
    putLast(this.#sessions, sessionId, files, maxSessions);
    putLast(files, path, hash(bytes), maxFilesPerSession);
  }

  /** The file is gone. */
  forget(sessionId: string, path: string): void {
    this.#sessions.get(sessionId)?.delete(path);
  }

  /** What a session knows of a file that has these bytes now. */
  knowledge(sessionId: string, path: string, bytes: Uint8Array): Knowledge {
    const seen = this.#sessions.get(sessionId)?.get(path);
    if (seen === undefined) return 'unread';
    return seen === hash(bytes) ? 'current' : 'outdated';
  }
}

function putLast<Value>(map: Map<string, Value>, key: string, value: Value, most: number): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > most && oldest !== undefined) map.delete(oldest);
}

function hash(bytes: Uint8Array): string {
  return new Bun.CryptoHasher('sha256').update(bytes).digest('base64');
}
