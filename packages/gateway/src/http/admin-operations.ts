import { auditQuery, verifyQuery } from './endpoints/admin-audit.ts';
import { setBudgetRequest } from './endpoints/admin-budgets.ts';
import { decideConsentRequest } from './endpoints/admin-consent.ts';
import {
  changeUserRequest,
  createOrgRequest,
  createTeamRequest,
  createUserRequest,
  entityQuery,
  renameRequest,
} from './endpoints/admin-entities.ts';
import type { Operation } from './openapi.ts';

/** The hierarchy, its budgets and the audit log, as the OpenAPI document tells them. */
export const hierarchyOperations: readonly Operation[] = [
  operation('get', '/admin/orgs', 'The organisations'),
  operation('post', '/admin/orgs', 'Make an organisation', { body: createOrgRequest }),
  operation('patch', '/admin/orgs/{id}', 'Rename an organisation', { body: renameRequest }),
  operation('delete', '/admin/orgs/{id}', 'Remove an organisation without teams and users'),
  operation('get', '/admin/teams', 'The teams', { query: entityQuery }),
  operation('post', '/admin/teams', 'Make a team', { body: createTeamRequest }),
  operation('patch', '/admin/teams/{id}', 'Rename a team', { body: renameRequest }),
  operation('delete', '/admin/teams/{id}', 'Remove a team without users, and revoke its keys'),
  operation('get', '/admin/users', 'The users', { query: entityQuery }),
  operation('post', '/admin/users', 'Make a user', { body: createUserRequest }),
  operation('patch', '/admin/users/{id}', 'Change name, team or role of a user', {
    body: changeUserRequest,
  }),
  operation('delete', '/admin/users/{id}', 'Remove a user, and revoke its keys'),
  operation('get', '/admin/budgets', 'The budgets, with what is used of them'),
  operation('put', '/admin/budgets', 'Set a budget', { body: setBudgetRequest }),
  operation('delete', '/admin/budgets/{kind}/{id}/{period}/{mode}', 'Take a budget away'),
  operation('get', '/admin/content/{id}', 'A prompt and its answer, where they are kept'),
  operation('delete', '/admin/content/{id}', 'Forget a prompt and its answer'),
  operation('get', '/admin/consent', 'What waits for consent'),
  operation('post', '/admin/consent', 'Give consent, or deny it', { body: decideConsentRequest }),
  operation('get', '/admin/audit', 'Who changed what', { query: auditQuery }),
  operation('get', '/admin/audit/verify', 'Whether the audit log is what was written', {
    query: verifyQuery,
  }),
];

function operation(
  method: Operation['method'],
  path: string,
  summary: string,
  more: Pick<Operation, 'body' | 'query'> = {},
): Operation {
  return { method, path, tag: 'Admin', summary, ...more };
}
