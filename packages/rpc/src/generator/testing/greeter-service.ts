import { Greeter } from '../../codec/fixtures/gen/zrpc/test/greeter_pb.ts';
import { createServer, type Server } from '../../core/server.ts';
import { RpcError } from '../../rpc-error.ts';

/** How many replies `watch` has for `many`, of a kilobyte each: more than any window. */
const manyReplies = 1_000;

/** What clients in other languages call. */
export function greeterServer(): Server {
  return createServer().add(Greeter, {
    sayHello: async ({ name }, { metadata, trailer, signal }) => {
      trailer.set('x-after', 'done');
      if (name === 'nobody') throw new RpcError('not_found', 'nobody of that name: ünknown');
      if (name === 'slow') {
        await new Promise<void>((resolve) => {
          signal.addEventListener('abort', () => resolve());
        });
      }
      const tag = metadata.get('x-tag');
      return { text: tag === undefined ? `Hello, ${name}!` : `Hello, ${name} (${tag})!` };
    },
    watch: async function* ({ name }) {
      const count = name === 'many' ? manyReplies : 3;
      const padding = name === 'many' ? 'x'.repeat(1_024) : '';
      for (let index = 0; index < count; index++) yield { text: `${name} ${index}${padding}` };
      if (name === 'broken') throw new RpcError('data_loss', 'the rest is gone');
    },
    collect: async (requests) => {
      const names: string[] = [];
      let length = 0;
      for await (const { name } of requests) {
        length += name.length;
        if (names.length < 3) names.push(name.slice(0, 10));
      }
      return { text: `${names.join(' ')} ${length}` };
    },
    chat: async function* (requests) {
      for await (const { name } of requests) yield { text: `and ${name}` };
    },
  });
}

/** What the programs of the fixtures print. */
export const greeterAnswers = {
  unary: 'Hello, wörld!',
  metadata: 'Hello, you (t)!',
  watch: ['w 0', 'w 1', 'w 2'],
  many: [manyReplies, `many ${manyReplies - 1}`.length + 1_024],
  collect: 'a b c 3',
  collectNone: ' 0',
  collectLarge: 'xxxxxxxxxx xxxxxxxxxx xxxxxxxxxx 5000000',
  chat: ['and x', 'and y'],
  notFound: ['not_found', 'nobody of that name: ünknown'],
  broken: ['data_loss', 'the rest is gone'],
  unimplemented: [
    'unimplemented',
    '/zrpc.test.Greeter/Constructor is part of the service, but not implemented',
  ],
  deadline: 'deadline_exceeded',
  after: 'Hello, again!',
};
