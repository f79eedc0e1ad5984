import { stat } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { readBoundedFile } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import type { Connection } from './connection.ts';
import { languageIdOf } from './language-server-spec.ts';
import { linesOf } from './positions.ts';

/** Largest file that a server is shown. */
const maxDocumentBytes = 4 * 1024 * 1024;
/** Files that are open in one server; the one asked about longest ago is closed for another. */
const maxOpenDocuments = 128;

/** A file as the server knows it now. */
export interface OpenDocument {
  readonly uri: string;
  readonly version: number;
  readonly text: string;
  readonly lines: readonly string[];
}

interface Entry extends OpenDocument {
  /** Undefined where the text is an editor's and not the disk's. */
  readonly stamp: string | undefined;
}

/**
 * The files that are open in one server. Before each question those that changed on the disk are told
 * again, with a version that counts up.
 */
export class Documents {
  readonly #connection: Connection;
  readonly #onChange: (path: string, version: number) => void;
  readonly #onClose: (path: string) => void;
  /** By path, the one used longest ago first. */
  readonly #open = new Map<string, Entry>();

  constructor(
    connection: Connection,
    onChange: (path: string, version: number) => void,
    onClose: (path: string) => void,
  ) {
    this.#connection = connection;
    this.#onChange = onChange;
    this.#onClose = onClose;
  }

  get paths(): readonly string[] {
    return [...this.#open.keys()];
  }

  get(path: string): OpenDocument | undefined {
    return this.#open.get(path);
  }

  /** Shows the server what open files have become on the disk, and closes those that are gone. */
  async refresh(): Promise<void> {
    for (const path of this.paths) {
      await this.open(path).catch((reason: unknown) => {
        if (RpcError.from(reason).code === 'internal') throw reason;
        this.close(path);
      });
    }
  }

  /**
   * Opens a file, or tells how it changed. `text` is what an editor has instead of the disk. Throws
   * `not_found`, `failed_precondition` and `resource_exhausted` for what cannot be shown.
   */
  async open(path: string, text?: string): Promise<OpenDocument> {
    const known = this.#open.get(path);
    const stamp = text === undefined ? await stampOf(path) : undefined;
    if (known !== undefined && stamp !== undefined && known.stamp === stamp) {
      return this.#touch(path, known);
    }
    const now = text ?? (await readText(path));
    const latest = this.#open.get(path);
    if (latest?.text === now) return this.#touch(path, { ...latest, stamp });
    return this.#tell(path, now, stamp, latest);
  }

  /** Tells an open file again as it is, so that it is judged anew. */
  retell(path: string): void {
    const entry = this.#open.get(path);
    if (entry !== undefined) this.#tell(path, entry.text, entry.stamp, entry);
  }

  close(path: string): void {
    const entry = this.#open.get(path);
    if (entry === undefined) return;
    this.#open.delete(path);
    this.#onClose(path);
    const textDocument = { uri: entry.uri };
    this.#connection.notify('textDocument/didClose', { textDocument });
  }

  #tell(path: string, text: string, stamp: string | undefined, before?: Entry): OpenDocument {
    const uri = pathToFileURL(path).href;
    const version = (before?.version ?? 0) + 1;
    this.#onChange(path, version);
    if (before === undefined) {
      this.#makeRoom();
      const languageId = languageIdOf(path);
      const textDocument = { uri, languageId, version, text };
      this.#connection.notify('textDocument/didOpen', { textDocument });
    } else {
      const textDocument = { uri, version };
      this.#connection.notify('textDocument/didChange', {
        textDocument,
        contentChanges: [{ text }],
      });
      // Servers that check with other programs do so when a file is saved.
      if (stamp !== undefined) {
        this.#connection.notify('textDocument/didSave', { textDocument: { uri }, text });
      }
    }
    return this.#touch(path, { uri, version, text, lines: linesOf(text), stamp });
  }

  #touch(path: string, entry: Entry): OpenDocument {
    this.#open.delete(path);
    this.#open.set(path, entry);
    return entry;
  }

  #makeRoom(): void {
    if (this.#open.size < maxOpenDocuments) return;
    const [oldest] = this.#open.keys();
    if (oldest !== undefined) this.close(oldest);
  }
}

/** Reads a file that servers may be shown: UTF-8 text of up to 4 MiB. */
export async function readText(path: string): Promise<string> {
  const bytes = await readBoundedFile(path, maxDocumentBytes).catch((cause: Error) => {
    if (cause instanceof RpcError) throw cause;
    const { code } = cause as NodeJS.ErrnoException;
    throw new RpcError('not_found', `${path} cannot be read (${code})`, { cause });
  });
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new RpcError('failed_precondition', `${path} is not UTF-8 text`, { cause });
  }
}

async function stampOf(path: string): Promise<string> {
  const entry = await stat(path, { bigint: true }).catch((cause: NodeJS.ErrnoException) => {
    throw new RpcError('not_found', `${path} cannot be read (${cause.code})`, { cause });
  });
  if (!entry.isFile()) throw new RpcError('failed_precondition', `${path} is not a file`);
  if (entry.size > maxDocumentBytes) {
    throw new RpcError(
      'resource_exhausted',
      `${path} has ${entry.size} bytes: language servers are shown files of up to ${maxDocumentBytes}`,
    );
  }
  return `${entry.mtimeNs} ${entry.ctimeNs} ${entry.size} ${entry.ino}`;
}
