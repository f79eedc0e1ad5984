import type { SeededRandom } from '../../../command/mock/seeded-random.ts';
import { compressor } from '../../../compression/compressors.ts';
import type { RpcError } from '../../../rpc-error.ts';
import type { ByteSocket } from '../../../sockets/socket.ts';
import { ClientConnection } from '../../../transports/http2/client-connection.ts';
import { ConnectionFault } from '../../../transports/http2/connection-fault.ts';
import { type Http2Limits, http2LimitsWith } from '../../../transports/http2/http2-limits.ts';
import { ServerConnection } from '../../../transports/http2/server-connection.ts';
import { RecordingSink } from '../../recording-sink.ts';
import { testMethod, testOpenOptions } from '../../test-method.ts';
import { CountedServer } from './counted-server.ts';
import type { FuzzTarget } from './fuzz-target.ts';
import { clientHttp2, serverHttp2 } from './http2-corpus.ts';
import { mutated, pieces } from './mutation.ts';
import { StrictHandler } from './strict-handler.ts';

const limits: Http2Limits = http2LimitsWith({
  maxStreams: 10,
  maxMessageBytes: 5_000,
  maxMetadataBytes: 2_000,
  maxPartialBytes: 20_000,
  maxQueuedBytes: 100_000,
  streamWindowBytes: 8_000,
});
const maxMicrotasks = 6;
const noTurns = 0.7;

/** Inputs to a server whose handlers are those of the edge, or look at every event. */
export function http2ToServer(): FuzzTarget {
  const served = new CountedServer();
  return {
    prepare(random) {
      const bytes = mutated(clientHttp2, random);
      return {
        bytes,
        async feed() {
          const strict = new StrictHandler(limits.maxMessageBytes);
          const connection = new ServerConnection({
            socket: new FuzzSocket(),
            limits,
            peer: { transport: 'http2', address: 'fuzz' },
            handler: random.chance(0.5) ? strict.handler : served.handler,
            compressor,
          });
          await receiveAll(connection, bytes, random);
          strict.check();
        },
      };
    },
    settled: () => served.check(),
  };
}

/** Inputs to a client that has calls open. */
export function http2ToClient(): FuzzTarget {
  return {
    prepare(random) {
      const bytes = mutated(serverHttp2, random);
      return {
        bytes,
        async feed() {
          const connection = new ClientConnection({
            socket: new FuzzSocket(),
            limits,
            scheme: 'http',
            authority: 'fuzz',
            userAgent: 'fuzz',
          });
          const sinks = [0, 1, 2, 3, 4].map((i) => {
            const sink = new RecordingSink();
            const call = connection.open(testMethod(), testOpenOptions(), sink);
            call.sendMessage(new Uint8Array(i * 300));
            if (i < 3) call.sendEnd();
            if (i === 3) call.pause();
            return sink;
          });
          await receiveAll(connection, bytes, random);
          for (const sink of sinks) if (!sink.trailer) throw new Error('a call has no end');
        },
      };
    },
  };
}

async function receiveAll(
  connection: ServerConnection | ClientConnection,
  bytes: Uint8Array,
  random: SeededRandom,
): Promise<void> {
  for (const piece of pieces(bytes, random)) {
    connection.onData(piece);
    mustBeWithin(connection.openCalls, limits.maxStreams, 'open calls');
    mustBeWithin(connection.partialBytes, limits.maxPartialBytes, 'bytes of parts of messages');
    mustBeWithin(connection.sender.unsentBytes, limits.maxQueuedBytes, 'bytes unsent');
    if (random.chance(noTurns)) continue;
    for (let i = random.integer(1, maxMicrotasks); i > 0; i--) await undefined;
  }
  connection.onClose();
  mustBeForeseen(await connection.closed);
  mustBeWithin(connection.openCalls, 0, 'open calls');
  mustBeWithin(connection.partialBytes + connection.sender.unsentBytes, 0, 'bytes that are kept');
}

function mustBeWithin(value: number, limit: number, what: string): void {
  if (value > limit) throw new Error(`${value} ${what}, more than ${limit}`);
}

/** What ended a connection is a fault of the peer that has a name, and nothing that was thrown here. */
function mustBeForeseen(error: RpcError | undefined): void {
  if (error?.cause !== undefined && !(error.cause instanceof ConnectionFault)) throw error.cause;
}

/** Takes everything. */
class FuzzSocket implements ByteSocket {
  readonly address = 'fuzz';
  readonly descriptor = undefined;
  readonly tls = undefined;
  readonly queuedBytes = 0;

  write(): boolean {
    return true;
  }

  end(): void {}
  destroy(): void {}
  pause(): void {}
  resume(): void {}
}
