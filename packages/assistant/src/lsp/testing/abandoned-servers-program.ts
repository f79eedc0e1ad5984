import { createLogger } from '@zeke/foundation';
import { LanguageServers } from '../language-servers.ts';
import { hoverAt } from '../queries.ts';
import { scriptedSpecs } from './scripted-servers.ts';

/** A daemon with a stubborn server, which dies as by `kill -9` when that runs: for tests. */
const root = process.argv[2] ?? '';
const servers = new LanguageServers({
  specs: scriptedSpecs('stubborn'),
  environment: process.env,
  log: createLogger({ level: 'silent' }),
});
const query = { project: { root, name: 'test' }, path: `${root}/a.scripted`, line: 1, column: 1 };
const { text } = await hoverAt(servers, query, AbortSignal.timeout(10_000));
process.stdout.write(`${text}\n`, () => process.kill(process.pid, 'SIGKILL'));
