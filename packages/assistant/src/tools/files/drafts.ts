import { RpcError } from '@zeke/rpc';
import { type PathPlace, type ResolvedPath, resolvePath } from '../../project/resolve-path.ts';
import { type FileChange, type FileState, readWhole } from './file-change.ts';
import { decodeText, encodeText, newTextForm, type TextForm } from './text-form.ts';

/** Files that one call may change. */
const maxChangedFiles = 200;

/** A file as it is, and the text that it is to have. */
export interface Draft {
  readonly target: ResolvedPath;
  readonly before: FileState | undefined;
  form: TextForm;
  /** Undefined where there is no file, or is to be none. */
  text: string | undefined;
  /** Permissions of a file that is new. */
  mode?: number;
}

/** The files that one call works on, in memory: nothing is written before all of it has succeeded. */
export class Drafts {
  readonly #place: PathPlace;
  readonly #drafts = new Map<string, Draft>();

  constructor(place: PathPlace) {
    this.#place = place;
  }

  /**
   * The draft of a path, the same for each name of one file. Throws RpcError for what is no text, or
   * too large, and for more than 200 files.
   */
  async open(path: string): Promise<Draft> {
    const target = await resolvePath(this.#place, path);
    const known = this.#drafts.get(target.path);
    if (known) return known;
    if (this.#drafts.size >= maxChangedFiles) {
      throw new RpcError('resource_exhausted', `a call changes ${maxChangedFiles} files at most`);
    }
    const before = await readWhole(target);
    const draft = { target, before, ...textOf(target, before) };
    this.#drafts.set(target.path, draft);
    return draft;
  }

  /** What differs from what is there. */
  changes(): FileChange[] {
    return [...this.#drafts.values()].flatMap((draft) => {
      const { before, form, mode, target, text } = draft;
      const after = text === undefined ? undefined : encodeText(text, form);
      if (isSame(before?.bytes, after)) return [];
      return [{ target, before, after, ...(mode === undefined ? {} : { mode }) }];
    });
  }
}

function textOf(target: ResolvedPath, before: FileState | undefined) {
  if (before === undefined) return { form: newTextForm, text: undefined };
  const decoded = decodeText(before.bytes);
  if (decoded === undefined) {
    throw new RpcError(
      'failed_precondition',
      `${target.shown} is binary: it cannot be changed as text; use a command by the tool shell`,
    );
  }
  const { text, ...form } = decoded;
  return { form, text };
}

function isSame(before: Uint8Array | undefined, after: Uint8Array | undefined): boolean {
  if (before === undefined || after === undefined) return before === after;
  return Buffer.compare(before, after) === 0;
}
