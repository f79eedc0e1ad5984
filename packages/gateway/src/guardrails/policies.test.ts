import { describe, expect, test } from 'bun:test';
import type { PolicyConfig } from '@zeke/foundation';
import { askPolicies, type PolicyQuestion } from './policies.ts';
import { toolNamesIn } from './tool-names.ts';

const policy = (fields: Partial<PolicyConfig> & Pick<PolicyConfig, 'effect'>): PolicyConfig => ({
  name: 'p',
  scope: {},
  ...fields,
});
const ask = (policies: PolicyConfig[], fields: Partial<PolicyQuestion> = {}) =>
  askPolicies(policies, {
    caller: { keyId: 'key_1', teamId: 't', orgId: 'o' },
    model: 'fast',
    candidate: { model: 'gpt-5', provider: { name: 'openai' } },
    tools: [],
    data: [],
    ...fields,
  });

describe('the first policy that fits counts', () => {
  const reads = policy({ name: 'reads', effect: 'allow', tools: ['read_*'] });
  const others = policy({ name: 'others', effect: 'consent', tools: ['*'], reason: 'it acts' });

  test('for each tool by itself', () => {
    expect(ask([reads, others]).effect).toBe('allow');
    expect(ask([reads, others], { tools: ['read_file'] }).effect).toBe('allow');
    expect(ask([others, reads], { tools: ['read_file'] }).effect).toBe('consent');
    expect(ask([reads, others], { tools: ['read_file', 'shell', 'write'] })).toEqual({
      effect: 'consent',
      needs: [
        { policy: 'others', reason: 'it acts', what: { tool: 'shell' } },
        { policy: 'others', reason: 'it acts', what: { tool: 'write' } },
      ],
    });
  });

  test('for models, providers, kinds of data and callers together', () => {
    const cloud = policy({
      effect: 'deny',
      scope: { providers: ['openai'], models: ['gpt-*'], teams: ['t'] },
      data: ['personal_data'],
    });
    expect(ask([cloud]).effect).toBe('allow');
    expect(ask([cloud], { data: ['email'] }).effect).toBe('allow');
    expect(ask([cloud], { data: ['email', 'personal_data'] })).toMatchObject({
      effect: 'deny',
      need: { what: { model: 'openai/gpt-5', provider: 'openai', data: 'personal_data' } },
    });
    expect(ask([cloud], { data: ['personal_data'], caller: { teamId: 'x' } }).effect).toBe('allow');
  });

  test('what is denied is, whatever else needs consent', () => {
    const deny = policy({ name: 'no', effect: 'deny', tools: ['rm'] });
    expect(ask([deny, others], { tools: ['shell', 'rm'] }).effect).toBe('deny');
  });
});

test('names of tools in requests and answers of all dialects', () => {
  const named: [unknown, string[]][] = [
    [{ tools: [{ type: 'function', function: { name: 'a' } }] }, ['a']],
    [{ tools: [{ type: 'custom', custom: { name: 'a' } }] }, ['a']],
    [{ tools: [{ type: 'function', name: 'a' }, { type: 'web_search' }] }, ['a', 'web_search']],
    [{ tools: [{ name: 'a', input_schema: { properties: { name: 'x' } } }] }, ['a']],
    [
      { tools: [{ functionDeclarations: [{ name: 'a' }] }, { googleSearch: {} }] },
      ['a', 'googleSearch'],
    ],
    [{ functions: [{ name: 'a' }] }, ['a']],
    [{ messages: [{ tool_calls: [{ function: { name: 'a', arguments: '{}' } }] }] }, ['a']],
    [
      {
        messages: [
          { content: [{ type: 'tool_use', name: 'a', input: { function: { name: 'x' } } }] },
        ],
      },
      ['a'],
    ],
    [
      {
        contents: [
          { parts: [{ functionCall: { name: 'a', args: { type: 'function', name: 'x' } } }] },
        ],
      },
      ['a'],
    ],
    [{ input: [{ type: 'function_call', name: 'a', arguments: '{}' }] }, ['a']],
    [
      { type: 'response.completed', response: { output: [{ type: 'function_call', name: 'a' }] } },
      ['a'],
    ],
    [{ choices: [{ delta: { tool_calls: [{ function: { name: 'a' } }] } }] }, ['a']],
    [{ toolConfig: { tools: [{ toolSpec: { name: 'a' } }] } }, ['a', 'toolSpec']],
    [{ messages: [{ role: 'user', name: 'ada', content: 'x' }] }, []],
    ['text', []],
  ];
  for (const [body, names] of named) expect(toolNamesIn(body).sort()).toEqual(names.sort());
});
