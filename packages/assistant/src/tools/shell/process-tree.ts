import { readdir, readFile } from 'node:fs/promises';

/** The variable that marks processes of a command, wherever they moved to. */
export const markVariable = 'ZEKE_COMMAND';

/** Times that what started anew between a look and a signal is looked for again. */
const maxRounds = 20;

export interface ProcessTree {
  /** The process that was started, leader of its process group. */
  readonly pid: number;
  /** The value of `markVariable` in its environment. */
  readonly mark: string;
}

/** Asks all processes of a command to end. */
export async function terminateTree(tree: ProcessTree): Promise<void> {
  signal(-tree.pid, 'SIGTERM');
  for (const pid of await membersOf(tree)) signal(pid, 'SIGTERM');
}

/**
 * Kills all processes of a command: its group, its descendants, and those that carry its mark though
 * they made a session of their own. Looks again until none is left, for those that fork meanwhile.
 */
export async function killTree(tree: ProcessTree): Promise<void> {
  const before = await membersOf(tree);
  signal(-tree.pid, 'SIGKILL');
  for (const pid of before) signal(pid, 'SIGKILL');
  for (let round = 0; round < maxRounds; round += 1) {
    const left = await membersOf(tree);
    if (left.length === 0) return;
    for (const pid of left) signal(pid, 'SIGKILL');
  }
}

function signal(pid: number, name: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, name);
  } catch {
    // It is gone, or not ours any more.
  }
}

/** Processes of the tree that are alive, but for zombies. Empty where there is no `/proc`. */
async function membersOf({ pid, mark }: ProcessTree): Promise<number[]> {
  const names = await readdir('/proc').catch(() => []);
  const all = await Promise.all(names.filter((name) => /^\d+$/.test(name)).map(readProcess));
  const known = all.filter((each) => each !== undefined);
  const found = new Set<number>();
  const line = `${markVariable}=${mark}`;
  for (const each of known) {
    if (each.pid === pid || each.group === pid || each.environment.includes(line))
      found.add(each.pid);
  }
  for (let size = -1; size !== found.size; ) {
    size = found.size;
    for (const each of known) if (found.has(each.parent)) found.add(each.pid);
  }
  return [...found].filter((each) =>
    known.some(({ pid: own, isZombie }) => own === each && !isZombie),
  );
}

async function readProcess(name: string) {
  const stat = await readFile(`/proc/${name}/stat`, 'latin1').catch(() => undefined);
  if (stat === undefined) return undefined;
  // The name of the program, in parentheses, may hold anything.
  const [state = '', parent, group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const environment = await readFile(`/proc/${name}/environ`, 'latin1').catch(() => '');
  return {
    pid: Number(name),
    parent: Number(parent),
    group: Number(group),
    isZombie: state === 'Z' || state === 'X',
    environment: environment.split('\0'),
  };
}
