import { readFileSync } from 'node:fs';
import { RpcError } from '../rpc-error.ts';

/** A file of the package's folder `runtime`, which generated code stands on. */
export function runtimeFile(path: string): string {
  // The sources and what is published lie equally deep.
  const url = new URL(`../../runtime/${path}`, import.meta.url);
  try {
    return readFileSync(url, 'utf8');
  } catch (cause) {
    throw new RpcError(
      'failed_precondition',
      `runtime/${path} of @zeke/rpc is missing; install the package whole, not bundled into one file`,
      { cause },
    );
  }
}
