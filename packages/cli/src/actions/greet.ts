import { connectHints, type Greeting } from '@zeke/daemon';
import type { Context } from '../context.ts';
import { isEmulated } from '../emulated.ts';

/** Tells where zeke answers, with what, and how to point a client at it; `workers` are processes. */
export function greet(greeting: Greeting, { output }: Context, workers: readonly number[]): void {
  const { bold, dim, green, yellow } = output.styles;
  const { localUrl, providers: names, requireAuth, rpc, url } = greeting;
  const real = names.filter((name) => !isEmulated(name));
  const emulated = names.filter(isEmulated);
  output.line(`${green('●')} zeke is ready at ${bold(url)}`);
  if (workers.length > 0) {
    output.line(`  workers    ${workers.length} (processes ${workers.join(', ')})`);
  }
  const grpc = rpc?.url === undefined ? [] : [`${rpc.url} (gRPC)`];
  const places = [...grpc, rpc?.quicUrl, rpc?.socket].filter((place) => place !== undefined);
  if (places.length > 0) output.line(`  rpc        ${places.join(', ')}`);
  if (real.length > 0) output.line(`  providers  ${real.join(', ')}`);
  if (emulated.length > 0) {
    output.line(
      `  ${yellow('emulated')}   ${emulated.join(', ')} (canned answers, no model behind them)`,
    );
  }
  if (names.length === 0) {
    output.hint(`  providers  ${yellow('none yet')}: run zeke providers add, or set a key such as`);
    output.hint('             OPENAI_API_KEY and start again, or try zeke up --demo');
  }
  output.line();
  output.line('  Point a client here:');
  for (const { client, lines } of connectHints({ url: localUrl, requireAuth })) {
    output.line(`    ${dim(`# ${client}`)}`);
    for (const line of lines) output.line(`    ${line}`);
  }
  if (requireAuth) {
    output.hint(`    ${dim('with a key in place of "zk-…": zeke keys create <name> makes one')}`);
  }
  output.line();
}
