import { join } from 'node:path';

/** Where it is kept how tools of MCP servers described themselves. */
export function mcpPinsPath(home: string): string {
  return join(home, 'mcp', 'tool-pins.json');
}
