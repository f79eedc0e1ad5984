import type { Tool } from '../tool.ts';
import { globTool } from './glob.ts';
import { grepTool } from './grep.ts';

/** The tools that find files, by what they hold and by their names. */
export function searchTools(): readonly Tool[] {
  return [grepTool(), globTool()];
}
