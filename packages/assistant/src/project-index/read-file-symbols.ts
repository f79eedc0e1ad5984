import { closeSync, constants, fstatSync, openSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isWithin } from '../project/resolve-path.ts';
import type { FileParser } from './file-parser.ts';
import type { FileSymbols, SkipReason } from './file-symbols.ts';
import { grammarOf } from './grammars.ts';

/** By which a file is known to be the same. */
export interface FileStamp {
  readonly size: number;
  readonly mtimeMs: number;
}

/** What the index learns of one file. */
export type FileOutcome =
  | { readonly kind: 'parsed'; readonly stamp: FileStamp; readonly symbols: FileSymbols }
  | { readonly kind: 'skipped'; readonly stamp: FileStamp; readonly reason: SkipReason }
  /** As in the stamp that was handed in. */
  | { readonly kind: 'same' };

/** Larger files are data, whatever their name. */
export const maxSourceBytes = 512 * 1024;
/** A file whose lines are longer on average was made by a program. */
const maxMeanLineLength = 300;
/** Where marks of generated files are looked for, in UTF-16 units. */
const headLength = 1_000;
const generatedMarks = /@generated|DO NOT EDIT|auto-?generated/i;
/** Built or vendored, wherever it lies. */
const generatedPaths =
  /(^|\/)(node_modules|vendor|third_party|dist|\.next|\.venv|__snapshots__)\/|\.min\.|\.(pb\.go|pb\.cc|pb\.h)$|_pb2?(_grpc)?\.(ts|js|py)$/;
const noStamp: FileStamp = { size: 0, mtimeMs: 0 };

/**
 * Reads and parses one file of a project; `path` is relative to its root, which has no links in it. Links
 * are not followed, nor devices opened. Made for a worker: it reads synchronously.
 */
export async function readFileSymbols(
  root: string,
  path: string,
  known: FileStamp | undefined,
  parser: FileParser,
): Promise<FileOutcome> {
  const read = readSource(root, path, known);
  if ('kind' in read) return read;
  const { stamp, text, grammar } = read;
  const symbols = await parser.parse(grammar, text);
  if (symbols === undefined) return { kind: 'skipped', stamp, reason: 'too-slow' };
  return { kind: 'parsed', stamp, symbols };
}

function readSource(root: string, path: string, known: FileStamp | undefined) {
  let file: number | undefined;
  try {
    const whole = join(root, path);
    if (!isWithin(root, realpathSync(dirname(whole)))) return skipped('link');
    file = openSync(whole, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const stat = fstatSync(file);
    const stamp: FileStamp = { size: stat.size, mtimeMs: stat.mtimeMs };
    if (!stat.isFile()) return skipped('unreadable', stamp);
    if (known?.size === stamp.size && known.mtimeMs === stamp.mtimeMs) return same;
    const grammar = grammarOf(path);
    if (grammar === undefined) return skipped('no-grammar', stamp);
    if (generatedPaths.test(path)) return skipped('generated', stamp);
    if (stamp.size > maxSourceBytes) return skipped('too-large', stamp);
    const text = readFileSync(file, 'utf8');
    const reason = faultOf(text);
    return reason === undefined ? { stamp, text, grammar } : skipped(reason, stamp);
  } catch (error) {
    return skipped(reasonOf(error));
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

const same: FileOutcome = { kind: 'same' };

function skipped(reason: SkipReason, stamp: FileStamp = noStamp): FileOutcome {
  return { kind: 'skipped', stamp, reason };
}

function faultOf(text: string): SkipReason | undefined {
  // It may have grown since its size was asked for.
  if (text.length > maxSourceBytes) return 'too-large';
  if (text.includes('\0')) return 'binary';
  if (generatedMarks.test(text.slice(0, headLength))) return 'generated';
  const lines = text.split('\n').length;
  return text.length > headLength && text.length / lines > maxMeanLineLength
    ? 'generated'
    : undefined;
}

function reasonOf(error: unknown): SkipReason {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'gone';
  return code === 'ELOOP' ? 'link' : 'unreadable';
}
