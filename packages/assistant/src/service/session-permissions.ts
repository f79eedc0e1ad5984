import type { JudgedCall, PermissionJudge, Verdict } from '../agent/permission-judge.ts';
import {
  type Judgement,
  Permissions,
  type PermissionsOptions,
} from '../permissions/permissions.ts';

/** Sessions whose answers "for this session" are remembered; the one used longest ago is forgotten. */
const maxSessions = 500;

/** Decides about calls of all sessions, by the rules of their projects. */
export class SessionPermissions implements PermissionJudge {
  readonly #options: Omit<PermissionsOptions, 'project' | 'mode'>;
  /** By session and project: what was answered for a session holds in it alone. */
  readonly #open = new Map<string, Promise<Permissions>>();

  constructor(options: Omit<PermissionsOptions, 'project' | 'mode'>) {
    this.#options = options;
  }

  async judge(call: JudgedCall): Promise<Verdict> {
    const { reason, remembers, verdict } = await this.#judge(call);
    return {
      decision: verdict,
      reason,
      ...(remembers.length === 0 ? {} : { remembers: remembers.join(', ') }),
    };
  }

  async remember(call: JudgedCall, decision: 'allow_session' | 'allow_project'): Promise<void> {
    const { remembers } = await this.#judge(call);
    await (await this.of(call)).remember(decision, remembers);
  }

  /** The rules and answers that hold in a session. */
  of({ project, sessionId }: Pick<JudgedCall, 'project' | 'sessionId'>): Promise<Permissions> {
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

  async #judge(call: JudgedCall): Promise<Judgement> {
    const permissions = await this.of(call);
    return await permissions.inMode(call.mode).judge(call.tool, call.actions);
  }
}
