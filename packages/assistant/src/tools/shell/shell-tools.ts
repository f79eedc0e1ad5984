import type { Tool } from '../tool.ts';
import type { ShellHost } from './shell-host.ts';
import { shellJobTools } from './shell-job-tools.ts';
import { shellTool } from './shell-tool.ts';

/** All tools that run commands: `shell`, and those for its background jobs. */
export function shellTools(host: ShellHost): readonly Tool[] {
  return [shellTool(host) as Tool, ...shellJobTools(host)];
}
