import type { SessionPlace } from '../agent/agent-options.ts';
import { Permissions, type PermissionsOptions } from '../permissions/permissions.ts';

/** Sessions whose answers "for this session" are remembered; the one used longest ago is forgotten. */
const maxSessions = 500;

/** The rules of each session's project, with what was answered in that session. */
export class SessionPermissions {
  readonly #options: Omit<PermissionsOptions, 'project' | 'mode'>;
  /** By session and project: what was answered for a session holds in it alone. */
  readonly #open = new Map<string, Promise<Permissions>>();

  constructor(options: Omit<PermissionsOptions, 'project' | 'mode'>) {
    this.#options = options;
  }

  /** In the mode that files of rules say. Throws what `Permissions.open` throws. */
  of({ project, sessionId }: Pick<SessionPlace, 'project' | 'sessionId'>): Promise<Permissions> {
    const key = `${sessionId}\0${project.root}`;
    const opened = this.#open.get(key) ?? Permissions.open({ ...this.#options, project });
    this.#open.delete(key);
    this.#open.set(key, opened);
    // A file of rules that has faults is read again when somebody asks again.
    opened.catch(() => this.#open.delete(key));
    const [oldest] = this.#open.keys();
    if (this.#open.size > maxSessions && oldest !== undefined) this.#open.delete(oldest);
    return opened;
  }
}
