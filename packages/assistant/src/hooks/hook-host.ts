import type { GroupGuard } from '@zeke/foundation';
import type { Project } from '../project/project.ts';
import type { Environment } from '../sandbox/command-environment.ts';
import type { Hook, HookEnd, LoadedHooks } from './hook.ts';
import { loadHooks, trustHooks } from './load-hooks.ts';
import { runHook } from './run-hook.ts';

export interface HookHostOptions {
  readonly zekeHome: string;
  /** Of this process. */
  readonly environment: Environment;
  readonly guard: GroupGuard;
}

/** Sessions whose answers about hooks are remembered; the one that answered first is forgotten. */
const maxSessions = 500;

/** Reads hooks, runs them, and keeps what people said about them. */
export class HookHost {
  readonly #options: HookHostOptions;
  /** By session and hash. */
  readonly #answers = new Map<string, boolean>();

  constructor(options: HookHostOptions) {
    this.#options = options;
  }

  /** Throws what `loadHooks` throws. */
  async load(project: Project): Promise<LoadedHooks> {
    return await loadHooks({ project, zekeHome: this.#options.zekeHome });
  }

  /** Lets the project's hooks run from now on, in any session, as long as they are the same. */
  async trust(project: Project, hash: string): Promise<void> {
    await trustHooks({ project, zekeHome: this.#options.zekeHome }, hash);
  }

  /** What was answered in this session about these hooks; undefined where nobody was asked. */
  answered(sessionId: string, hash: string): boolean | undefined {
    return this.#answers.get(`${sessionId} ${hash}`);
  }

  remember(sessionId: string, hash: string, isAllowed: boolean): void {
    this.#answers.set(`${sessionId} ${hash}`, isAllowed);
    const [oldest] = this.#answers.keys();
    if (this.#answers.size > maxSessions && oldest !== undefined) this.#answers.delete(oldest);
  }

  async run(
    hook: Hook,
    input: Readonly<Record<string, unknown>>,
    root: string,
    signal: AbortSignal,
  ): Promise<HookEnd> {
    return await runHook(hook, input, root, this.#options, signal);
  }
}
