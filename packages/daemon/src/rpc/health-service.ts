import type { HealthHandlers } from '@zeke/protocol/reaper';
import { version } from '../version.ts';

/** What the daemon does at this moment. */
export interface DaemonActivity {
  readonly isDraining: boolean;
  /** Roots of the projects that are open. */
  readonly projects: readonly string[];
  /** Runs of agents and chats under way. */
  readonly runs: number;
}

/** `reaper.Health`. */
export function healthService(activity: () => DaemonActivity): HealthHandlers {
  const startedAt = performance.now();
  return {
    check() {
      const { isDraining, projects, runs } = activity();
      return {
        status: isDraining ? 'draining' : 'ok',
        version,
        uptimeMs: Math.round(performance.now() - startedAt),
        pid: process.pid,
        projects: [...projects],
        runs,
      };
    },
  };
}
