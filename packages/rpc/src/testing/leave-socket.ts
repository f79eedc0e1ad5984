import { link, rename } from 'node:fs/promises';
import { createServer } from 'node:net';

/** A Unix socket whose server has gone without removing it, as after a crash. */
export async function leaveSocket(path: string): Promise<void> {
  const server = createServer();
  const bound = `${path}.bound`;
  await new Promise<void>((resolve) => server.listen(bound, resolve));
  await link(bound, `${path}.kept`);
  await new Promise((resolve) => server.close(resolve));
  await rename(`${path}.kept`, path);
}
