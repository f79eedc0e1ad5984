import { join } from 'node:path';
import type { LanguageServerSpec } from '../language-server-spec.ts';

/** A server for `.scripted` files that behaves as it is told. */
export function scriptedSpecs(...behaviors: string[]): LanguageServerSpec[] {
  const program = join(import.meta.dir, 'scripted-server-program.ts');
  return [
    {
      name: 'scripted',
      command: [process.execPath, program, ...behaviors],
      extensions: ['.scripted'],
      install: 'it is a part of the tests',
    },
  ];
}
