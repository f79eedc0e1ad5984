export { type McpErrorName, mcpError, mcpErrorCodes } from './mcp-error.ts';
export { type McpServerOptions, ZekeMcpServer } from './server/mcp-server.ts';
export { type StandardIo, serveStandardIo } from './server/serve-standard-io.ts';
export type {
  McpCaller,
  Served,
  ServedContext,
  ServedPrompts,
  ServedResources,
  ServedTools,
  ToolCall,
} from './server/served.ts';
export { type McpSocketData, webSocketEndpoint } from './server/web-socket-endpoint.ts';
