import { readdir, readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { RpcError } from '../../../rpc-error.ts';
import { fileFault } from '../../file-fault.ts';
import { formatMetadata } from '../../metadata.ts';
import type { Candidate } from '../editor/line-editor.ts';
import type { ReplCommand } from './command.ts';
import { InputSplitter } from './input-splitter.ts';
import { isSecret } from './secrets.ts';
import type { Session } from './session.ts';
import { settingOptions } from './settings.ts';

/** Sessions that are replayed within each other. */
const maxReplayDepth = 8;
/** What a saved session may have, in UTF-16 units. */
const maxFileLength = 64 * 1024 * 1024;
const firstLine = '# zrpc session 1';
const inputsLine = '# inputs';

export const saveCommand: ReplCommand = {
  name: 'save',
  usage: '<file>',
  summary: 'write the session to a file',
  details: `The file has the state of the session (server, headers, variables, settings), and then what was
said. Headers and variables whose names say that they are secret are left out.`,
  isKept: false,
  async run(session, rest) {
    const path = pathOf('save', rest);
    const lines = [firstLine, ...stateOf(session), inputsLine, ...session.inputs];
    await writeFile(path, `${lines.join('\n')}\n`, { mode: 0o600 }).catch((cause) => {
      throw fileFault(path, cause);
    });
    session.view.note(session.view.styles.dim(`saved to ${path}, inputs ${session.inputs.length}`));
  },
  complete: (_session, words) => completePath(words),
};

export const loadCommand: ReplCommand = {
  name: 'load',
  usage: '<file>',
  summary: 'bring back the state of a saved session',
  isKept: false,
  async run(session, rest) {
    const { state } = await readSession(pathOf('load', rest));
    const isWell = await runAll(session, state);
    const { styles } = session.view;
    session.view.note(
      styles.dim(
        `${isWell ? 'loaded' : 'loaded in part'}: variables ${session.variables.size}, headers ${session.headers.size}`,
      ),
    );
  },
  complete: (_session, words) => completePath(words),
};

export const replayCommand: ReplCommand = {
  name: 'replay',
  usage: '<file>',
  summary: 'say again what a session, or a file, says',
  isKept: false,
  async run(session, rest) {
    const { state, inputs } = await readSession(pathOf('replay', rest));
    if (session.replayDepth >= maxReplayDepth) {
      throw new RpcError('resource_exhausted', `${rest}: sessions replay each other without end`);
    }
    session.replayDepth++;
    try {
      // What else there was, was made by what was said.
      await runAll(
        session,
        state.filter((input) => /^(?:connect|set)\s/.test(input)),
      );
      await runAll(session, inputs, (input) => {
        const { styles } = session.view;
        session.view.note(styles.dim(`${session.prompt}${input.replaceAll('\n', '\n… ')}`));
      });
    } finally {
      session.replayDepth--;
    }
  },
  complete: (_session, words) => completePath(words),
};

/** False when one of them failed. An interrupt ends them all. */
async function runAll(
  session: Session,
  inputs: readonly string[],
  before: (input: string) => void = () => {},
): Promise<boolean> {
  let isWell = true;
  for (const input of inputs) {
    before(input);
    const interrupted = session.interrupted;
    isWell = (await session.run(input)) && isWell;
    if (session.interrupted > interrupted || session.hasEnded) return false;
  }
  return isWell;
}

/** Inputs that make a new session what this one is, but for its secrets. */
function stateOf({ connection, settings, headers, variables }: Session): string[] {
  const lines: string[] = [];
  if (connection !== undefined) lines.push(`connect ${connection.target.name}`);
  for (const [name, { read }] of Object.entries(settingOptions)) {
    lines.push(`set ${name} ${read(settings)}`);
  }
  for (const line of formatMetadata(headers)) {
    const [name = '', ...value] = line.split(': ');
    if (isSecret(name)) lines.push(`# header ${name} is left out: it is secret`);
    else lines.push(`header add ${name} ${value.join(': ').replaceAll('$', '$$$$')}`);
  }
  for (const [name, value] of variables) {
    if (name === '_') continue;
    if (isSecret(name)) lines.push(`# let ${name} is left out: it is secret`);
    else lines.push(`let ${name} = ${JSON.stringify(value).replaceAll('${', '$$${')}`);
  }
  return lines;
}

/** The inputs of both parts of a saved session; a file of another kind has inputs only. */
async function readSession(path: string): Promise<{ state: string[]; inputs: string[] }> {
  const text = await readFile(path, 'utf8').catch((cause) => {
    throw fileFault(path, cause);
  });
  if (text.length > maxFileLength) {
    throw new RpcError('resource_exhausted', `${path}: a session may have 64 MiB`);
  }
  const lines = text.split('\n');
  const [version = ''] = lines;
  if (version.startsWith('# zrpc session ') && version !== firstLine) {
    throw new RpcError('invalid_argument', `${path}: only version 1 of sessions is known here`);
  }
  const border = version === firstLine ? lines.indexOf(inputsLine) : 0;
  const middle = border === -1 ? lines.length : border;
  return { state: inputsOf(lines.slice(0, middle)), inputs: inputsOf(lines.slice(middle)) };
}

function inputsOf(lines: readonly string[]): string[] {
  const splitter = new InputSplitter();
  const inputs = lines.flatMap((line) => splitter.push(line) ?? []);
  const last = splitter.end();
  return last === undefined ? inputs : [...inputs, last];
}

function pathOf(name: string, rest: string): string {
  const path = rest.trim().replace(/^~(?=\/)/, homedir());
  if (path !== '') return path;
  throw new RpcError('invalid_argument', `${name} what? Write the name of a file behind it`);
}

/** Files and folders that begin so. */
async function completePath([written = '', surplus]: readonly string[]): Promise<Candidate[]> {
  if (surplus !== undefined) return [];
  const folder = written.endsWith('/') ? written : dirname(written);
  const begin = written.endsWith('/') ? '' : basename(written);
  const real = folder.replace(/^~(?=\/|$)/, homedir());
  const entries = await readdir(real, { withFileTypes: true }).catch(() => []);
  return entries
    .filter(({ name }) => name.startsWith(begin) && (begin !== '' || !name.startsWith('.')))
    .map((entry) => {
      const path =
        folder === '.' && !written.startsWith('.') ? entry.name : join(folder, entry.name);
      return { text: entry.isDirectory() ? `${path}/` : path };
    })
    .sort((left, right) => left.text.localeCompare(right.text));
}
