import { expect, test } from 'bun:test';
import { ScriptedServerCall } from '../testing/scripted-server-call.ts';
import { CallKey, callValue, setCallValue } from './call-values.ts';
import { WatchedServerCall } from './watched-call.ts';

const name = new CallKey<string>('name');
const otherName = new CallKey<string>('name');

test('a value is known under its key and on its call alone', () => {
  const call = new ScriptedServerCall();
  setCallValue(call, name, 'Ada');
  expect(callValue(call, name)).toBe('Ada');
  expect(callValue(call, otherName)).toBeUndefined();
  expect(callValue(new ScriptedServerCall(), name)).toBeUndefined();
});

test('a call and those that wrap it have the same values, whoever sets them', () => {
  const call = new ScriptedServerCall();
  const outer = new WatchedServerCall(call);
  const inner = new WatchedServerCall(outer);
  setCallValue(inner, name, 'Ada');
  setCallValue(call, otherName, 'Grace');
  expect([call, outer, inner].map((each) => callValue(each, name))).toEqual(['Ada', 'Ada', 'Ada']);
  expect(callValue(inner, otherName)).toBe('Grace');
});
