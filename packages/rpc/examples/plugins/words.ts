/**
 * A plugin in TypeScript, over zrpc's own frames. Whoever uses it writes
 * `createPlugin({ name: 'words', command: ['bun', 'words.ts'] })`.
 */
import { createServer } from '../../src/core/server.ts';
import { servePlugin } from '../../src/plugins/serve-plugin.ts';
import { Words } from './gen/words_pb.ts';

const server = createServer().add(Words, {
  count: ({ value }) => ({ value: wordsOf(value).length }),
  async *split({ value }) {
    for (const word of wordsOf(value)) yield { value: word };
  },
});

await servePlugin({ handler: server.handler });

function wordsOf(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}
