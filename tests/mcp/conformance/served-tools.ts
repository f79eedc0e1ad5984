import { mcpError, type ServedTools } from '@zeke/mcp';
import { askingTools } from './asking-tools.ts';
import type { Changes } from './changes.ts';
import { type FixtureTool, text } from './fixture-tool.ts';
import { image, schema2020, sound } from './samples.ts';

/** The tools that the scenarios of the conformance suite call, by the names that they know. */
export function conformanceTools(changes: Changes): ServedTools {
  const tools = new Map(Object.entries({ ...plainTools(changes), ...askingTools }));
  return {
    list: () =>
      [...tools].map(([name, { inputSchema }]) => ({
        name,
        description: `${name}, for the conformance suite`,
        inputSchema: inputSchema ?? { type: 'object' },
      })),
    call: async ({ arguments: args, name }, context) => {
      const tool = tools.get(name);
      if (!tool) throw mcpError('tool-not-found', `there is no tool ${name}`);
      return await tool.call(args, context);
    },
    onChange: (listener) => changes.hear('tools', listener),
  };
}

function plainTools(changes: Changes): Record<string, FixtureTool> {
  return {
    test_simple_text: { call: () => text('This is a simple text response for testing.') },
    test_image_content: {
      call: () => ({ content: [{ type: 'image', data: image, mimeType: 'image/png' }] }),
    },
    test_audio_content: {
      call: () => ({ content: [{ type: 'audio', data: sound, mimeType: 'audio/wav' }] }),
    },
    test_embedded_resource: {
      call: () => ({
        content: [
          {
            type: 'resource',
            resource: {
              uri: 'test://embedded-resource',
              mimeType: 'text/plain',
              text: 'This is an embedded resource content.',
            },
          },
        ],
      }),
    },
    test_multiple_content_types: {
      call: () => ({
        content: [
          { type: 'text', text: 'Multiple content types test:' },
          { type: 'image', data: image, mimeType: 'image/png' },
          {
            type: 'resource',
            resource: {
              uri: 'test://mixed-content-resource',
              mimeType: 'application/json',
              text: '{"test":"data","value":123}',
            },
          },
        ],
      }),
    },
    test_tool_with_logging: {
      call: (_args, { log }) => {
        for (const step of ['started', 'processing data', 'completed']) log('info', `Tool ${step}`);
        return text('done, with three lines of log');
      },
    },
    test_logging_tool: {
      call: (_args, { log }) => {
        log('info', 'a line that only those get who asked for it');
        return text('done');
      },
    },
    test_tool_with_progress: {
      call: (_args, { onProgress }) => {
        for (const progress of [0, 50, 100]) {
          onProgress({ progress, total: 100, message: `Completed step ${progress} of 100` });
        }
        return text('done, with progress');
      },
    },
    test_error_handling: {
      call: () => ({
        isError: true,
        content: [{ type: 'text', text: 'This tool intentionally returns an error for testing' }],
      }),
    },
    test_streaming_elicitation: { call: () => text('only this') },
    test_x_mcp_header: {
      inputSchema: {
        type: 'object',
        properties: {
          region: { type: 'string', 'x-mcp-header': 'Region' },
          level: { type: 'integer' },
        },
      },
      call: ({ region }) => text(`region=${String(region)}`),
    },
    json_schema_2020_12_tool: {
      inputSchema: schema2020,
      call: (args) => text(JSON.stringify(args)),
    },
    test_trigger_tool_change: {
      call: () => {
        changes.tell('tools');
        return text('the list of tools has changed');
      },
    },
    test_trigger_prompt_change: {
      call: () => {
        changes.tell('prompts');
        return text('the list of prompts has changed');
      },
    },
  };
}
