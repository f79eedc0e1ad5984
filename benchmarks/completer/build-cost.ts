import { rm } from 'node:fs/promises';
import { LocalCompleter, LocalCompleters } from '@zeke/assistant/completion/local';
import { figure, markdownTable } from '../gateway/report/markdown.ts';
import { median } from '../gateway/statistics.ts';
import { environment } from './contender.ts';
import { copyOf } from './held-out.ts';
import { listSources } from './list-sources.ts';

const builds = 5;
const fileCounts = [125, 250, 500, 1000, 2000];
const openProjects = 20;
const mebibyte = 1 << 20;

/** Time and memory of learning more and more files of a project. */
export async function buildTable(project: string): Promise<string> {
  const all = await listSources(project);
  const rows: string[][] = [];
  for (const count of fileCounts.filter((files) => files / 2 < all.length)) {
    const root = await copyOf(all.slice(0, count));
    rows.push(await buildRow(root));
    await rm(root, { recursive: true, force: true });
  }
  const header = [
    'files',
    'tokens',
    'ms',
    'processor ms',
    'the same/million tokens',
    'MiB',
    'MiB/million',
    'held ms',
  ];
  return `${markdownTable(header, rows)}\n\nGoals for a million tokens: 1,500 ms and 60 MB.`;
}

/** The held time is the longest that the event loop waited for. */
async function buildRow(root: string): Promise<string[]> {
  const times: number[] = [];
  const processorTimes: number[] = [];
  const held: number[] = [];
  let status = { files: 0, tokens: 0 };
  let bytes = 0;
  for (let build = 0; build < builds; build++) {
    const watch = watchLoop();
    const start = performance.now();
    const startUsage = process.cpuUsage();
    await using completer = LocalCompleter.open({ root, environment });
    await completer.ready();
    times.push(performance.now() - start);
    const { system, user } = process.cpuUsage(startUsage);
    processorTimes.push((system + user) / 1000);
    held.push(watch.stop());
    status = completer.status;
    bytes = completer.bytes;
  }
  const processorMs = median(processorTimes) ?? Number.NaN;
  const millions = status.tokens / 1e6;
  return [
    status.files.toLocaleString('en-US'),
    status.tokens.toLocaleString('en-US'),
    figure(median(times)),
    figure(processorMs),
    figure(processorMs / millions),
    figure(bytes / mebibyte),
    figure(bytes / mebibyte / millions),
    figure(median(held)),
  ];
}

/** How long the loop is held at most, until `stop`. */
function watchLoop(): { stop: () => number } {
  let longest = 0;
  let last = performance.now();
  let isOn = true;
  const tick = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (isOn) setImmediate(tick);
  };
  setImmediate(tick);
  return {
    stop: () => {
      isOn = false;
      return longest;
    },
  };
}

/** From nothing to the first answer, and to the whole project. */
export async function coldStart(project: string, path: string, text: string): Promise<string> {
  const start = performance.now();
  await using completer = LocalCompleter.open({ root: project, environment });
  completer.complete({ path, prefix: text, suffix: '' });
  const firstMs = performance.now() - start;
  await completer.ready();
  const wholeMs = performance.now() - start;
  return `Cold start: first answer after ${figure(firstMs)} ms, from the open file; all learned after ${figure(wholeMs)} ms.`;
}

/** Resident memory of many projects at once, as the daemon holds them: parts of one, each in its own folder. */
export async function manyProjects(project: string): Promise<string> {
  const all = await listSources(project);
  const size = Math.ceil(all.length / 4);
  const roots: string[] = [];
  for (let i = 0; i < openProjects; i++) roots.push(await copyOf(all.slice(i * 20, i * 20 + size)));
  Bun.gc(true);
  const before = process.memoryUsage.rss();
  await using completers = new LocalCompleters({ environment });
  for (const root of roots) await completers.of(root).ready();
  Bun.gc(true);
  const grown = (process.memoryUsage.rss() - before) / mebibyte;
  const held = figure(completers.bytes / mebibyte);
  const open = completers.roots.length;
  for (const root of roots) await rm(root, { recursive: true, force: true });
  return `${openProjects} projects of some ${size} files: ${open} stay open, ${held} MiB by own count, ${figure(grown)} MiB more resident.`;
}
