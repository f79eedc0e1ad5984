export { type LocalMcp, type LocalMcpOptions, openLocalMcp } from './mcp/local-mcp.ts';
export { type ServeMcpOptions, serveMcp } from './mcp/serve-mcp.ts';
