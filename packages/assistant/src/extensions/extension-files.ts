import { constants } from 'node:fs';
import { open, readdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { readBounded } from '@zeke/foundation';
import { isWithin } from '../project/resolve-path.ts';

/** Files of one kind in one folder. */
const maxFiles = 100;
/** Of one file. */
const maxFileBytes = 65_536;

/** Where files of extensions stand. */
export interface ExtensionRoot {
  readonly origin: ExtensionOrigin;
  /** Absolute: `$ZEKE_HOME`, or `.zeke` of a project. */
  readonly folder: string;
  /** The folder's name in messages. */
  readonly shown: string;
  /** Files that links lead out of this folder are refused: absolute, links resolved. */
  readonly within?: string;
}

/** Who has written it: the user for all projects, or whoever writes in the project. */
export type ExtensionOrigin = 'user' | 'project';

export interface ExtensionFile {
  readonly name: string;
  readonly origin: ExtensionOrigin;
  /** Absolute. */
  readonly path: string;
  /** For people. */
  readonly shown: string;
  readonly text: string;
}

export interface ExtensionFiles {
  readonly files: readonly ExtensionFile[];
  /** What could not be read, and why, a line each. */
  readonly faults: readonly string[];
}

/**
 * The files of one kind under a root, by name: `agents/NAME.md`, or `skills/NAME/SKILL.md` where `entry`
 * says the file's name. A folder that is not there has none; nothing of this throws.
 */
export async function readExtensionFiles(
  root: ExtensionRoot,
  kind: string,
  entry?: string,
): Promise<ExtensionFiles> {
  const folder = join(root.folder, kind);
  const entries = await readdir(folder).catch((error: NodeJS.ErrnoException) => error);
  if (entries instanceof Error) {
    const isAbsent = entries.code === 'ENOENT' || entries.code === 'ENOTDIR';
    const fault = `${root.shown}/${kind} cannot be read: ${entries.code}`;
    return { files: [], faults: isAbsent ? [] : [fault] };
  }
  const names = entries
    .filter((each) => !each.startsWith('.') && (entry !== undefined || each.endsWith('.md')))
    .toSorted();
  const faults: string[] = [];
  const files: ExtensionFile[] = [];
  for (const each of names.slice(0, maxFiles)) {
    const relative = entry === undefined ? `${kind}/${each}` : `${kind}/${each}/${entry}`;
    const name = entry === undefined ? each.slice(0, -'.md'.length) : each;
    const shown = `${root.shown}/${relative}`;
    const path = join(root.folder, relative);
    const read = await readConfined(path, root.within);
    if ('text' in read) files.push({ name, origin: root.origin, path, shown, text: read.text });
    else if (entry === undefined || read.why !== 'ENOTDIR') faults.push(`${shown}: ${read.why}`);
  }
  if (names.length > maxFiles) {
    faults.push(`${root.shown}/${kind}: only the first ${maxFiles} are used, by name`);
  }
  return { files, faults };
}

/** A file of at most 64 KiB of UTF-8; not one that a link leads out of `within` to. */
export async function readConfined(
  path: string,
  within: string | undefined,
): Promise<{ readonly text: string } | { readonly why: string }> {
  try {
    const real = await realpath(path);
    if (within !== undefined && !isWithin(within, real)) {
      return { why: 'it is a link that leads out of the project' };
    }
    // A pipe would be waited for, and a link may have been put there since.
    const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW;
    await using file = await open(real, flags);
    const stats = await file.stat();
    if (!stats.isFile()) return { why: 'it is no file' };
    const bytes = await readBounded(file, maxFileBytes);
    if (bytes === undefined) return { why: `it is over ${maxFileBytes} bytes` };
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch (error) {
    if (error instanceof TypeError) return { why: 'it is not UTF-8' };
    return { why: (error as NodeJS.ErrnoException).code ?? String(error) };
  }
}
