export { type Fit, Matcher, type Verdict } from './matcher.ts';
export { PatternFault, type PatternNode, parsePattern } from './parse-pattern.ts';
