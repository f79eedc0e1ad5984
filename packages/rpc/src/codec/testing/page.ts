import { createClient } from '../../core/client.ts';
import { Health } from '../../gen/grpc/health/v1/health_pb.ts';
import { connectFetch } from '../../transports/fetch/client/connect-fetch.ts';

/** The least that a page has which makes calls: one generated client, over `fetch`. */
export async function status(baseUrl: string): Promise<number> {
  return (await createClient(Health, connectFetch({ baseUrl })).check({})).status;
}
