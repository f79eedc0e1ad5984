/**
 * `exit-process.ts SETUP`: a server and a client of it in one process, calls of all kinds, and the end
 * of both. The process has to end by itself then: nothing here ends it.
 */
import { createClient } from '../../../core/client.ts';
import { Notes } from '../../note-service.ts';
import { churn } from '../churn.ts';
import { faultService } from '../fault-service.ts';
import { faultTransports } from '../transport-table.ts';
import { readSetup, say } from './conversation.ts';

const { transport: name, place, limits, tls } = readSetup();
const { server } = faultService();
const listener = await faultTransports[name].listen(place, {
  handler: server.handler,
  limits,
  tls,
});
const transport = faultTransports[name].connect(place, { limits, tls });
const { calls, streams } = await churn(createClient(Notes, transport), 100, 50, 1);
await transport.close();
await listener.close({ graceMs: 100 });
say({ event: 'closed', calls, streams });
