import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { examples, withConfig, withJson } from '../flags.ts';

export interface CacheFlags {
  readonly json?: boolean;
  readonly config?: string;
}

/** `zeke cache {stats,clear}` */
export function addCache(program: Command, context: Context): void {
  const cache = program.command('cache').description('see and empty the cache of answers');
  withConfig(withJson(cache.command('stats').description('what it holds, and what it has saved')))
    .addHelpText('after', examples('zeke cache stats', 'zeke cache stats --json | jq .cache.hits'))
    .action(async (flags: CacheFlags) => {
      const { cacheStats } = await import('../actions/cache.ts');
      await cacheStats(context, flags);
    });
  withConfig(withJson(cache.command('clear').description('forget all answers')))
    .addHelpText('after', examples('zeke cache clear'))
    .action(async (flags: CacheFlags) => {
      const { clearCache } = await import('../actions/cache.ts');
      await clearCache(context, flags);
    });
}
