import type { Project } from '../project/project.ts';
import { resolvePath } from '../project/resolve-path.ts';
import type { Folders } from './shell/shell-part.ts';
import { globbedText, unknownText } from './shell/shell-word.ts';

/**
 * Where a word of a command leads, from each folder the command may stand in: absolute paths, resolved
 * as far as they exist, with `globbedText` for what a glob puts there. Empty for what is no file, as
 * `/dev/null` and `-`; undefined where it is only known when the command runs.
 */
export type PlacePath = (word: string, cwds: Folders) => Promise<readonly string[] | undefined>;

/** The `PlacePath` of a project. */
export function placePaths(project: Project): PlacePath {
  return async (word, cwds) => {
    if (word === '-' || harmlessDevice.test(word)) return [];
    if (word.includes(unknownText)) return undefined;
    const folders = word.startsWith('/') ? ['/'] : cwds;
    if (folders === undefined) return undefined;
    const parts = word.split('/');
    const at = parts.findIndex((part) => part.includes(globbedText));
    const fixed =
      at === -1 ? word : parts.slice(0, at).join('/') || (word.startsWith('/') ? '/' : '.');
    const globbed = at === -1 ? [] : parts.slice(at).filter((part) => part !== '' && part !== '.');
    if (globbed.includes('..')) return undefined;
    const found: string[] = [];
    for (const cwd of folders) {
      const resolved = await resolvePath({ project, cwd }, fixed).catch(() => undefined);
      if (resolved === undefined) return undefined;
      found.push([resolved.path === '/' ? '' : resolved.path, ...globbed].join('/') || '/');
    }
    return found;
  };
}

const harmlessDevice = /^\/dev\/(?:null|zero|full|u?random|tty|std(?:in|out|err)|fd\/\d+)$/;
