import type { ShellHost } from '../shell/shell-host.ts';
import type { Tool } from '../tool.ts';
import { gitBranchTool, gitCommitTool, gitWorktreeTool } from './git-changing.ts';
import { gitBlameTool, gitDiffTool, gitLogTool, gitStatusTool } from './git-reading.ts';
import type { ReadGit } from './read-git.ts';

export interface GitToolsOptions {
  readonly readGit: ReadGit;
  /** Runs what changes something, hooks included, as it runs commands. */
  readonly shell: ShellHost;
}

/** `git_status`, `git_diff`, `git_log`, `git_blame`, and what changes: commit, branch, worktree. */
export function gitTools({ readGit, shell }: GitToolsOptions): readonly Tool[] {
  return [
    gitStatusTool(readGit),
    gitDiffTool(readGit),
    gitLogTool(readGit),
    gitBlameTool(readGit),
    gitCommitTool(shell),
    gitBranchTool(shell),
    gitWorktreeTool(shell),
  ];
}
