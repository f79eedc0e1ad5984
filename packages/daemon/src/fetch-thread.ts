import { readdir, readFile } from 'node:fs/promises';
import { setPriority } from 'node:os';

/** The name that Bun gives the thread on which the requests of `fetch` go out and come back. */
const fetchThread = 'HTTP Client';
/** Niceness: a third of the weight of the thread that answers. */
const niceness = 5;

/**
 * Lets the thread of `fetch` run when the main thread waits, and not in the middle of its work. On
 * a single core the scheduler otherwise lets it interrupt the main thread for almost every packet,
 * which costs more than the packets do. A core that is free it uses as before. Linux only; elsewhere
 * and where it is not allowed nothing happens. The thread exists from the first request on.
 */
export async function calmFetchThread(): Promise<void> {
  if (process.platform !== 'linux') return;
  try {
    for (const thread of await readdir('/proc/self/task')) {
      const name = await readFile(`/proc/self/task/${thread}/comm`, 'utf8');
      if (name.trim() === fetchThread) setPriority(Number(thread), niceness);
    }
  } catch {
    // Without it requests cost more; they are answered all the same.
  }
}
