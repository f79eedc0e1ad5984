import { z } from 'zod';
import { logLevels } from './resolved-config.ts';
import { choice, flag, integer, text } from './schema-fields.ts';

/** The table `[rpc]`: calls to the daemon. */
export const rpcSchema = z.strictObject({
  enabled: flag()
    .default(true)
    .describe('Whether rpc.port is listened at; the Unix socket in ZEKE_HOME is there always'),
  port: integer(0, 65_535)
    .optional()
    .describe('Port for gRPC, and of UDP for QUIC: 50051, where it is free; 0: any free one'),
  max_connections: integer(1, 100_000).default(100).describe('Connections at once, of each kind'),
  idle_timeout: integer(0, 86_400)
    .default(300)
    .describe('Seconds without a call after which a connection is closed; 0: never'),
  max_stream_data: integer(65_536, 1_073_741_824)
    .default(10_485_760)
    .describe('The longest message in either direction, in bytes'),
  completion_timeout: integer(1, 600_000)
    .default(5_000)
    .describe('How long a completion may take, in milliseconds'),
  chat_timeout: integer(1, 86_400_000)
    .default(120_000)
    .describe('How long an answer of a chat may take, in milliseconds'),
  agent_timeout: integer(1, 86_400_000)
    .default(600_000)
    .describe('How long an agent may work where its caller does not say, in milliseconds'),
  worker_threads: integer(1, 64)
    .default(1)
    .describe('Threads that parse the files of projects; each is there while it has work'),
  enable_compression: flag()
    .default(true)
    .describe('Whether long messages are compressed for clients that can read that'),
});

/** The table `[daemon]`: names of older programs, which stand over those of other tables. */
export const daemonSchema = z.strictObject({
  address: text().optional().describe('The address of rpc.port, in place of server.host'),
  port: integer(0, 65_535).optional().describe('Another name of rpc.port'),
  enable_tls: flag()
    .default(false)
    .describe('Speak TLS at rpc.port, and QUIC: with server.tls, else a certificate made for it'),
  log_level: choice(logLevels).optional().describe('In place of telemetry.log_level'),
  log_file: text()
    .optional()
    .describe('Where `zeke daemon start` writes the log: daemon.log in ZEKE_HOME without it'),
});
