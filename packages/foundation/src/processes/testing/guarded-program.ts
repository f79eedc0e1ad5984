import { spawn } from 'node:child_process';
import { GroupGuard } from '../group-guard.ts';

/** A program that starts a stubborn group, has it guarded, and ends as it is told: for tests. */
const [, , how] = process.argv;
const guard = new GroupGuard();
const stubborn = spawn('/bin/sh', ['-c', 'trap "" TERM; sleep 600 & sleep 600'], {
  detached: true,
  stdio: 'ignore',
});
stubborn.unref();
guard.add(stubborn.pid ?? 0);
process.stdout.write(`${stubborn.pid}\n`);
if (how === 'drop') guard.drop(stubborn.pid ?? 0);
if (how === 'kill') process.kill(process.pid, 'SIGKILL');
