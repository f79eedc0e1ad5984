import { basename } from 'node:path';
import { pathToFileURL } from 'node:url';

/** A project as servers are told of it. */
export function projectRoot(path: string): { uri: string; name: string } {
  return { uri: pathToFileURL(path).href, name: basename(path) };
}
