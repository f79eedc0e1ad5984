import { processorMs } from './load/processor-time.ts';
import { measures } from './measures.ts';
import { figure, markdownTable } from './report/markdown.ts';
import { requestText } from './requests.ts';
import type { Rig } from './rig.ts';
import type { Session } from './session.ts';

const wanted = 10_000;
const mostMb = 500;
/** What a server has open beside its streams: files, a database, what it listens on. */
const otherDescriptors = 300;
const restMs = 5_000;
const watchedMs = 10_000;

/**
 * Opens streams that say nothing after their first record, and gives a table of what they cost while
 * they wait. A stream is a connection of the client and one to the provider, so as many are opened
 * as the process may have descriptors for. Throws when one is lost, or never ended at the provider.
 */
export async function idleStreams(
  session: Session,
  progress: (text: string) => void,
  rig: Rig,
): Promise<string> {
  const streams = Math.min(wanted, Math.floor((descriptorLimit() - otherDescriptors) / 2));
  const shape = { ...measures['paced-50'].shape, behaviour: 'held' } as const;
  const target = session.contender.target(shape);
  const before = session.noteMemory();
  progress(`opening ${streams} streams`);
  const held = await rig.hold({ port: target.port, request: requestText(shape, target), streams });
  session.requests += streams;
  await Bun.sleep(restMs);
  const open = session.noteMemory();
  const usedMs = processorMs(session.pids);
  progress(`watching ${held} streams`);
  await Bun.sleep(watchedMs);
  const idleShare = (processorMs(session.pids) - usedMs) / watchedMs;
  const end = await rig.letGo();
  if (end.held !== streams)
    throw new Error(`${streams - end.held} of ${streams} streams were lost`);
  if (end.ended !== streams)
    throw new Error(`the provider saw ${end.ended} of ${streams} streams end`);
  await Bun.sleep(restMs);
  const after = session.noteMemory();
  return [
    markdownTable(
      ['Open streams that wait', figure(streams)],
      [
        ['Resident memory before, MB', figure(before)],
        ['Resident memory with them, MB', figure(open)],
        ['For each stream, KB', figure(((open - before) * 1_000) / streams)],
        ['Resident memory after they were left, MB', figure(after)],
        ['Processor while they wait, % of a core', figure(idleShare * 100)],
      ],
    ),
    `${figure(open)} MB with ${figure(streams)} streams (wanted: ${mostMb} with ${figure(wanted)}): ` +
      `${open <= mostMb ? 'met' : 'not met'}.`,
    streams < wanted
      ? `No more than ${figure(descriptorLimit())} descriptors are allowed here.`
      : '',
  ]
    .filter(Boolean)
    .join('\n\n');
}

/** Of a process that this one starts. */
function descriptorLimit(): number {
  return Number(Bun.spawnSync(['sh', '-c', 'ulimit -n']).stdout.toString());
}
