import { describe, expect, test } from 'bun:test';
import { plainError } from './exchange.ts';
import { describe as describeApi } from './openapi.ts';
import { type Route, Router } from './route.ts';
import { createRouter } from './routes.ts';

const route = (name: string): Route => ({
  name,
  error: plainError,
  needs: 'nothing',
  handle: () => new Response(),
});

describe('Router', () => {
  const router = new Router();
  router.add('GET /a', route('a'));
  router.add('POST /a', route('post-a'));
  router.add('GET /a/*', route('one'));
  router.add('GET /a/*/c', route('c'));
  router.add('* /rest/*/**', route('rest'));

  test.each([
    ['GET', '/a', 'a', []],
    ['GET', '/a/b%20b', 'one', ['b b']],
    ['GET', '/a/b/c', 'c', ['b']],
    ['HEAD', '/a', 'a', []],
    ['HEAD', '/a/b', 'one', ['b']],
    ['HEAD', '/rest/x/y', 'rest', ['x', 'y']],
    ['DELETE', '/rest/x/y/z', 'rest', ['x', 'y/z']],
    ['GET', '/a/%E0%A4%A', 'one', ['%E0%A4%A']],
  ])('%s %s', (method, path, name, parameters) => {
    const found = router.find(method, path);
    expect(found?.route.name).toBe(name);
    expect(found?.parameters).toEqual(parameters);
  });

  test('finds nothing where there is nothing, and says which methods a path takes', () => {
    expect(router.find('GET', '/b')).toBeUndefined();
    expect(router.find('GET', '/a/b/d')).toBeUndefined();
    expect(router.find('GET', '/rest/x')).toBeUndefined();
    expect(router.methodsOf('/a')).toEqual(['GET', 'POST']);
    expect(router.methodsOf('/a/b')).toEqual(['GET']);
  });
});

test('every change over the admin API is on the audit log, under a name of its own', () => {
  const reads = new Set(['GET', 'HEAD']);
  const changes = createRouter()
    .routes()
    .filter(({ method }) => !reads.has(method))
    .filter(({ route: { needs } }) => needs !== 'nothing' && needs !== 'models.call');
  const audits = changes.map(({ route }) => route.audits);
  expect(audits).toContain('key.create');
  expect(audits).toEqual([...new Set(audits)]);
  expect(audits).not.toContain(undefined);
});

test('every path of the OpenAPI document has a route, and every route stands in it', () => {
  const { paths } = describeApi('0') as { paths: Record<string, Record<string, unknown>> };
  const router = createRouter();
  const told = new Set<string>();
  for (const [path, methods] of Object.entries(paths)) {
    for (const method of Object.keys(methods)) {
      const found = router.find(method.toUpperCase(), path.replaceAll(/[{}]/g, ''));
      expect(found, `${method} ${path}`).toBeDefined();
      told.add(found?.route.name ?? '');
    }
  }
  expect(router.routes().filter(({ route: { name } }) => !told.has(name))).toEqual([]);
});

test.each([
  ['/v1/files/{path}', ['delete', 'get']],
  ['/v1/batches/{id}/cancel', ['post']],
  ['/v1/responses/{id}/input_items', ['get']],
  ['/providers/{name}/{path}', ['delete', 'get', 'patch', 'post', 'put']],
])('the OpenAPI document has the methods of %s', (path, methods) => {
  const { paths } = describeApi('0') as { paths: Record<string, Record<string, unknown>> };
  expect(Object.keys(paths[path] ?? {}).toSorted()).toEqual(methods);
});
