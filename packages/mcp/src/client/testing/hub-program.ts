import { programServer, testHub } from './hub-fixture.ts';

/** A hub with a stubborn server, killed without a word as soon as it is connected: for tests. */
const hub = testHub([
  programServer('stubborn', 'stubborn-program.ts', [], { protocol: 'sessions' }),
]);
await hub.loadTools();
process.stdout.write(`${hub.log('stubborn')}\n`);
process.kill(process.pid, 'SIGKILL');
