import { lstat, readlink, realpath } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { RpcError } from '@zeke/rpc';
import type { Project } from './project.ts';

/** From where a path is looked at: a `ToolPlace` is one. */
export interface PathPlace {
  readonly project: Project;
  /** Absolute: relative paths start here. */
  readonly cwd: string;
}

export interface ResolvePathOptions {
  /** False where the entry itself is meant and not what it links to: to delete or move it. */
  readonly followsLast?: boolean;
}

export interface ResolvedPath {
  /** Absolute. No part that exists is a link, but for the last one where that is not followed. */
  readonly path: string;
  /** For people and models: relative to the project's root (`.` for the root), outside it absolute. */
  readonly shown: string;
  /** It is the project's root or below it. */
  readonly isInside: boolean;
  /** Something of any kind is there; with an unfollowed last part, a link that leads nowhere too. */
  readonly exists: boolean;
}

/** As Linux has it (`path_resolution(7)`). */
const maxLinks = 40;
/** As `NAME_MAX` of nearly all file systems. */
const maxNameBytes = 255;
/** As `PATH_MAX` of Linux. */
const maxPathBytes = 4096;

/**
 * Where a path leads, as the system itself would go there: part by part, each link followed, and
 * `..` from where a link led to. Parts that do not exist yet stand at the end as they were named, and
 * `..` after one of them takes it away. `~` means nothing here and is refused.
 *
 * Throws `invalid_argument` for text that is no path, `failed_precondition` for a file used as a
 * folder and for links in a circle, and `permission_denied` for a folder that must not be read, and for
 * links of a process (`/proc/self/cwd`).
 */
export async function resolvePath(
  place: PathPlace,
  path: string,
  options: ResolvePathOptions = {},
): Promise<ResolvedPath> {
  check(path);
  const start = path.startsWith('/') ? path : `${place.cwd}/${path}`;
  const { existing, missing } = await walk(start, path, options.followsLast ?? true);
  const resolved = [existing === '/' ? '' : existing, ...missing].join('/') || '/';
  const isInside = isWithin(place.project.root, resolved);
  return {
    path: resolved,
    shown: isInside ? relative(place.project.root, resolved) || '.' : resolved,
    isInside,
    exists: missing.length === 0,
  };
}

/** True when `path` is `folder` or below it; both absolute and resolved. */
export function isWithin(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder === '/' ? '/' : `${folder}/`);
}

function check(path: string): void {
  if (path === '') throw invalid('a path is empty: name a file or folder, or "." for this folder');
  if (path.includes('\0')) throw invalid('a path has a NUL byte in it: no file can have that name');
  if (path === '~' || path.startsWith('~/')) {
    throw invalid(`${path}: "~" is not expanded here: give the absolute path`);
  }
  if (Buffer.byteLength(path) > maxPathBytes) {
    throw invalid(`a path is over ${maxPathBytes} bytes long: ${start(path)}`);
  }
  const long = path.split('/').find((part) => Buffer.byteLength(part) > maxNameBytes);
  if (long !== undefined) {
    throw invalid(`a name in a path is over ${maxNameBytes} bytes long: ${start(long)}`);
  }
}

function start(text: string): string {
  return `${text.slice(0, 60)}…`;
}

interface Walked {
  /** Absolute, and there. */
  readonly existing: string;
  /** Names below it that are not. */
  readonly missing: readonly string[];
}

async function walk(from: string, asked: string, followsLast: boolean): Promise<Walked> {
  const ahead = partsOf(from).toReversed();
  const missing: string[] = [];
  let existing = '/';
  let links = 0;
  let endsInLink = false;
  for (let part = ahead.pop(); part !== undefined; part = ahead.pop()) {
    if (part === '..') {
      if (missing.pop() === undefined) existing = parentOf(existing);
      continue;
    }
    if (missing.length > 0) {
      missing.push(part);
      continue;
    }
    const next = existing === '/' ? `/${part}` : `${existing}/${part}`;
    const entry = await look(next, asked);
    if (entry === undefined) missing.push(part);
    else if (entry.isSymbolicLink() && (followsLast || ahead.length > 0)) {
      if (++links > maxLinks) throw circular(asked);
      if (/^\/proc\/\d/.test(existing)) throw ofProcess(asked);
      const target = await readlink(next);
      if (target.startsWith('/')) existing = '/';
      ahead.push(...partsOf(target).toReversed());
    } else {
      if (ahead.length > 0 && !entry.isDirectory()) throw noFolder(asked, next);
      existing = next;
      endsInLink = entry.isSymbolicLink();
    }
  }
  return { existing: await spelled(existing, endsInLink), missing };
}

function partsOf(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/';
}

async function look(path: string, asked: string) {
  try {
    return await lstat(path);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    if (code === 'ENOTDIR') throw noFolder(asked, parentOf(path));
    throw new RpcError('permission_denied', `${asked}: ${path} cannot be looked at (${code})`, {
      cause,
    });
  }
}

/**
 * The path with the letters that the folder has for it: where `SRC` and `src` are one folder, rules
 * must see one path.
 */
async function spelled(path: string, isLink: boolean): Promise<string> {
  if (!isLink) return await realpath(path);
  const parent = await realpath(parentOf(path));
  return join(parent, path.slice(path.lastIndexOf('/') + 1));
}

function circular(asked: string): RpcError {
  return new RpcError(
    'failed_precondition',
    `${asked}: over ${maxLinks} links follow each other here: they lead in a circle`,
  );
}

function ofProcess(asked: string): RpcError {
  return new RpcError(
    'permission_denied',
    `${asked}: links in /proc lead elsewhere for each process: name the file itself`,
  );
}

function noFolder(asked: string, file: string): RpcError {
  return new RpcError('failed_precondition', `${asked}: ${file} is a file and not a folder`);
}

function invalid(message: string): RpcError {
  return new RpcError('invalid_argument', message);
}
