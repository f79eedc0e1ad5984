import type { SessionPlace } from '../agent/agent-options.ts';
import { Permissions, type PermissionsOptions } from '../permissions/permissions.ts';
import type { SandboxSettings } from '../permissions/rules-file.ts';

/** Sessions whose answers "for this session" are remembered; the one used longest ago is forgotten. */
const maxSessions = 500;

export interface SessionPermissionsOptions
  extends Omit<PermissionsOptions, 'project' | 'mode' | 'scratch'> {
  /** Folders that commands of a session may use as their own: `ShellHost.scratch`. */
  readonly scratch?: (sessionId: string, settings: SandboxSettings) => Promise<readonly string[]>;
}

/** The rules of each session's project, with what was answered in that session. */
export class SessionPermissions {
  readonly #options: SessionPermissionsOptions;
  /** By session and project: what was answered for a session holds in it alone. */
  readonly #open = new Map<string, Promise<Permissions>>();

  constructor(options: SessionPermissionsOptions) {
    this.#options = options;
  }

  /** In the mode that files of rules say. Throws what `Permissions.open` throws. */
  of({ project, sessionId }: Pick<SessionPlace, 'project' | 'sessionId'>): Promise<Permissions> {
    const key = `${sessionId}\0${project.root}`;
    const { scratch, ...options } = this.#options;
    const own = scratch && ((settings: SandboxSettings) => scratch(sessionId, settings));
    const opened =
      this.#open.get(key) ??
      Permissions.open({ ...options, project, ...(own && { scratch: own }) });
    this.#open.delete(key);
    this.#open.set(key, opened);
    // A file of rules that has faults is read again when somebody asks again.
    opened.catch(() => this.#open.delete(key));
    const [oldest] = this.#open.keys();
    if (this.#open.size > maxSessions && oldest !== undefined) this.#open.delete(oldest);
    return opened;
  }
}
