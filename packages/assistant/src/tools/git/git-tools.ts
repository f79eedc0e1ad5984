import type { Tool } from '../tool.ts';
import { gitBranchTool, gitCommitTool, gitWorktreeTool } from './git-changing.ts';
import type { GitEnvironment } from './git-command.ts';
import { gitBlameTool, gitDiffTool, gitLogTool, gitStatusTool } from './git-reading.ts';

export interface GitToolsOptions {
  /** What git is given, but for variables that point it to another repository. */
  readonly environment: GitEnvironment;
}

/** `git_status`, `git_diff`, `git_log`, `git_blame`, and what changes: commit, branch, worktree. */
export function gitTools({ environment }: GitToolsOptions): readonly Tool[] {
  return [
    gitStatusTool(environment),
    gitDiffTool(environment),
    gitLogTool(environment),
    gitBlameTool(environment),
    gitCommitTool(environment),
    gitBranchTool(environment),
    gitWorktreeTool(environment),
  ];
}
