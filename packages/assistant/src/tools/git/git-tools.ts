import type { Environment } from '../../sandbox/command-environment.ts';
import type { ShellHost } from '../shell/shell-host.ts';
import type { Tool } from '../tool.ts';
import { gitBranchTool, gitCommitTool, gitWorktreeTool } from './git-changing.ts';
import { gitBlameTool, gitDiffTool, gitLogTool, gitStatusTool } from './git-reading.ts';

export interface GitToolsOptions {
  /** Of this process: what reads gets it without secrets. */
  readonly environment: Environment;
  /** Runs what changes something, hooks included, as it runs commands. */
  readonly shell: ShellHost;
}

/** `git_status`, `git_diff`, `git_log`, `git_blame`, and what changes: commit, branch, worktree. */
export function gitTools({ environment, shell }: GitToolsOptions): readonly Tool[] {
  return [
    gitStatusTool(environment),
    gitDiffTool(environment),
    gitLogTool(environment),
    gitBlameTool(environment),
    gitCommitTool(shell),
    gitBranchTool(shell),
    gitWorktreeTool(shell),
  ];
}
