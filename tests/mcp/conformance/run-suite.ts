import { join } from 'node:path';
import { temporaryDirectory } from '@zeke/foundation/testing';

/** The revisions of the protocol that conformance is asked of: stateless, and with sessions. */
export const revisions = ['2026-07-28', '2025-11-25'] as const;

export type Revision = (typeof revisions)[number];

export interface SuiteResult {
  /** All that the revision requires has passed. */
  readonly isConformant: boolean;
  /** Scenarios that failed, also those that are not required. */
  readonly failed: readonly string[];
  readonly passed: readonly string[];
  /** All that the suite wrote. */
  readonly output: string;
}

/**
 * Runs what a revision requires of a server or a client through the official suite
 * (`@modelcontextprotocol/conformance`). `args` say what is tested: `--url URL`, or `--command PROGRAM`.
 */
export async function runSuite(
  side: 'server' | 'client',
  revision: Revision,
  args: readonly string[],
): Promise<SuiteResult> {
  await using results = await temporaryDirectory();
  const program = join(import.meta.dir, '..', '..', 'node_modules', '.bin', 'conformance');
  // It runs its scenarios for clients all at once, a process each.
  const patience = side === 'client' ? ['--timeout', '120000'] : [];
  const suite = Bun.spawn(
    [process.execPath, '--bun', program, side, ...args, ...patience, '--requirements', revision],
    { cwd: results.path, stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' },
  );
  const [stdout, stderr, exitCode] = await Promise.all([
    suite.stdout.text(),
    suite.stderr.text(),
    suite.exited,
  ]);
  const scenarios = (mark: string) =>
    [...stdout.matchAll(new RegExp(`^${mark} (\\S+): \\d+ passed`, 'gm'))].map(
      ([, name]) => `${name}`,
    );
  return {
    isConformant: exitCode === 0,
    passed: scenarios('✓'),
    failed: scenarios('✗'),
    output: `${stdout}\n${stderr}`,
  };
}
