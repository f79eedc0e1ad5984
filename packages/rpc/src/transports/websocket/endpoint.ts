export {
  type WebSocketData,
  type WebSocketEndpoint,
  webSocketEndpoint,
} from './bun-websocket-server.ts';
