import { RpcError } from '@zeke/rpc';
import type { SandboxSettings } from '../permissions/rules-file.ts';

/** What confines commands on this system. */
export type FoundSandbox =
  | { readonly kind: 'bubblewrap'; readonly path: string; readonly version: string }
  | { readonly kind: 'none'; readonly reason: string };

/** It only starts `true`. */
const trialMs = 5_000;

/**
 * Looks for bubblewrap in `path` (the variable PATH) and tries it once: many systems have it and do not
 * let it work, in containers above all.
 */
export async function findSandbox(path: string | undefined): Promise<FoundSandbox> {
  const program = Bun.which('bwrap', { PATH: path ?? '' });
  if (program === null) {
    return {
      kind: 'none',
      reason: 'bubblewrap is not installed: install the package bubblewrap (Linux only)',
    };
  }
  const version = await run([program, '--version']);
  const trial = await run([
    program,
    '--unshare-all',
    '--unshare-user',
    '--die-with-parent',
    ...['--ro-bind', '/', '/', '--dev', '/dev', '--proc', '/proc', '--tmpfs', '/tmp', '--', 'true'],
  ]);
  if (trial.isDone) {
    return { kind: 'bubblewrap', path: program, version: version.text.replace(/^\D*/, '') };
  }
  const why = trial.text === '' ? `it did not end within ${trialMs / 1_000} seconds` : trial.text;
  return {
    kind: 'none',
    reason: `bubblewrap is installed but does not work here (${why}): user namespaces have to be permitted`,
  };
}

async function run(argv: string[]): Promise<{ isDone: boolean; text: string }> {
  const child = Bun.spawn(argv, {
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
    timeout: trialMs,
    killSignal: 'SIGKILL',
  });
  const [out, errors, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  const [line = ''] = `${out}${errors}`.trim().split('\n');
  return { isDone: code === 0, text: line.slice(0, 200) };
}

/**
 * The state of the sandbox in words, for people and models. Throws `failed_precondition` where the
 * settings require one and there is none.
 */
export function describeSandbox(found: FoundSandbox, settings: SandboxSettings): string {
  const { use = 'auto', network = false, writable = [] } = settings;
  if (use === 'off')
    return 'commands run without a sandbox: sandbox.use is off in permissions.toml';
  if (found.kind === 'none') {
    if (use === 'auto') return `commands run without a sandbox: ${found.reason}`;
    throw new RpcError(
      'failed_precondition',
      `sandbox.use is required in permissions.toml, but there is no sandbox: ${found.reason}`,
    );
  }
  const more = writable.length === 0 ? '' : `, ${writable.join(', ')}`;
  const net = network ? 'with the network' : 'without a network';
  return `commands run in a sandbox (bubblewrap ${found.version}): they write only to the project and their own /tmp${more}, ${net}`;
}
