import { spawn } from 'node:child_process';

/** The documents in a text of several. No string in them has a brace. */
export function jsonDocuments(text: string): unknown[] {
  const documents: unknown[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '{' && depth++ === 0) start = at;
    else if (character === '}' && --depth === 0) {
      documents.push(JSON.parse(text.slice(start, at + 1)));
    }
  }
  return documents;
}

/**
 * Writes each document when the one before has been answered, and ends the input after the last.
 * @returns the answers. @throws Error when the program fails.
 */
export async function talkInTurn(
  command: readonly string[],
  documents: readonly object[],
): Promise<unknown[]> {
  const [program = '', ...parameters] = command;
  const child = spawn(program, parameters, { timeout: 20_000 });
  let output = '';
  let errors = '';
  let sent = 0;
  const sendNext = (): void => {
    if (sent < documents.length) child.stdin.write(`${JSON.stringify(documents[sent++])}\n`);
    else child.stdin.end();
  };
  child.stdin.on('error', () => {});
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    if (jsonDocuments(output).length === sent) sendNext();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  sendNext();
  const exitCode = await new Promise((resolve) => {
    child.once('close', resolve);
  });
  if (exitCode !== 0) throw new Error(`it ended with ${exitCode}: ${errors.slice(-1_000)}`);
  return jsonDocuments(output);
}
