import type { Server } from '../../core/server.ts';
import {
  ServerReflection,
  type ServerReflectionRequest,
} from '../../gen/grpc/reflection/v1/reflection_pb.ts';
import { ServerReflection as ServerReflectionAlpha } from '../../gen/grpc/reflection/v1alpha/reflection_pb.ts';
import type { Reflection } from './reflection.ts';

/**
 * Lets clients ask the server for its descriptors: `grpc.reflection.v1.ServerReflection`, and
 * `v1alpha`, of which many clients know no other. It tells of all services of the server that have
 * descriptors, also of those that are added later. What reads descriptors is loaded when the first
 * client asks.
 *
 * Source: https://github.com/grpc/grpc/blob/master/doc/server-reflection.md.
 */
export function addReflection(server: Server): void {
  let reflection: Promise<Reflection> | undefined;
  const load = async () => new (await import('./reflection.ts')).Reflection(server);
  const handlers = {
    async *serverReflectionInfo(requests: AsyncIterable<ServerReflectionRequest>) {
      reflection ??= load();
      yield* (await reflection).answer(requests);
    },
  };
  server.add(ServerReflection, handlers);
  server.add(ServerReflectionAlpha, handlers);
}
