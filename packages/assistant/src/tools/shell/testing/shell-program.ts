import { GroupGuard } from '@zeke/foundation';
import { findSandbox } from '../../../sandbox/find-sandbox.ts';
import { ShellHost } from '../shell-host.ts';

/** A process that starts a command as a job, as the daemon does, and waits: for a test that kills it. */
const [, , folder = '', kind = '', command = ''] = process.argv;
const host = new ShellHost({
  sandbox:
    kind === 'sandbox' ? await findSandbox(Bun.env.PATH) : { kind: 'none', reason: 'a test' },
  settings: async () => ({}),
  environment: { PATH: Bun.env.PATH },
  home: folder,
  zekeHome: `${folder}/.zeke`,
  folder: (id) => `${folder}/.zeke/${id}`,
  guard: new GroupGuard(),
});
const place = { project: { root: folder, name: 'project' }, cwd: folder, sessionId: 'session' };
const job = await host.startJob(place, {
  command,
  cwd: folder,
  reach: undefined,
  hasTerminal: kind === 'terminal',
  hasInput: true,
  timeoutMs: undefined,
});
await new Promise<void>((resolve) => job.waiting.add(resolve));
process.stdout.write('ready');
await job.running.ended;
